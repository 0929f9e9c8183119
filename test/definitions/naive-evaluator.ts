import type { Row, Scalar } from '../../src/definitions/definition.ts';
import type { Node } from '../../src/definitions/expression-tree.ts';

/** Evaluates a tree word for word as semantics.md says ("NULL and number rules"), without a thought for speed. */
export function evaluateNaively(node: Node, row: Row): Scalar | null {
  const value = (of: Node): Scalar | null => evaluateNaively(of, row);
  switch (node.op) {
    case 'field':
      return row[node.name] ?? null;
    case 'constant':
      return node.value;
    case 'isNull':
      return value(node.operand) === null;
    case 'coalesce':
      return value(node.left) ?? value(node.right);
    case 'conditional':
      return value(node.condition) === true ? value(node.then) : value(node.otherwise);
    case 'and': {
      const sides = [value(node.left), value(node.right)];
      return sides.includes(false) ? false : sides.includes(null) ? null : true;
    }
    case 'or': {
      const sides = [value(node.left), value(node.right)];
      return sides.includes(true) ? true : sides.includes(null) ? null : false;
    }
    case 'not':
    case 'negate':
    case 'in': {
      const operand = value(node.operand);
      if (operand === null) return null;
      if (node.op === 'not') return !operand;
      return node.op === 'in' ? node.list.some((each) => each === operand) : -operand;
    }
    case 'arithmetic':
    case 'concat':
    case 'compare': {
      const [left, right] = [value(node.left), value(node.right)];
      if (left === null || right === null) return null;
      if (node.op === 'concat') return `${left}${right}`;
      if (node.op === 'compare') return compare(node.operator, left, right);
      return inRange(calculate(node.operator, left as number, right as number), node.type);
    }
    case 'call': {
      const operands = node.operands.map(value);
      return operands.includes(null) ? null : apply(node.callee, operands as Scalar[]);
    }
  }
}

function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    default:
      return left ** right;
  }
}

function inRange(value: number, type: Node['type']): number | null {
  return (type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)) ? value : null;
}

function compare(operator: string, left: Scalar, right: Scalar): boolean {
  if (operator === '===') return left === right;
  if (operator === '!==') return left !== right;
  const order =
    typeof left === 'string'
      ? Buffer.compare(Buffer.from(left), Buffer.from(right as string))
      : Number(left) - Number(right);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function apply(callee: string, operands: Scalar[]): Scalar | null {
  const [first, ...others] = operands;
  let result: unknown;
  if (callee === '.length') result = String(first).length;
  else if (callee.startsWith('.')) {
    const methods = String.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
    result = methods[callee.slice(1)]!.apply(first, others);
  } else if (callee.startsWith('Math.')) {
    const functions = Math as unknown as Record<string, (...given: unknown[]) => unknown>;
    result = functions[callee.slice('Math.'.length)]!(...operands);
  } else result = callee === 'Number' ? Number(first) : String(Object.is(first, -0) ? 0 : first);
  if (typeof result === 'number') return inRange(result, 'number');
  return (result ?? null) as Scalar | null;
}
