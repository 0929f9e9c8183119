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

/*
 * The docstrings below are the reference that users read, and have one form: what the value means, with its formula;
 * then `@nulls` (what becomes of null inputs, what it is of nothing), `@type` (of the value), `@state` (what is kept),
 * `@cost` (of an event, and of a step of the window), for an approximate value `@error` (its bound, and the source).
 */

/**
 * How many records there are; with a lambda, how many whose value is not null.
 *
 * @nulls `count()` counts every record, `count(x)` skips null values; 0 of nothing
 * @type integer
 * @state one number per pane and per window
 * @cost one addition per event; one per pane that enters or leaves the window
 */
export function count<R>(options?: DefaultOptions<R, number>): AggregateDefinition<R>;
export function count<R>(
  input: (record: R) => unknown,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R>;
export function count<R>(...given: unknown[]): AggregateDefinition<R> {
  return define(count, given);
}

/**
 * The sum of the values. It is the true sum, rounded once: neither the order of events nor what has left the window
 * changes a bit.
 *
 * @nulls skips null values; null of nothing, and while the sum is beyond ±(2^53 − 1) (integers) or the largest double
 * @type integer where the lambda gives integers, else number
 * @state three numbers (integers) or five per pane and per window; a long integer more where the values span over 130 bits
 * @cost a few additions per event, and as many per pane that enters or leaves the window
 */
export function sum<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(sum, [input, options]);
}

/**
 * The arithmetic mean: the true sum of the values, rounded once, divided by how many there are.
 *
 * @nulls skips null values; null of nothing, and while the sum is out of the range of {@link sum}
 * @type number
 * @state as {@link sum}
 * @cost as {@link sum}, and a division per result
 */
export function avg<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(avg, [input, options]);
}

/**
 * The variance of the values as a sample: (n·Σx² − (Σx)²) / (n·(n − 1)), worked out exactly and rounded once; the order
 * of events and what has left the window change no bit.
 *
 * @nulls skips null values; null below two values; null while it is beyond the largest double
 * @type number
 * @state exact sums of the values and of their squares, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function variance<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(variance, [input, options]);
}

/**
 * The variance of the values as the whole population: (n·Σx² − (Σx)²) / n², worked out exactly and rounded once. Of one
 * value it is 0.
 *
 * @nulls skips null values; null of nothing; null while it is beyond the largest double
 * @type number
 * @state exact sums of the values and of their squares, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function variancePop<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(variancePop, [input, options]);
}

/**
 * The standard deviation of the values as a sample: the square root of {@link variance}.
 *
 * @nulls skips null values; null where the variance is
 * @type number
 * @state exact sums of the values and of their squares, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function stddev<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(stddev, [input, options]);
}

/**
 * The standard deviation of the values as the whole population: the square root of {@link variancePop}.
 *
 * @nulls skips null values; null where the variance is
 * @type number
 * @state exact sums of the values and of their squares, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function stddevPop<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(stddevPop, [input, options]);
}

/**
 * The adjusted skewness of the values as a sample, √(n·(n − 1)) / (n − 2) · m3 / m2^1.5 with the central moments m2 and m3
 * (G1 in Joanes and Gill, "Comparing measures of sample skewness and kurtosis", 1998; `skewness` in DuckDB). Its square
 * is worked out exactly and rounded once, then the root is taken.
 *
 * @nulls skips null values; null below three values, and while all are equal
 * @type number
 * @state exact sums of the values and of their second and third powers, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function skewness<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(skewness, [input, options]);
}

/**
 * The excess kurtosis of the values as a sample, (n − 1) / ((n − 2)·(n − 3)) · ((n + 1)·m4 / m2² − 3·(n − 1)) with the
 * central moments m2 and m4 (G2 in Joanes and Gill, "Comparing measures of sample skewness and kurtosis", 1998;
 * `kurtosis` in DuckDB), worked out exactly and rounded once.
 *
 * @nulls skips null values; null below four values, and while all are equal
 * @type number
 * @state exact sums of the values and of their second to fourth powers, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function kurtosis<R>(
  input: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(kurtosis, [input, options]);
}

/**
 * The covariance of pairs as a sample: (n·Σxy − Σx·Σy) / (n·(n − 1)), worked out exactly and rounded once.
 *
 * @nulls skips records where x or y is null; null below two pairs; null while it is beyond the largest double
 * @type number
 * @state exact sums of x, y and x·y, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function covariance<R>(
  x: (record: R) => number | Nullish,
  y: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(covariance, [x, y, options]);
}

/**
 * The covariance of pairs as the whole population: (n·Σxy − Σx·Σy) / n², worked out exactly and rounded once. Of one pair
 * it is 0.
 *
 * @nulls skips records where x or y is null; null of nothing; null while it is beyond the largest double
 * @type number
 * @state exact sums of x, y and x·y, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function covariancePop<R>(
  x: (record: R) => number | Nullish,
  y: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(covariancePop, [x, y, options]);
}

/**
 * Pearson's correlation of pairs, in [−1, 1]: with C = n·Σxy − Σx·Σy, X = n·Σx² − (Σx)² and Y alike, C / √(X·Y). The
 * square C² / (X·Y) is worked out exactly and rounded once, then the root is taken.
 *
 * @nulls skips records where x or y is null; null below two pairs, and while all x or all y are equal
 * @type number
 * @state exact sums of x, y, x², y² and x·y, long integers, per pane and per window
 * @cost long-integer arithmetic: a few products and sums per event, per pane that enters or leaves, and per result
 */
