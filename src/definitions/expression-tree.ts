import type { ValueType } from './expression.ts';

/**
 * The checked tree of a lambda. Every node knows its type and whether it can be null; a `number` or `integer`
 * also knows a bound of its magnitude, so that code needs a check only where a result can overflow.
 */

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '**';
export type ComparisonOperator = '===' | '!==' | '<' | '<=' | '>' | '>=';

interface Typed {
  /** `null`: the constant null, which takes the type of what stands beside it. */
  readonly type: ValueType | 'null';
  readonly nullable: boolean;
  /** No magnitude of it exceeds this; 0 for what is no number. */
  readonly bound: number;
}

export type Node = Typed &
  (
    | {
        readonly op: 'field';
        readonly name: string;
        /** The values that a field of an enum can have; empty for every other. */
        readonly symbols: readonly string[];
      }
    | { readonly op: 'constant'; readonly value: number | string | boolean | null }
    | {
        readonly op: 'arithmetic';
        readonly operator: ArithmeticOperator;
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly op: 'negate'; readonly operand: Node }
    | {
        readonly op: 'compare';
        readonly operator: ComparisonOperator;
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly op: 'isNull'; readonly operand: Node }
    | { readonly op: 'not'; readonly operand: Node }
    | { readonly op: 'and' | 'or' | 'coalesce'; readonly left: Node; readonly right: Node }
    | {
        readonly op: 'conditional';
        readonly condition: Node;
        readonly then: Node;
        readonly otherwise: Node;
      }
    | { readonly op: 'concat'; readonly left: Node; readonly right: Node }
    | { readonly op: 'in'; readonly operand: Node; readonly list: readonly (number | string | boolean)[] }
    | { readonly op: 'call'; readonly callee: string; readonly operands: readonly Node[] }
  );

/** The largest magnitude of an integer (semantics.md, "NULL and number rules"). */
export const INTEGER_BOUND = Number.MAX_SAFE_INTEGER;
/** The largest magnitude of a number. */
export const NUMBER_BOUND = Number.MAX_VALUE;

/** A value that is read by a name, of any magnitude that its type can have. */
export function valueNode(name: string, type: ValueType, { nullable }: { readonly nullable: boolean }): Node {
  const bound = type === 'integer' ? INTEGER_BOUND : type === 'number' ? NUMBER_BOUND : 0;
  return { op: 'field', name, symbols: [], type, nullable, bound };
}

export function isNumeric(node: Node): boolean {
  return node.type === 'integer' || node.type === 'number';
}

/** A step of arithmetic over two numbers; its bound may exceed its type's, which is what makes it checked. */
export function arithmetic(operator: ArithmeticOperator, left: Node, right: Node): Node {
  const integer =
    left.type === 'integer' &&
    right.type === 'integer' &&
    (operator === '+' || operator === '-' || operator === '*');
  const bound = arithmeticBound(operator, left, right);
  const node = { op: 'arithmetic', operator, left, right, type: integer ? 'integer' : 'number' } as const;
  const overflows = bound > (integer ? INTEGER_BOUND : NUMBER_BOUND);
  return { ...node, bound, nullable: overflows || left.nullable || right.nullable };
}

function arithmeticBound(operator: ArithmeticOperator, left: Node, right: Node): number {
  const a = usableBound(left);
  const b = usableBound(right);
  const divisor = right.op === 'constant' ? Math.abs(Number(right.value)) : 0;
  switch (operator) {
    case '+':
    case '-':
      return a + b;
    case '*':
      return a * b;
    case '/':
      return divisor === 0 ? Number.POSITIVE_INFINITY : a / divisor;
    case '%':
      return divisor === 0 ? Number.POSITIVE_INFINITY : Math.min(a, divisor);
    case '**':
      return Number.POSITIVE_INFINITY;
  }
}

export function isNull(operand: Node): Node {
  return { op: 'isNull', operand, type: 'boolean', nullable: false, bound: 0 };
}

export function not(operand: Node): Node {
  return { op: 'not', operand, type: 'boolean', nullable: operand.nullable, bound: 0 };
}

export function logic(op: 'and' | 'or', left: Node, right: Node): Node {
  return { op, left, right, type: 'boolean', nullable: left.nullable || right.nullable, bound: 0 };
}

/** Two texts as one; an empty constant adds nothing. */
export function concat(left: Node, right: Node): Node {
  if (left.op === 'constant' && left.value === '') return right;
  if (right.op === 'constant' && right.value === '') return left;
  return { op: 'concat', left, right, type: 'string', nullable: left.nullable || right.nullable, bound: 0 };
}

/** Whether a node's own last step can leave its type's range and become null. */
export function canOverflow(node: Node): boolean {
  return node.bound > (node.type === 'integer' ? INTEGER_BOUND : NUMBER_BOUND);
}

/** The bound of a node's value once what overflowed has become null. */
export function usableBound(node: Node): number {
  return Math.min(node.bound, node.type === 'integer' ? INTEGER_BOUND : NUMBER_BOUND);
}

function operandsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'field':
    case 'constant':
      return [];
    case 'negate':
    case 'isNull':
    case 'not':
    case 'in':
      return [node.operand];
    case 'conditional':
      return [node.condition, node.then, node.otherwise];
    case 'call':
      return node.operands;
    default:
      return [node.left, node.right];
  }
}

export function fieldsOf(node: Node, into: Set<string> = new Set()): Set<string> {
  if (node.op === 'field') into.add(node.name);
  for (const operand of operandsOf(node)) fieldsOf(operand, into);
  return into;
}

/** The tree as text: what fingerprints are made of, so it may never change for an equal tree. */
export function canonicalText(node: Node): string {
  const list = (...parts: readonly string[]): string => `(${parts.join(' ')})`;
  switch (node.op) {
    case 'field':
      return list('field', JSON.stringify(node.name));
    case 'constant':
      return typeof node.value === 'number'
        ? list(node.type, String(node.value))
        : JSON.stringify(node.value);
    case 'arithmetic':
    case 'compare':
      return list(node.operator, canonicalText(node.left), canonicalText(node.right));
    case 'in':
      return list('in', canonicalText(node.operand), JSON.stringify(node.list));
    case 'call':
      return list(node.callee, ...node.operands.map(canonicalText));
    default:
      return list(node.op, ...operandsOf(node).map(canonicalText));
  }
}
