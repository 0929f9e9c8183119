import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, Value } from '../definitions/definition.ts';
import { parseVector, VectorJson } from '../definitions/value.ts';
import type { EntityUpserts } from './entity-upserts.ts';
import { jsonRow, parseBytes, parseJsonRow, quote } from './json-row.ts';
import type { LatestRow, OnlineRow, Upsert } from './sink.ts';

/** How rows stand in Redis, and on the way there: keys, script arguments, and hashes read back. */

/** The hash of an entity's latest row; {@link windowsKey} shares its slot. */
export function latestKey(group: FeatureGroup, entity: string): string {
  return `tidemark:{${group.name}:${group.version}:${entity}}`;
}

/** The hash of every row still kept, by window_end. */
export function windowsKey(latest: string): string {
  return latest + ':windows';
}

/** The versions of deleted rows: not for readers, see {@link UPSERT_SCRIPT}. */
export function deletedKey(latest: string): string {
  return latest + ':deleted';
}

/** How far somebody's rows are: see `OnlineStore.remember`. No entity's key looks like it. */
export function positionKey(name: string): string {
  return `tidemark:@position:${name}`;
}

/** Whether rows of the group can be deleted, so that its entities have a {@link deletedKey}. */
export function deletesRows(group: FeatureGroup): boolean {
  return group.grid.kind === 'session';
}

/** The payload's part that is the same for every call of a group: see {@link UPSERT_SCRIPT}. */
export function payloadHead(group: FeatureGroup): string {
  const names = group.features.map((feature) => feature.name);
  return `["${group.ttlMs ?? ''}",${JSON.stringify(names)}`;
}

/** The payload's part of one entity, with the comma before it. On the path of every row sent. */
export function entityPayload(group: FeatureGroup, { rows, watermark }: EntityUpserts): string {
  // A watermark of −∞ has no JSON; nothing is final below this one either.
  const horizon = Math.max(watermark - group.allowedLatenessMs, Number.MIN_SAFE_INTEGER);
  let payload = `,["${horizon}"`;
  let latest = rows.length - 1;
  while (latest >= 0 && rows[latest]!.deleted === true) latest--;
  let latestText = '';
  if (latest < 0) {
    payload += ',null,null,null' + ',null'.repeat(group.features.length);
  } else {
    const { cells, json } = cellsAndJson(rows[latest]!);
    payload += cells;
    latestText = json;
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    payload += windowPayload(row, i === latest ? latestText : windowText(row));
  }
  return payload + ']';
}

/**
 * A row as JSON strings, each with a comma before it, of what the latest hash holds, and as {@link jsonRow} writes it:
 * both at once, so that every number becomes text once.
 */
function cellsAndJson({ version, knownAt, leave, values }: Upsert): { cells: string; json: string } {
  const versionText = String(version);
  const knownAtText = String(knownAt);
  let cells = `,"${versionText}","${knownAtText}",${leave === null ? 'null' : `"${leave}"`}`;
  let json = `[${versionText},${knownAtText}`;
  for (const value of values) {
    if (value === null) {
      cells += ',null';
      json += ',null';
    } else if (typeof value === 'string' || value instanceof Uint8Array) {
      const text = quote(value);
      cells += ',' + text;
      json += ',' + text;
    } else if (value instanceof VectorJson) {
      cells += ',' + JSON.stringify(value.json);
      json += ',' + value.json;
    } else {
      const text = String(value);
      cells += `,"${text}"`;
      json += ',' + text;
    }
  }
  return { cells, json: json + ']' };
}

/** A deleted row is its version alone. */
function windowText(row: Upsert): string {
  return row.deleted === true ? String(row.version) : jsonRow(row);
}

function windowPayload(row: Upsert, text: string): string {
  // Only a row that holds text has anything to escape.
  return `,"${row.windowEnd}",${text.includes('"') ? JSON.stringify(text) : `"${text}"`}`;
}

/** The latest hash as a row; null when there is none. */
export function parseLatest(group: FeatureGroup, hash: Readonly<Record<string, string>>): LatestRow | null {
  if (hash['@end'] === undefined) return null;
  return {
    windowEnd: Number(hash['@end']),
    version: Number(hash['@version']),
    knownAt: Number(hash['@known_at']),
    leave: hash['@leave'] === undefined ? null : Number(hash['@leave']),
    values: group.features.map(({ name, valueType }) => {
      const text = Object.hasOwn(hash, name) ? hash[name] : undefined;
      return text === undefined ? null : parseText(text, valueType);
    }),
  };
}

function parseText(text: string, type: FeatureType): Value {
  if (isVector(type)) return parseVector(text, type);
  if (type === 'integer' || type === 'number') return Number(text);
  if (type === 'boolean') return text === 'true';
  return type === 'bytes' ? parseBytes(text) : text;
}

/** The windows hash as rows, by windowEnd. */
export function parseWindows(group: FeatureGroup, hash: Readonly<Record<string, string>>): OnlineRow[] {
  return Object.entries(hash)
    .map(([windowEnd, json]) => parseJsonRow(group, Number(windowEnd), json))
    .sort((a, b) => a.windowEnd - b.windowEnd);
}
