import type { FieldType, Row, Scalar, Source } from '../definitions/definition.ts';
import { ForeignValue } from './decode-avro-code.ts';
import { isLocalDateTime } from './decode-local-time.ts';
import { Rejection } from './record.ts';

/** Makes a row of a parsed JSON object, or says why it is none. */
export type JsonReader = (value: object) => Row | Rejection;

/**
 * The fields as rows hold them: the event-time field may be null, since what becomes of that is decided after
 * decoding (semantics.md, "The log").
 */
export function rowFields(source: Source): ReadonlyMap<string, FieldType> {
  const fields = new Map(source.fields);
  const eventTime = fields.get(source.eventTime.field);
  if (eventTime !== undefined) fields.set(source.eventTime.field, { ...eventTime, nullable: true });
  return fields;
}

export function compileJsonReader(fields: ReadonlyMap<string, FieldType>): JsonReader {
  const reads = [...fields.keys()].map((name, index) => `let v${index} = ${readCode(name)};`);
  const code = `return (value) => {\n${reads.join('\n')}\n${generateChecks(fields, 'base64')}\n};`;
  const factory = new Function('reject', 'isLocalDateTime', 'base64Bytes', 'hasOwn', code) as (
    reject: Reject,
    localDateTime: typeof isLocalDateTime,
    base64: typeof base64Bytes,
    hasOwn: typeof Object.hasOwn,
  ) => JsonReader;
  return factory(rejecter(fields), isLocalDateTime, base64Bytes, Object.hasOwn);
}

/**
 * Generates statements that check the variables `v0`, `v1`, … in the order of the fields, bring them to the form
 * of rows and return the row: straight-line code with one literal, so that all rows of a source have one
 * hidden class. They call `reject`, `isLocalDateTime`, and `base64Bytes` when bytes stand as base64 text.
 */
export function generateChecks(fields: ReadonlyMap<string, FieldType>, bytes: 'base64' | 'binary'): string {
  const checks = [...fields.values()].map((type, index) => {
    const v = `v${index}`;
    const otherwise = `return reject(${index}, ${v});`;
    const ofNull = type.nullable ? `${v} = null;` : otherwise;
    return `if (${v} === undefined || ${v} === null) { ${ofNull} } else {\n${checkCode(type, v, otherwise, bytes)}\n}`;
  });
  const properties = [...fields.keys()].map((name, index) => `${propertyCode(name)}: v${index}`);
  return `${checks.join('\n')}\nreturn { ${properties.join(', ')} };`;
}

export type Reject = (index: number, found: unknown) => Rejection;

export function rejecter(fields: ReadonlyMap<string, FieldType>): Reject {
  const entries = [...fields];
  return (index, found) => {
    const [name, type] = entries[index]!;
    return new Rejection(
      'schema',
      `field '${name}': found ${describeFound(found)}, expected ${describeType(type)}`,
    );
  };
}

/** Names that every object inherits must be its own to count. */
function readCode(name: string): string {
  const quoted = JSON.stringify(name);
  return name in Object.prototype
    ? `hasOwn(value, ${quoted}) ? value[${quoted}] : undefined`
    : `value[${quoted}]`;
}

/** In a literal, `"__proto__": x` would set the prototype; a computed name is a name like others. */
function propertyCode(name: string): string {
  return name === '__proto__' ? `["__proto__"]` : JSON.stringify(name);
}

/** Code that checks the variable `v`, which is not null, and brings it to the form of rows. */
function checkCode(type: FieldType, v: string, otherwise: string, bytes: 'base64' | 'binary'): string {
  switch (type.kind) {
    case 'localDateTime':
      return `if (typeof ${v} !== 'string' || !isLocalDateTime(${v})) ${otherwise}`;
    case 'string':
      return `if (typeof ${v} !== 'string') ${otherwise}\n  if (!${v}.isWellFormed()) ${v} = ${v}.toWellFormed();`;
    case 'boolean':
      return `if (typeof ${v} !== 'boolean') ${otherwise}`;
    case 'int':
      return `if (typeof ${v} !== 'number' || (${v} | 0) !== ${v}) ${otherwise}\n  ${v} = ${v} | 0;`;
    case 'long':
    case 'timestampMillis':
    case 'timestampMicros':
      // Adding 0 makes −0 a 0.
      return `if (!Number.isSafeInteger(${v})) ${otherwise}\n  ${v} += 0;`;
    case 'float':
    case 'double':
      return `if (!Number.isFinite(${v})) ${otherwise}\n  ${v} += 0;`;
    case 'bytes':
      if (bytes === 'binary') return `if (!(${v} instanceof Uint8Array)) ${otherwise}`;
      return `${v} = base64Bytes(${v});\n  if (!(${v} instanceof Uint8Array)) ${otherwise}`;
    case 'enum': {
      const listed = type.symbols.map((symbol) => `${v} !== ${JSON.stringify(symbol)}`).join(' && ');
      return `if (${listed === '' ? 'true' : listed}) ${otherwise}`;
    }
  }
}

/**
 * Bytes stand in JSON as standard, padded base64, as Kafka Connect's JsonConverter writes them. What is not
 * that comes back as it is.
 */
function base64Bytes(found: unknown): unknown {
  if (typeof found !== 'string' || found.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(found))
    return found;
  return Buffer.from(found, 'base64');
}

const TYPE_TEXTS: Readonly<Record<Exclude<FieldType['kind'], 'enum'>, string>> = {
  string: 'a string',
  boolean: 'a boolean',
  int: 'an int (an integer of 32 bits)',
  long: 'a long (an integer within ±(2^53−1))',
  float: 'a float (a finite number)',
  double: 'a double (a finite number)',
  bytes: 'bytes (in JSON, base64 text)',
  timestampMillis: 'a timestamp (an integer of milliseconds)',
  timestampMicros: 'a timestamp (an integer of microseconds)',
  localDateTime: 'a local date-time like 2026-03-08T02:30:15.250',
};

function describeType(type: FieldType): string {
  const text =
    type.kind === 'enum'
      ? `one of ${type.symbols.map((symbol) => quote(symbol)).join(', ')}`
      : TYPE_TEXTS[type.kind];
  return type.nullable ? `${text} or null` : text;
}

export function describeFound(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (found === null) return 'null';
  if (Array.isArray(found)) return 'an array';
  if (found instanceof ForeignValue) return `a value of type ${found.typeName}`;
  if (found instanceof Uint8Array) return `${found.length} bytes`;
  switch (typeof found) {
    case 'string':
      return `the text ${quote(found)}`;
    case 'number':
      return `the number ${Object.is(found, -0) ? '-0' : found}`;
    case 'object':
      return 'an object';
    default:
      return String(found as Scalar | bigint);
  }
}

/** Records can hold any amount of text; a detail is for reading. */
function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text);
}
