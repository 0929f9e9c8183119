/**
 * A lambda of a definitions file, reduced to a tree (semantics.md, "Determinism rules" and "NULL and number
 * rules"). The tree is what is checked, fingerprinted and turned into code; the lambda itself is never called.
 */

/**
 * `integer`: an exact integer within ±(2^53−1). `number`: a finite IEEE double, never −0.
 * Each may be null besides.
 */
export type ValueType = (typeof VALUE_TYPES)[number];

export const VALUE_TYPES = ['number', 'integer', 'string', 'boolean', 'bytes'] as const;

export interface Expression {
  readonly type: ValueType;
  /** The record fields that it reads. */
  readonly fields: ReadonlySet<string>;
  /** The tree as canonical text: equal for lambdas that differ only in names of parameters, spaces, comments, parentheses. */
  readonly canonical: string;
  /**
   * JavaScript source of an expression that evaluates it over the variable `record` (a {@link Row}), with
   * {@link ExpressionRuntime} in scope as `runtime`. Its value is never undefined, NaN, infinite or −0:
   * null stands for every missing or undefined result.
   */
  readonly code: string;
}

/** The functions that generated code calls; `overflows` counts results that became null (semantics.md: `overflow`). */
export interface ExpressionRuntime {
  overflows: number;
}
