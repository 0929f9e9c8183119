import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { VectorJson, vectorOf } from '../definitions/value.ts';
import { assert } from '../errors.ts';
import type { OnlineRow, Upsert } from './sink.ts';

/** A row as one line of JSON, as the online stores keep it: `[version, known_at, values…]`; bytes are base64. */
export function jsonRow(row: Upsert): string {
  let json = `[${row.version},${row.knownAt}`;
  for (const value of row.values) {
    if (typeof value === 'string' || value instanceof Uint8Array) json += ',' + quote(value);
    else if (value instanceof VectorJson) json += ',' + value.json;
    // The shortest decimal that reads back the same is a JSON number for every finite one.
    else json += ',' + String(value);
  }
  return json + ']';
}

/** JSON text of a string; of bytes, their base64. */
export function quote(value: string | Uint8Array): string {
  return JSON.stringify(
    typeof value === 'string' ? value.toWellFormed() : Buffer.from(value).toString('base64'),
  );
}

export function parseJsonRow(group: FeatureGroup, windowEnd: number, json: string): OnlineRow {
  const cells = JSON.parse(json) as unknown[];
  assert(cells.length === group.features.length + 2, `a row of ${group.name} has ${cells.length} cells`);
  return {
    windowEnd,
    version: cells[0] as number,
    knownAt: cells[1] as number,
    values: group.features.map(({ valueType }, f) => {
      const cell = cells[f + 2];
      if (cell === null) return null;
      if (isVector(valueType)) return vectorOf(cell, valueType);
      return valueType === 'bytes' ? parseBytes(cell as string) : (cell as Scalar);
    }),
  };
}

export function parseBytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
