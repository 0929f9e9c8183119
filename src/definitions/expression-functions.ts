import { assert } from '../errors.ts';
import { canOverflow, type Node } from './expression-tree.ts';

/**
 * The functions a lambda may call: free of side effects, without locale or clock, and computed by the language
 * itself, so every machine answers the same. Any null operand makes the result null.
 */

export type OperandType = 'string' | 'number' | 'any';

export interface FunctionSpec {
  /** The receiver comes first for a string method. */
  readonly operands: readonly OperandType[];
  /** How many of the last operands may be left out. */
  readonly optional: number;
  /** The last operand type may repeat. */
  readonly variadic: boolean;
  readonly type: 'number' | 'string' | 'boolean';
  /** No finite result exceeds this magnitude; Infinity: the result may be infinite or NaN, so it is checked. */
  readonly bound: number;
  /** The result can be −0. */
  readonly negativeZero: boolean;
  /** The language answers undefined for some operands: null here. */
  readonly missing: boolean;
  /** The operand at this place must be a constant between 0 and 1000: it decides how much memory is taken. */
  readonly constantLength: number | null;
}

const LENGTH_BOUND = 2 ** 30;
const UNBOUNDED = Number.POSITIVE_INFINITY;

function spec(
  operands: readonly OperandType[],
  type: FunctionSpec['type'],
  more: Partial<FunctionSpec> = {},
): FunctionSpec {
  return {
    operands,
    type,
    optional: 0,
    variadic: false,
    bound: type === 'number' ? Number.MAX_VALUE : 0,
    negativeZero: false,
    missing: false,
    constantLength: null,
    ...more,
  };
}

const text = (...more: readonly OperandType[]): readonly OperandType[] => ['string', ...more];

/** Methods and properties of a string, by name. */
export const STRING_METHODS: ReadonlyMap<string, FunctionSpec> = new Map([
  ['at', spec(text('number'), 'string', { missing: true })],
  ['charAt', spec(text('number'), 'string')],
  ['codePointAt', spec(text('number'), 'number', { missing: true, bound: 0x10ffff })],
  ['concat', spec(text('string'), 'string', { variadic: true })],
  ['endsWith', spec(text('string'), 'boolean')],
  ['includes', spec(text('string'), 'boolean')],
  ['indexOf', spec(text('string', 'number'), 'number', { optional: 1, bound: LENGTH_BOUND })],
  ['lastIndexOf', spec(text('string'), 'number', { bound: LENGTH_BOUND })],
  ['length', spec(text(), 'number', { bound: LENGTH_BOUND })],
  ['padEnd', spec(text('number', 'string'), 'string', { optional: 1, constantLength: 1 })],
  ['padStart', spec(text('number', 'string'), 'string', { optional: 1, constantLength: 1 })],
  ['replace', spec(text('string', 'string'), 'string')],
  ['replaceAll', spec(text('string', 'string'), 'string')],
  ['slice', spec(text('number', 'number'), 'string', { optional: 1 })],
  ['startsWith', spec(text('string'), 'boolean')],
  ['substring', spec(text('number', 'number'), 'string', { optional: 1 })],
  ['toLowerCase', spec(text(), 'string')],
  ['toUpperCase', spec(text(), 'string')],
  ['trim', spec(text(), 'string')],
  ['trimEnd', spec(text(), 'string')],
  ['trimStart', spec(text(), 'string')],
]);

const one: readonly OperandType[] = ['number'];
const two: readonly OperandType[] = ['number', 'number'];

/** Functions of `Math`, by name. */
export const MATH_FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map([
  ['abs', spec(one, 'number')],
  ['cbrt', spec(one, 'number')],
  ['ceil', spec(one, 'number', { negativeZero: true })],
  ['exp', spec(one, 'number', { bound: UNBOUNDED })],
  ['floor', spec(one, 'number')],
  ['fround', spec(one, 'number', { bound: UNBOUNDED, negativeZero: true })],
  ['log', spec(one, 'number', { bound: UNBOUNDED })],
  ['log10', spec(one, 'number', { bound: UNBOUNDED })],
  ['log2', spec(one, 'number', { bound: UNBOUNDED })],
  ['max', spec(one, 'number', { variadic: true })],
  ['min', spec(one, 'number', { variadic: true })],
  ['pow', spec(two, 'number', { bound: UNBOUNDED, negativeZero: true })],
  ['round', spec(one, 'number', { negativeZero: true })],
  ['sign', spec(one, 'number', { bound: 1 })],
  ['sqrt', spec(one, 'number', { bound: UNBOUNDED })],
  ['trunc', spec(one, 'number', { negativeZero: true })],
]);

/** Constants of `Math`. */
export const MATH_CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['E', Math.E],
  ['LN10', Math.LN10],
  ['LN2', Math.LN2],
  ['LOG10E', Math.LOG10E],
  ['LOG2E', Math.LOG2E],
  ['PI', Math.PI],
  ['SQRT1_2', Math.SQRT1_2],
  ['SQRT2', Math.SQRT2],
]);

/** Conversions: `Number(text)` that is no number is null, `String(x)` is the shortest text that reads back the same. */
export const CONVERSIONS: ReadonlyMap<string, FunctionSpec> = new Map([
  ['Number', spec(['any'], 'number', { bound: UNBOUNDED, negativeZero: true })],
  ['String', spec(['any'], 'string')],
]);

/** The function behind a call's name in the tree: `Math.abs`, `String`, `.trim`. */
export function functionSpec(callee: string): FunctionSpec {
  const found = callee.startsWith('Math.')
    ? MATH_FUNCTIONS.get(callee.slice('Math.'.length))
    : callee.startsWith('.')
      ? STRING_METHODS.get(callee.slice(1))
      : CONVERSIONS.get(callee);
  assert(found !== undefined, `no function ${callee}`);
  return found;
}

/** A call in the tree; the receiver of a method is its first operand. */
export function functionCall(callee: string, operands: readonly Node[]): Node {
  const { type, bound, missing } = functionSpec(callee);
  const node: Node = { op: 'call', callee, operands, type, nullable: false, bound };
  const nullable = missing || canOverflow(node) || operands.some((operand) => operand.nullable);
  return { ...node, nullable };
}