export function correlation<R>(
  x: (record: R) => number | Nullish,
  y: (record: R) => number | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(correlation, [x, y, options]);
}

/**
 * The least value: numbers by value, texts by their UTF-8 bytes, which is the order of code points.
 *
 * @nulls skips null values; null of nothing
 * @type that of the lambda
 * @state one number per pane and per window; a text is held once per task
 * @cost one comparison per event; when the pane that holds the least leaves, one per pane of the window
 */
export function min<R>(
  input: (record: R) => number | string | Nullish,
  options?: DefaultOptions<R, number | string>,
): AggregateDefinition<R> {
  return define(min, [input, options]);
}

/**
 * The greatest value: numbers by value, texts by their UTF-8 bytes, which is the order of code points.
 *
 * @nulls skips null values; null of nothing
 * @type that of the lambda
 * @state one number per pane and per window; a text is held once per task
 * @cost one comparison per event; when the pane that holds the greatest leaves, one per pane of the window
 */
export function max<R>(
  input: (record: R) => number | string | Nullish,
  options?: DefaultOptions<R, number | string>,
): AggregateDefinition<R> {
  return define(max, [input, options]);
}

/**
 * The value of the earliest event: that of least event time, ties by position in the log.
 *
 * @nulls skips null values, so it is the earliest value that is not null; null of nothing
 * @type that of the lambda
 * @state three numbers per pane and per window; a text is held once per task
 * @cost one comparison per event; when the pane that holds the earliest leaves, a look for the next pane with a value
 */
export function first<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number | string | boolean>,
): AggregateDefinition<R> {
  return define(first, [input, options]);
}

/**
 * The value of the latest event: that of greatest event time, ties by position in the log.
 *
 * @nulls skips null values, so it is the latest value that is not null; null of nothing
 * @type that of the lambda
 * @state three numbers per pane and per window; a text is held once per task
 * @cost one comparison per event; when the pane that holds the latest leaves, a look for the last pane with a value
 */
export function last<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number | string | boolean>,
): AggregateDefinition<R> {
  return define(last, [input, options]);
}

/**
 * The share of records for which the condition is true, in [0, 1].
 *
 * @nulls records for which the condition is null count neither way; null of nothing
 * @type number
 * @state two numbers per pane and per window
 * @cost two additions per event; two per pane that enters or leaves the window
 */
export function rate<R>(
  condition: (record: R) => boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(rate, [condition, options]);
}

/**
 * How many different values there are, exactly.
 *
 * @nulls skips null values; 0 of nothing
 * @type integer
 * @state a count for each different value of a pane, and of the window; each value is held once per task
 * @cost one look-up per event; one per different value of a pane that enters or leaves the window
 */
export function distinctCount<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(distinctCount, [input, options]);
}

/**
 * Shannon entropy of the values as categories, in bits: log2 n − (Σ c·log2 c)/n, where c are the counts of the
 * different values and n is their sum (Shannon 1948, with p = c/n). Of one category it is 0.
 *
 * @nulls skips null values; null of nothing
 * @type number
 * @state a count for each different value of a pane, and of the window; each value is held once per task
 * @cost one look-up per event; one per different value of a pane that enters or leaves the window
 */
export function entropy<R>(
  input: (record: R) => number | string | boolean | Nullish,
  options?: DefaultOptions<R, number>,
): AggregateDefinition<R> {
  return define(entropy, [input, options]);
}
