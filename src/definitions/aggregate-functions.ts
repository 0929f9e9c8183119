import type { AggregateName } from './aggregate-signatures.ts';
import { CallSite } from './definition-text.ts';
import type { RangeOptions } from './read-range.ts';

/** A value that a lambda may give; null and undefined both stand for no value. */
type Nullish = null | undefined;

/** Options of every aggregate. */
export type AggregateOptions<R> = RangeOptions & {
  /** Only records for which this is true reach the aggregate. */
  readonly where?: (record: R) => boolean | Nullish;
};

/** Options of an aggregate whose result is null when there were no values. */
export type DefaultOptions<R, T> = AggregateOptions<R> & {
  /** Replaces the null of no values at all, and no other. */
  readonly default?: T;
};

declare const aggregate: unique symbol;

/**
 * A feature before its group gives it a name. It is typed as a bare function because TypeScript then puts off
 * `rate((t) => …)` until it knows the group's source, and so the type of `t`.
 */
export type AggregateDefinition<R> = (record: R) => { readonly [aggregate]: true };

/** What stands behind an {@link AggregateDefinition} while the program runs. */
export interface AggregateCall {
  readonly kind: 'aggregate';
  readonly aggregate: AggregateName;
  /** The arguments as they were given, unchecked. */
  readonly given: readonly unknown[];
  readonly site: CallSite;
}

/** The calls behind definitions; the key is global, as a group may come from another copy of the package. */
const CALL = Symbol.for('tidemark.aggregateCall');

/** The call behind what stands as a feature; null when it is none. */
export function aggregateCallOf(feature: unknown): AggregateCall | null {
  if (typeof feature !== 'function') return null;
  return (feature as unknown as { readonly [CALL]?: AggregateCall })[CALL] ?? null;
}

function define<R>(
  callee: (...given: never[]) => unknown,
  given: readonly unknown[],
): AggregateDefinition<R> {
  const call: AggregateCall = {
    kind: 'aggregate',
    aggregate: callee.name as AggregateName,
    given,
    site: new CallSite(callee),
  };
  const never = (): never => {
    throw new TypeError(`${callee.name}(…) is a definition for the features of a group, not to be called`);
  };
  return Object.assign(never, { [CALL]: call });
}

/** How many records, or with a lambda, how many that are not null: a 64-bit integer. */
export function count<R>(options?: DefaultOptions<R, number>): AggregateDefinition<R>;
export function count<R>(
  input: (record: R) => unknown,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R>;
export function count<R>(...given: unknown[]): AggregateDefinition<R> {
  return define(count, given);
}

/** The exact sum, rounded once; a 64-bit integer for an integer lambda, else a double. Null of nothing. */
export function sum<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(sum, [input, options]);
}

/** The exact sum divided by how many values there were. Null of nothing. */
export function avg<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(avg, [input, options]);
}

/** The least number, or the first text in code-point order. Null of nothing. */
export function min<R>(
  input: (record: R) => number | string | Nullish,
  options?: DefaultOptions<R, number | string>,
): AggregateDefinition<R> {
  return define(min, [input, options]);
}

/** The greatest number, or the last text in code-point order. Null of nothing. */
export function max<R>(
  input: (record: R) => number | string | Nullish,
  options?: DefaultOptions<R, number | string>,
): AggregateDefinition<R> {
  return define(max, [input, options]);
}

/** The value of least event time, ties by position in the log. Null of nothing. */
export function first<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number | string | boolean>,
): AggregateDefinition<R> {
  return define(first, [input, options]);
}

/** The value of greatest event time, ties by position in the log. Null of nothing. */
export function last<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number | string | boolean>,
): AggregateDefinition<R> {
  return define(last, [input, options]);
}

/** The share of records for which the condition is true, among those for which it is not null. Null of none. */
export function rate<R>(
  condition: (record: R) => boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(rate, [condition, options]);
}

/** How many different values there are, exactly: a 64-bit integer. */
export function distinctCount<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(distinctCount, [input, options]);
}

/** Shannon entropy of the values as categories, in bits; 0 for one category. Null of nothing. */
export function entropy<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(entropy, [input, options]);
}
