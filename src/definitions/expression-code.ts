import { assert } from '../errors.ts';
import type { Expression } from './expression.ts';
import { functionSpec } from './expression-functions.ts';
import { RUNTIME_SLOTS } from './expression-runtime.ts';
import { canOverflow, canonicalText, fieldsOf, type Node } from './expression-tree.ts';

/**
 * Turns a checked tree into straight-line JavaScript. A null is found before anything is computed: every part
 * carries the fields and tests that make it null, and operations only unite them, so `(a + b) * c` over
 * nullable fields is one test of three fields and one piece of arithmetic.
 */
interface Part {
  /** Access codes of nullable fields: the part is null when one of them is. */
  readonly guards: ReadonlySet<string>;
  /** Boolean code, evaluated in order once no guard is null: the part is null when one of them is true. */
  readonly tests: readonly string[];
  /** The value, once no guard and no test made it null. */
  readonly code: string;
  /** How the value itself can still be null: its last step may overflow, or the code answers null. */
  readonly check: 'none' | 'finite' | 'safe' | 'null';
  readonly negativeZero: boolean;
  /** The code is cheap to repeat. */
  readonly simple: boolean;
}

const NO_GUARDS: ReadonlySet<string> = new Set();

/** An expression of more steps than the runtime has slots for. */
export class ExpressionTooLong extends Error {}

export function expressionOf(tree: Node): Expression {
  const { type } = tree;
  assert(type !== 'null', 'the constant null has no type of its own');
  return {
    type,
    fields: fieldsOf(tree),
    canonical: canonicalText(tree),
    code: new CodeWriter().value(tree),
  };
}

class CodeWriter {
  #slots = 0;

