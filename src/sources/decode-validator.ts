import type { FieldType, Row, Scalar, Source } from '../definitions/definition.ts';
import { Rejection } from './record.ts';

/**
 * Generates, for one source, the function that checks a parsed JSON object and makes its row: straight-line
 * code over named properties, so that all rows of a source have one hidden class.
 */
export function compileValidator(source: Source): (value: object) => Row | Rejection {
  const fields = [...source.fields];
  const lines = fields.map(([name, type], index) => {
    const nullable = type.nullable || name === source.eventTime.field;
    const otherwise = `return reject(${index}, v${index});`;
    return [
      `let v${index} = ${readCode(name)};`,
      `if (v${index} === undefined || v${index} === null) {`,
      nullable ? `  v${index} = null;` : `  ${otherwise}`,
      '} else {',
      `  ${checkCode(type, `v${index}`, otherwise)}`,
      '}',
    ].join('\n');
  });
  const literal = fields.map(([name], index) => `${propertyCode(name)}: v${index}`).join(', ');
  const factory = new Function(
    'reject',
    'bytesOf',
    'hasOwn',
    `return (value) => {\n${lines.join('\n')}\nreturn { ${literal} };\n};`,
  ) as (
    reject: (index: number, found: unknown) => Rejection,
    bytesOf: (text: string) => Uint8Array | null,
    hasOwn: (value: object, name: string) => boolean,
  ) => (value: object) => Row | Rejection;
  const reject = (index: number, found: unknown) =>
    fieldRejection(fields[index]![0], fields[index]![1], found);
  return factory(reject, bytesOf, Object.hasOwn);
}

/** Why a field's value is none of its type, for a person. */
export function fieldRejection(name: string, type: FieldType, found: unknown): Rejection {
  return new Rejection(
    'schema',
    `field '${name}': found ${describeFound(found)}, expected ${describeType(type)}`,
  );
}

/** Names that every object inherits must be its own to count. */
function readCode(name: string): string {
  const quoted = JSON.stringify(name);
  return name in Object.prototype
    ? `hasOwn(value, ${quoted}) ? value[${quoted}] : undefined`
    : `value[${quoted}]`;
}

/** In a literal, `"__proto__": x` would set the prototype; a computed name is a name like others. */
export function propertyCode(name: string): string {
  return name === '__proto__' ? `["__proto__"]` : JSON.stringify(name);
}

/** Code that checks the variable `v`, which is not null, and brings it to the form of rows. */
function checkCode(type: FieldType, v: string, otherwise: string): string {
  switch (type.kind) {
    case 'string':
    case 'localDateTime':
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
      return `const b = typeof ${v} === 'string' ? bytesOf(${v}) : null;\n  if (b === null) ${otherwise}\n  ${v} = b;`;
    case 'enum': {
      const listed = type.symbols.map((symbol) => `${v} !== ${JSON.stringify(symbol)}`).join(' && ');
      return `if (${listed === '' ? 'true' : listed}) ${otherwise}`;
    }
  }
}

/** Bytes stand in JSON as standard, padded base64, as Kafka Connect's JsonConverter writes them; null for other text. */
function bytesOf(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
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
  localDateTime: 'a local date-time (text)',
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
