import type { FieldType, Row, Scalar } from '../../src/definitions/definition.ts';
import { expressionOf } from '../../src/definitions/expression-code.ts';
import { parseLambda } from '../../src/definitions/expression-parser.ts';
import { compile, createRuntime } from '../../src/definitions/expression-runtime.ts';
import { recordOf } from '../../src/definitions/expression-scope.ts';
import type { Node } from '../../src/definitions/expression-tree.ts';
import { field } from '../../src/definitions/field.ts';

/** A record with a field of every type that lambdas meet; those named `n…` are nullable. */
const FIELDS: ReadonlyMap<string, FieldType> = new Map<string, FieldType>(
  Object.entries({
    i: field.int,
    l: field.long,
    d: field.double,
    s: field.string,
    b: field.boolean,
    e: field.enum('red', 'green', 'blue'),
    ts: field.timestampMillis,
    us: field.timestampMicros,
    at: field.localDateTime,
    bytes: field.nullable(field.bytes),
    ni: field.nullable(field.int),
    nl: field.nullable(field.long),
    nd: field.nullable(field.double),
    ns: field.nullable(field.string),
    nb: field.nullable(field.boolean),
    'odd name': field.int,
  }),
);

/** A row with the given fields; the others are null. */
export function row(given: Readonly<Record<string, Scalar | null>>): Row {
  return { ...Object.fromEntries([...FIELDS.keys()].map((name) => [name, null])), ...given };
}

export function parse(text: string): Node {
  return parseLambda(text, recordOf(FIELDS));
}

/** What a lambda's text gives for a row. */
export function evaluate(text: string, given: Readonly<Record<string, Scalar | null>> = {}): Scalar | null {
  return compile(expressionOf(parse(text)))(row(given));
}

export function codeOf(text: string): string {
  return expressionOf(parse(text)).code;
}

/** The value, and how many results became null because they left their type's range. */
export function evaluateCounting(
  text: string,
  given: Row,
): { readonly value: Scalar | null; readonly overflows: number } {
  const runtime = createRuntime();
  const value = compile(expressionOf(parse(text)), runtime)(given);
  return { value, overflows: runtime.overflows };
}
