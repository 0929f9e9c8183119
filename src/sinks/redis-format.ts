import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, Value } from '../definitions/definition.ts';
import { parseVector, VectorJson } from '../definitions/value.ts';
import type { EntityUpserts } from './entity-upserts.ts';
import { jsonRow, parseBytes, parseJsonRow, quote } from './json-row.ts';
import type { OnlineRow, Upsert } from './sink.ts';

/** How rows stand in Redis, and on the way there: keys, script arguments, and hashes read back. */

/** The hash of an entity's latest row; {@link windowsKey} shares its slot. */
export function latestKey(group: FeatureGroup, entity: string): string {
  return `tidemark:{${group.name}:${group.version}:${entity}}`;
}

/** The hash of every row still kept, by window_end. */
export function windowsKey(latest: string): string {
  return latest + ':windows';
}

/** The payload's part that is the same for every call of a group: see {@link UPSERT_SCRIPT}. */
export function payloadHead(group: FeatureGroup): string {
  const names = group.features.map((feature) => feature.name);
  return `["${group.ttlMs ?? ''}",${JSON.stringify(names)}`;
}

/** The payload's part of one entity, with the comma before it. On the path of every row sent. */
export function entityPayload(group: FeatureGroup, { rows, watermark }: EntityUpserts): string {
  const last = rows[rows.length - 1]!;
  // A watermark of −∞ has no JSON; nothing is final below this one either.
  const horizon = Math.max(watermark - group.allowedLatenessMs, Number.MIN_SAFE_INTEGER);
  const version = String(last.version);
  const knownAt = String(last.knownAt);
  let payload = `,["${horizon}","${knownAt}","${version}"`;
  // The last row as jsonRow writes it, so that every number becomes text once.
  let json = `[${version},${knownAt}`;
  for (const value of last.values) {
    if (value === null) {
      payload += ',null';
      json += ',null';
    } else if (typeof value === 'string' || value instanceof Uint8Array) {
      const text = quote(value);
      payload += ',' + text;
      json += ',' + text;
    } else if (value instanceof VectorJson) {
      payload += ',' + JSON.stringify(value.json);
      json += ',' + value.json;
    } else {
      const text = String(value);
      payload += `,"${text}"`;
      json += ',' + text;
    }
  }
  for (let i = 0; i < rows.length - 1; i++) payload += windowPayload(rows[i]!, jsonRow(rows[i]!));
  return payload + windowPayload(last, json + ']') + ']';
}

function windowPayload(row: Upsert, json: string): string {
  // Only a row that holds text has anything to escape.
  return `,"${row.windowEnd}",${json.includes('"') ? JSON.stringify(json) : `"${json}"`}`;
}

/** The latest hash as a row; null when there is none. */
export function parseLatest(group: FeatureGroup, hash: Readonly<Record<string, string>>): OnlineRow | null {
  if (hash['@end'] === undefined) return null;
  return {
    windowEnd: Number(hash['@end']),
    version: Number(hash['@version']),
    knownAt: Number(hash['@known_at']),
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
