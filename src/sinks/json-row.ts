import type { FeatureGroup } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import type { OnlineRow, Upsert } from './sink.ts';

/** A row as one line of JSON, as the online stores keep it: `[version, known_at, values…]`; bytes are base64. */
export function jsonRow(row: Upsert): string {
  let json = `[${row.version},${row.knownAt}`;
  for (const value of row.values) {
    // String(n) is the shortest decimal that reads back the same, and a JSON number for every finite n.
    json += ',' + (typeof value === 'string' || value instanceof Uint8Array ? quote(value) : String(value));
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
  const cells = JSON.parse(json) as (string | number | boolean | null)[];
  assert(cells.length === group.features.length + 2, `a row of ${group.name} has ${cells.length} cells`);
  return {
    windowEnd,
    version: cells[0] as number,
    knownAt: cells[1] as number,
    values: group.features.map(({ valueType }, f) => {
      const cell = cells[f + 2]!;
      return valueType === 'bytes' && typeof cell === 'string' ? parseBytes(cell) : cell;
    }),
  };
}

export function parseBytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
