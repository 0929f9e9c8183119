import type { Literal } from 'acorn';
import { assert } from '../errors.ts';
import { refusal } from './expression-refusals.ts';
import { INTEGER_BOUND, type Node } from './expression-tree.ts';

export const NULL: Node = { op: 'constant', value: null, type: 'null', nullable: true, bound: 0 };

/** @throws LambdaError for a regular expression, a bigint, and a number that its type cannot hold */
export function literal(syntax: Literal): Node {
  const { value, raw = '' } = syntax;
  if (syntax.regex) {
    throw refusal(syntax, 'a regular expression is not allowed in a lambda', {
      remedy: 'use startsWith, endsWith, includes, indexOf or slice',
    });
  }
  if (syntax.bigint) {
    throw refusal(syntax, `the bigint ${raw} is not allowed in a lambda`, {
      remedy: `write ${syntax.bigint}; integers reach ±(2^53−1)`,
    });
  }
  if (value === null) return NULL;
  if (typeof value === 'string') return textConstant(value);
  if (typeof value === 'boolean') {
    return { op: 'constant', value, type: 'boolean', nullable: false, bound: 0 };
  }
  assert(typeof value === 'number', `literal ${raw}`);
  if (!Number.isFinite(value)) {
    throw refusal(syntax, `the constant ${raw} is not finite`, {
      remedy: 'write a number a double can hold',
    });
  }
  const integer = /^0[xob]/i.test(raw) || /^[\d_]+$/.test(raw);
  if (integer && value > INTEGER_BOUND) {
    throw refusal(syntax, `the integer ${raw} is beyond 2^53−1`, {
      remedy: `write it with a point, ${raw}.0, if a rounded double will do`,
    });
  }
  return numberConstant(value, integer ? 'integer' : 'number');
}

export function numberConstant(value: number, type: 'integer' | 'number'): Node {
  return { op: 'constant', value, type, nullable: false, bound: Math.abs(value) };
}

export function textConstant(value: string): Node {
  return { op: 'constant', value, type: 'string', nullable: false, bound: 0 };
}
