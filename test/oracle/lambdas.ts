import type { FieldKind, FieldType, Row, Scalar } from '../../src/definitions/definition.ts';

/**
 * Lambdas as a definitions file spells them, each beside what it means by the NULL and number rules: written out
 * by hand, nothing compiled. They read the fields of {@link SCHEMA_TEXT}.
 */

export interface Lambda<Value extends Scalar> {
  readonly text: string;
  readonly evaluate: (row: Row) => Value | null;
}

export interface NumberLambda extends Lambda<number> {
  readonly integer: boolean;
}

/** The type of a field, as a loaded definition has it. */
export function typed(kind: FieldKind, options: Partial<FieldType> = {}): FieldType {
  return { kind, nullable: false, symbols: [], ...options };
}

const NULLABLE = { nullable: true };

/** The fields that every definition declares besides `id`, whose type varies. */
export const FIELD_TYPES: ReadonlyMap<string, FieldType> = new Map([
  ['sub', typed('string', NULLABLE)],
  ['n', typed('long', NULLABLE)],
  ['x', typed('double', NULLABLE)],
  ['flag', typed('boolean', NULLABLE)],
  ['tag', typed('string', NULLABLE)],
  ['kind', typed('enum', { symbols: ['a', 'b', 'c'] })],
  ['at', typed('timestampMillis')],
]);

/** The same as a definitions file spells it. */
export const SCHEMA_TEXT = `
    sub: field.nullable(field.string),
    n: field.nullable(field.long),
    x: field.nullable(field.double),
    flag: field.nullable(field.boolean),
    tag: field.nullable(field.string),
    kind: field.enum('a', 'b', 'c'),
    at: field.timestampMillis,`;

const n = (row: Row) => row['n'] as number | null;
const x = (row: Row) => row['x'] as number | null;
const flag = (row: Row) => row['flag'] as boolean | null;
const tag = (row: Row) => row['tag'] as string | null;

function safe(value: number): number | null {
  return Number.isSafeInteger(value) ? value + 0 : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}

function and(a: boolean | null, b: boolean | null): boolean | null {
  return a === false || b === false ? false : a === null || b === null ? null : true;
}

function or(a: boolean | null, b: boolean | null): boolean | null {
  return a === true || b === true ? true : a === null || b === null ? null : false;
}

function lift<A, B>(value: A | null, apply: (value: A) => B | null): B | null {
  return value === null ? null : apply(value);
}

const isPositive = (row: Row) => lift(n(row), (value) => value > 0);

export const NUMBERS: readonly NumberLambda[] = [
  { text: '(r) => r.n', integer: true, evaluate: n },
  { text: '(r) => r.x', integer: false, evaluate: x },
  { text: '(r) => r.n + 1', integer: true, evaluate: (row) => lift(n(row), (value) => safe(value + 1)) },
  { text: '(r) => r.n * 2 - 1', integer: true, evaluate: (row) => doubledLessOne(n(row)) },
  { text: '(r) => r.n ?? 7', integer: true, evaluate: (row) => n(row) ?? 7 },
  { text: '(r) => (r.flag ? r.n : 0)', integer: true, evaluate: (row) => (flag(row) === true ? n(row) : 0) },
  { text: '(r) => r.n / 100', integer: false, evaluate: (row) => lift(n(row), (value) => value / 100 + 0) },
  { text: '(r) => r.x * 10', integer: false, evaluate: (row) => lift(x(row), (value) => finite(value * 10)) },
  { text: '(r) => -r.x', integer: false, evaluate: (row) => lift(x(row), (value) => finite(-value)) },
  {
    text: '(r) => r.x - r.n',
    integer: false,
    evaluate: (row) => lift(x(row), (left) => lift(n(row), (right) => finite(left - right))),
  },
];

/** Each step of an integer expression must stay within ±(2^53 − 1), not only its result. */
function doubledLessOne(value: number | null): number | null {
  return lift(value, (given) => lift(safe(given * 2), (doubled) => safe(doubled - 1)));
}

export const PREDICATES: readonly Lambda<boolean>[] = [
  { text: '(r) => r.flag', evaluate: flag },
  { text: '(r) => !r.flag', evaluate: (row) => lift(flag(row), (value) => !value) },
  { text: "(r) => r.kind === 'a'", evaluate: (row) => row['kind'] === 'a' },
  { text: "(r) => r.tag !== 'x'", evaluate: (row) => lift(tag(row), (value) => value !== 'x') },
  { text: '(r) => r.tag === null', evaluate: (row) => tag(row) === null },
  { text: '(r) => r.x !== null', evaluate: (row) => x(row) !== null },
  { text: '(r) => r.n > 0', evaluate: isPositive },
  { text: '(r) => r.n > 0 && r.flag', evaluate: (row) => and(isPositive(row), flag(row)) },
  { text: '(r) => r.n > 0 || r.flag', evaluate: (row) => or(isPositive(row), flag(row)) },
  { text: '(r) => r.x * 10 > 0', evaluate: (row) => lift(finite((x(row) ?? Number.NaN) * 10), (v) => v > 0) },
];

export const TEXTS: readonly Lambda<string>[] = [
  { text: '(r) => r.tag', evaluate: tag },
  { text: '(r) => r.kind', evaluate: (row) => row['kind'] as string },
  { text: "(r) => r.sub ?? 'none'", evaluate: (row) => (row['sub'] as string | null) ?? 'none' },
  {
    text: '(r) => (r.n > 0 ? r.tag : r.kind)',
    evaluate: (row) => (isPositive(row) === true ? tag(row) : (row['kind'] as string)),
  },
];