  /** Code of the value or null, never −0. */
  value(node: Node): string {
    return close(this.#part(node));
  }

  #slot(): number {
    if (this.#slots === RUNTIME_SLOTS) throw new ExpressionTooLong();
    return this.#slots++;
  }

  #part(node: Node): Part {
    switch (node.op) {
      case 'field': {
        const access = fieldAccess(node.name);
        return plain(access, node.nullable ? new Set([access]) : NO_GUARDS, true);
      }
      case 'constant':
        if (node.value === null) return { ...plain('null', NO_GUARDS, true), check: 'null' };
        return {
          ...plain(constantCode(node.value), NO_GUARDS, true),
          negativeZero: Object.is(node.value, -0),
        };
      case 'arithmetic': {
        const sign = node.operator;
        const keepsZero = sign === '+' || sign === '-';
        return this.#strict(
          node,
          [node.left, node.right],
          ([a, b]) => `(${a} ${sign} ${b})`,
          ([a, b]) => !keepsZero || (a! && (sign === '-' || b!)),
        );
      }
      case 'negate':
        return this.#strict(
          node,
          [node.operand],
          ([a]) => `(-${a})`,
          () => true,
        );
      case 'compare':
        return this.#strict(node, [node.left, node.right], ([a, b]) => {
          const ordered = node.operator !== '===' && node.operator !== '!==';
          return ordered && node.left.type === 'string'
            ? `(runtime.compareText(${a}, ${b}) ${node.operator} 0)`
            : `(${a} ${node.operator} ${b})`;
        });
      case 'not':
        return this.#strict(node, [node.operand], ([a]) => `!${a}`);
      case 'concat':
        return this.#strict(node, [node.left, node.right], ([a, b]) => `(${a} + ${b})`);
      case 'in':
        return this.#membership(node.operand, node.list);
      case 'call':
        return this.#call(node);
      case 'isNull':
        return plain(this.#isNull(node.operand));
      case 'coalesce': {
        if (!node.left.nullable) return this.#part(node.left);
        return maybeNull(`(${this.value(node.left)} ?? ${this.value(node.right)})`, node.right.nullable);
      }
      case 'conditional': {
        const branches = `${this.value(node.then)} : ${this.value(node.otherwise)}`;
        return maybeNull(`(${this.#condition(node.condition)} ? ${branches})`, node.nullable);
      }
      case 'and':
      case 'or':
        return maybeNull(this.#logic(node.op, node.left, node.right), node.nullable);
    }
  }

  /** An operation that is null when an operand is. */
  #strict(
    node: Node,
    operands: readonly Node[],
    write: (codes: readonly string[]) => string,
    negativeZero: (operands: readonly boolean[]) => boolean = () => false,
  ): Part {
    const guards = new Set<string>();
    const tests: string[] = [];
    const parts = operands.map((operand) => this.#settled(this.#part(operand), guards, tests));
    return {
      guards,
      tests,
      code: write(parts.map((part) => part.code)),
      check: canOverflow(node) ? (node.type === 'integer' ? 'safe' : 'finite') : 'none',
      negativeZero: negativeZero(parts.map((part) => part.negativeZero)),
      simple: false,
    };
  }

  /** Moves all that can make a part null into `guards` and `tests`. */
  #settled(part: Part, guards: Set<string>, tests: string[]): Part {
    for (const guard of part.guards) guards.add(guard);
    tests.push(...part.tests);
    if (part.check === 'none') return part;
    const slot = this.#slot();
    const place = `runtime.${part.check === 'null' ? 'values' : 'numbers'}[${slot}]`;
    const kept = `${place} = ${part.code}`;
    if (part.check === 'null') tests.push(`(${kept}) === null`);
    else tests.push(`runtime.${part.check === 'safe' ? 'isUnsafe' : 'isInfinite'}(${kept})`);
    return { ...plain(place, NO_GUARDS, true), negativeZero: part.negativeZero };
  }

  #membership(operand: Node, list: readonly (number | string | boolean)[]): Part {
    const guards = new Set<string>();
    const tests: string[] = [];
    const part = this.#settled(this.#part(operand), guards, tests);
    const code =
      part.simple && list.length <= 16
        ? `(${list.map((value) => `${part.code} === ${constantCode(value)}`).join(' || ')})`
        : `[${list.map(constantCode).join(', ')}].includes(${part.code})`;
    return { ...plain(code), guards, tests };
  }

  #call(node: Node & { op: 'call' }): Part {
    const spec = functionSpec(node.callee);
    const part = this.#strict(
      node,
      node.operands,
      ([first, ...others]) => {
        if (node.callee === '.length') return `${first}.length`;
        if (node.callee.startsWith('.')) return `${first}${node.callee}(${others.join(', ')})`;
        return `${node.callee}(${[first, ...others].join(', ')})`;
      },
      (operands) => spec.type === 'number' && (spec.negativeZero || operands.some((zero) => zero)),
    );
    if (spec.missing) return { ...part, code: `(${part.code} ?? null)`, check: 'null', negativeZero: false };
    return part;
  }

  /** Boolean code: a condition that is null does not match. */
  #condition(node: Node): string {
    if (node.op === 'and') return `(${this.#condition(node.left)} && ${this.#condition(node.right)})`;
    if (node.op === 'or') return `(${this.#condition(node.left)} || ${this.#condition(node.right)})`;
    const part = this.#part(node);
    const not = [...part.guards].map((guard) => `${guard} !== null`);
    not.push(...part.tests.map((test) => `!(${test})`));
    not.push(part.check === 'null' ? `${part.code} === true` : part.code);
    return not.length === 1 ? not[0]! : `(${not.join(' && ')})`;
  }

  #isNull(node: Node): string {
    if (!node.nullable) return 'false';
    const part = this.#part(node);
    if (part.tests.length === 0 && part.check === 'none') {
      return `(${[...part.guards].map((guard) => `${guard} === null`).join(' || ')})`;
    }
    return `(${close(part)} === null)`;
  }

  #logic(op: 'and' | 'or', left: Node, right: Node): string {
    const decided = op === 'or';
    if (!left.nullable) return `(${this.value(left)} ${decided ? '||' : '&&'} ${this.value(right)})`;
    const place = `runtime.values[${this.#slot()}]`;
    const other = `runtime.${op}(${place}, ${this.value(right)})`;
    return `((${place} = ${this.value(left)}) === ${decided} ? ${decided} : ${other})`;
  }
}

function plain(code: string, guards: ReadonlySet<string> = NO_GUARDS, simple = false): Part {
  return { guards, tests: [], code, check: 'none', negativeZero: false, simple };
}

function maybeNull(code: string, nullable: boolean): Part {
  return { ...plain(code), check: nullable ? 'null' : 'none' };
}

function close(part: Part): string {
  if (part.guards.has(part.code)) return part.code;
  const sum = part.negativeZero ? `(${part.code} + 0)` : part.code;
  const code = part.check === 'finite' || part.check === 'safe' ? `runtime.${part.check}(${sum})` : sum;
  const nulls = [...[...part.guards].map((guard) => `${guard} === null`), ...part.tests];
  return nulls.length === 0 ? code : `(${nulls.join(' || ')} ? null : ${code})`;
}

function fieldAccess(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `record.${name}` : `record[${JSON.stringify(name)}]`;
}

function constantCode(value: number | string | boolean): string {
  if (typeof value !== 'number') return JSON.stringify(value);
  return value < 0 || Object.is(value, -0) ? `(${Object.is(value, -0) ? '-0' : value})` : String(value);
}
