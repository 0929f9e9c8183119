import type { Row, Scalar } from './definition.ts';
import type { Expression, ExpressionRuntime } from './expression.ts';

/** How many intermediate results one expression may keep; the compiler refuses longer ones. */
export const RUNTIME_SLOTS = 256;

/**
 * What generated code calls. Intermediate results that are needed twice live in its slots, so that code is one
 * expression without declarations: expressions that share a runtime may not be evaluated inside each other.
 */
class Runtime implements ExpressionRuntime {
  overflows = 0;
  readonly numbers = new Float64Array(RUNTIME_SLOTS);
  readonly values: (Scalar | null)[] = new Array(RUNTIME_SLOTS).fill(null);

  /** Whether a step of arithmetic left the range of doubles; counts it. */
  isInfinite(value: number): boolean {
    if (Number.isFinite(value)) return false;
    this.overflows++;
    return true;
  }

  /** Whether a step of integer arithmetic left ±(2^53−1); counts it. */
  isUnsafe(value: number): boolean {
    if (value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER) return false;
    this.overflows++;
    return true;
  }

  finite(value: number): number | null {
    return this.isInfinite(value) ? null : value;
  }

  safe(value: number): number | null {
    return this.isUnsafe(value) ? null : value;
  }

  /** `left && right` in three-valued logic, for a left side that is not false. */
  and(left: boolean | null, right: boolean | null): boolean | null {
    return right === false ? false : left === null ? null : right;
  }

  /** `left || right` in three-valued logic, for a left side that is not true. */
  or(left: boolean | null, right: boolean | null): boolean | null {
    return right === true ? true : left === null ? null : right;
  }

  compareText(left: string, right: string): number {
    return compareText(left, right);
  }
}

/** Negative, 0 or positive: the order of the UTF-8 bytes, which is the order of code points. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above every other unit, though units above them exist. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** What generated code needs in scope as `runtime`; one per task, so that its overflows are the task's. */
export function createRuntime(): ExpressionRuntime {
  return new Runtime();
}

/** The expression as a function of a row, for tests and wherever a call per record is cheap enough. */
export function compile(
  expression: Expression,
  runtime: ExpressionRuntime = createRuntime(),
): (row: Row) => Scalar | null {
  const make = new Function('runtime', `'use strict'; return (record) => ${expression.code};`);
  return make(runtime) as (row: Row) => Scalar | null;
}
