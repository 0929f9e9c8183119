import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, Scalar, Value } from '../definitions/definition.ts';
import { isVectorValue, vectorOf, vectorText } from '../definitions/value.ts';
import { TidemarkError } from '../errors.ts';
import { parseBytes, quote } from '../sinks/json-row.ts';
import { describeFound } from '../sources/decode-validator.ts';
import { Rejection } from '../sources/record.ts';
import type { EventTimeMs, Version } from '../time.ts';
import { compileEntityReader } from './entity-reader.ts';
import type { OnlineAnswer } from './online-reader.ts';

/**
 * The format of the served log: what was answered, so that it can be shown later to have been right. An answer is a
 * line of JSON, in a file or as the value of a Kafka record:
 *
 * ```
 * {"format":1,"at":1772928334512,"group":"card_risk","group_version":1,"fingerprint":"9c1f…",
 *  "entity":{"card_id":"c-1042"},"window_end":1772928300000,"version":173011,"known_at":1772928334000,
 *  "values":{"card_txn_count_24h":13,"card_failed_txn_rate_1h":null}}
 * ```
 * - `at`: when the request came, by the clock of the machine that served, in epoch milliseconds;
 * - `fingerprint`: of the definition that served it;
 * - `window_end`, `version`, `known_at`, `values`: null, all four, when the entity had no row;
 * - `values`: the features that were asked for. Numbers stand in the shortest form that reads back the same, bytes as
 *   base64, lists as arrays, maps as objects.
 */
const FORMAT = 1;

/** A line of the log, read. Values and entity fields are as JSON holds them: see {@link compileEntryReader}. */
export interface ServedEntry {
  readonly at: EventTimeMs;
  readonly group: string;
  readonly groupVersion: number;
  readonly fingerprint: string;
  readonly entity: Readonly<Record<string, unknown>>;
  /** Null when the entity had no row. */
  readonly row: ServedRow | null;
}

export interface ServedRow {
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Where served answers go. */
export interface ServedLogSink {
  /** Resolves when the lines are there; all or none of them, as far as the sink can tell. */
  write(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A line of the log, without its line feed. */
export function servedLine(at: EventTimeMs, answer: OnlineAnswer): string {
  const { group, groupVersion, fingerprint, entity, windowEnd, version, knownAt, values } = answer;
  return (
    `{"format":${FORMAT},"at":${at},"group":${JSON.stringify(group)},"group_version":${groupVersion},` +
    `"fingerprint":"${fingerprint}","entity":${objectText(entity)},"window_end":${windowEnd},` +
    `"version":${version},"known_at":${knownAt},"values":${version === null ? null : objectText(values)}}`
  );
}

function objectText(values: Readonly<Record<string, Value | null>>): string {
  return `{${Object.entries(values)
    .map(([name, value]) => `${JSON.stringify(name)}:${valueText(value)}`)
    .join(',')}}`;
}

function valueText(value: Value | null): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return quote(value);
  return value !== null && isVectorValue(value) ? vectorText(value) : String(value);
}

/** @throws ServedLogError for a line that is none of the log's */
export function parseServedLine(line: string): ServedEntry {
  const json = parseObject(line);
  const { format } = json;
  if (format !== FORMAT) {
    throw new ServedLogError(`the line is of format ${JSON.stringify(format) ?? 'none'}, not ${FORMAT}`, {
      code: 'SERVED_LOG_FORMAT',
      remedy: 'Name a served log, or read it with the version of tidemark that can.',
    });
  }
  const missing = json['version'] === null;
  const integer = (name: string) => check(json, name, Number.isSafeInteger, 'an integer') as number;
  const text = (name: string) => check(json, name, isText, 'a text') as string;
  const object = (name: string) => check(json, name, isObject, 'an object') as Record<string, unknown>;
  const nothing = (name: string) => check(json, name, isNull, 'null, as the version is');
  if (missing) for (const name of ['window_end', 'known_at', 'values']) nothing(name);
  return {
    at: integer('at'),
    group: text('group'),
    groupVersion: integer('group_version'),
    fingerprint: text('fingerprint'),
    entity: object('entity'),
    row: missing
      ? null
      : {
          windowEnd: integer('window_end'),
          version: integer('version'),
          knownAt: integer('known_at'),
          values: object('values'),
        },
  };
}

function parseObject(line: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw malformed('the line is not JSON', cause);
  }
  if (!isObject(json)) throw malformed('the line is not a JSON object');
  return json as Record<string, unknown>;
}

function check(
  json: Readonly<Record<string, unknown>>,
  name: string,
  isRight: (value: unknown) => boolean,
  expected: string,
): unknown {
  const found = json[name];
  if (!isRight(found)) throw malformed(`"${name}": found ${describeFound(found)}, expected ${expected}`);
  return found;
}

const isText = (value: unknown) => typeof value === 'string';
const isNull = (value: unknown) => value === null;
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An entry with the types of a group's definition. */
export interface TypedEntry {
  readonly entity: readonly Scalar[];
  /** The features that were served, by name; null when the entity had no row. */
  readonly values: ReadonlyMap<string, Value | null> | null;
}

/**
 * Makes a function that reads the entity and values of entries as those of a group. It throws a ServedLogError for an
 * entry that cannot be of this group: another entity, or a feature that it does not have.
 */
export function compileEntryReader(group: FeatureGroup): (entry: ServedEntry) => TypedEntry {
  const readEntity = compileEntityReader(group);
  const types = new Map(group.features.map(({ name, valueType }) => [name, valueType]));
  const readValue = (name: string, value: unknown): Value | null => {
    const type = types.get(name);
    if (type === undefined) throw malformed(`${group.name} has no feature ${JSON.stringify(name)}`);
    return value === null ? null : typedValue(name, value, type);
  };
  return ({ entity: fields, row }) => {
    const entity = readEntity(fields);
    if (entity instanceof Rejection) {
      throw malformed(`the entity is none of ${group.name}: ${entity.detail}`);
    }
    const values = Object.entries(row?.values ?? {});
    return {
      entity,
      values: row === null ? null : new Map(values.map(([name, value]) => [name, readValue(name, value)])),
    };
  };
}

function typedValue(name: string, value: unknown, type: FeatureType): Value {
  const expected = jsonTypeOf(type);
  const found = Array.isArray(value) ? 'array' : typeof value;
  if (found !== expected) throw malformed(`the value of ${name} is of type ${found}, not ${expected}`);
  if (isVector(type)) return vectorOf(value, type);
  return type === 'bytes' ? parseBytes(value as string) : (value as Scalar);
}

function jsonTypeOf(type: FeatureType): string {
  if (isVector(type)) return type.kind === 'list' ? 'array' : 'object';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'boolean' : 'string';
}

/** A served log that cannot be read. */
export class ServedLogError extends TidemarkError {}

function malformed(message: string, cause?: unknown): ServedLogError {
  return new ServedLogError(message, {
    code: 'SERVED_LOG_LINE',
    remedy: 'Each line of a served log is an answer in the format of docs/serving.md: was it edited?',
    cause,
  });
}
