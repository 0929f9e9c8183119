import {
  type AggregateDefinition,
  type AggregateOptions,
  type DefaultOptions,
  definitionOf,
  type Lambda,
  type LambdaArguments,
  type ListOptions,
  type Widened,
} from './aggregate-call.ts';
import type { AggregateName } from './aggregate-signatures.ts';

/** Options of an aggregate whose values fade with time. */
export type DecayOptions<A extends LambdaArguments> = DefaultOptions<A, number> & {
  /** After so long a value weighs half: a text like `'1h'`. The range is at most 1000 times as long. */
  readonly halfLife: string;
};

function define<A extends LambdaArguments, V>(
  callee: (...given: never[]) => unknown,
  given: readonly unknown[],
): AggregateDefinition<A, V> {
  return definitionOf(callee, callee.name as AggregateName, given);
}

/*
 * The docstrings below are the reference that users read (`npm run docs` makes docs/aggregates.md of them), and have
 * one form: what the value means, with its formula; then `@nulls` (what becomes of null inputs, what it is of nothing),
 * `@type` (of the value), `@state` (what is kept),
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
export function count<A extends LambdaArguments>(
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function count<A extends LambdaArguments>(
  input: Lambda<A, unknown>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function count<A extends LambdaArguments>(...given: unknown[]): AggregateDefinition<A, number> {
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
export function sum<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function avg<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function variance<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function variancePop<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function stddev<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function stddevPop<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function skewness<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function kurtosis<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function covariance<A extends LambdaArguments>(
  x: Lambda<A, number>,
  y: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function covariancePop<A extends LambdaArguments>(
  x: Lambda<A, number>,
  y: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function correlation<A extends LambdaArguments>(
  x: Lambda<A, number>,
  y: Lambda<A, number>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function min<A extends LambdaArguments, T extends number | string>(
  input: Lambda<A, T>,
  options?: DefaultOptions<A, number | string>,
): AggregateDefinition<A, Widened<T>> {
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
export function max<A extends LambdaArguments, T extends number | string>(
  input: Lambda<A, T>,
  options?: DefaultOptions<A, number | string>,
): AggregateDefinition<A, Widened<T>> {
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
export function first<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options?: DefaultOptions<A, number | string | boolean>,
): AggregateDefinition<A, Widened<T>> {
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
export function last<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options?: DefaultOptions<A, number | string | boolean>,
): AggregateDefinition<A, Widened<T>> {
  return define(last, [input, options]);
}

/**
 * How many records there are, each weighing 2^(−a/halfLife), where a is its age at window_end; with a lambda, how many
 * whose value is not null. It is {@link decayedSum} of ones. The range is at most 1000 half-lives long.
 *
 * @nulls `decayedCount({ … })` counts every record, with a lambda null values are skipped; 0 of nothing
 * @type number
 * @state as {@link decayedSum}
 * @cost as {@link decayedSum}
 */
export function decayedCount<A extends LambdaArguments>(
  options: DecayOptions<A>,
): AggregateDefinition<A, number>;
export function decayedCount<A extends LambdaArguments>(
  input: Lambda<A, unknown>,
  options: DecayOptions<A>,
): AggregateDefinition<A, number>;
export function decayedCount<A extends LambdaArguments>(...given: unknown[]): AggregateDefinition<A, number> {
  return define(decayedCount, given);
}

/**
 * The sum of the values, each weighing 2^(−a/halfLife), where a is its age at window_end, by event time. A value decays
 * to the end of the half-life that it falls in (half-lives are counted from 1970), rounded once; from there on weights
 * are powers of two and the sum is exact. It is rounded once, then taken to window_end. Time alone makes no row: the
 * value is that of the row's window_end. The range is at most 1000 half-lives long.
 *
 * @nulls skips null values; null of nothing, and while it is beyond the largest double
 * @type number
 * @state one exact sum, a long integer with a bit for each half-life of the range, per pane and per window
 * @cost long-integer arithmetic: a power and a sum per event, a sum per pane that enters or leaves, a power per result
 */
export function decayedSum<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options: DecayOptions<A>,
): AggregateDefinition<A, number> {
  return define(decayedSum, [input, options]);
}

/**
 * Milliseconds from the latest event, by event time, to window_end; with a lambda, from the latest event whose value is
 * not null. Time alone makes no row: the value is that of the row's window_end.
 *
 * @nulls `timeSinceLast()` takes every record, with a lambda null values are skipped; null of nothing
 * @type integer
 * @state the latest event time, per pane and per window
 * @cost one comparison per event; when the pane that holds the latest leaves, a look for the last pane with an event
 */
export function timeSinceLast<A extends LambdaArguments>(
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function timeSinceLast<A extends LambdaArguments>(
  input: Lambda<A, unknown>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function timeSinceLast<A extends LambdaArguments>(
  ...given: unknown[]
): AggregateDefinition<A, number> {
  return define(timeSinceLast, given);
}

/**
 * Milliseconds from the earliest event to the latest, by event time; with a lambda, of the events whose value is not
 * null. Of one event it is 0.
 *
 * @nulls `timeSpan()` takes every record, with a lambda null values are skipped; null of nothing
 * @type integer
 * @state the earliest and the latest event time, per pane and per window
 * @cost two comparisons per event; when the pane that holds either leaves, a look for the next pane with an event
 */
export function timeSpan<A extends LambdaArguments>(
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function timeSpan<A extends LambdaArguments>(
  input: Lambda<A, unknown>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number>;
export function timeSpan<A extends LambdaArguments>(...given: unknown[]): AggregateDefinition<A, number> {
  return define(timeSpan, given);
}

/**
 * The share of records for which the condition is true, in [0, 1].
 *
 * @nulls records for which the condition is null count neither way; null of nothing
 * @type number
 * @state two numbers per pane and per window
 * @cost two additions per event; two per pane that enters or leaves the window
 */
export function rate<A extends LambdaArguments>(
  condition: Lambda<A, boolean>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function distinctCount<A extends LambdaArguments>(
  input: Lambda<A, number | string | boolean>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
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
export function entropy<A extends LambdaArguments>(
  input: Lambda<A, number | string | boolean>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
  return define(entropy, [input, options]);
}

/**
 * The n earliest values as a list, the earliest in front: by event time, ties by position in the log.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n rows of three numbers per pane and per window; a text is held once per task
 * @cost a search among n per event; when a pane with one of them leaves, the rows of the panes that take its place
 */
export function firstN<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(firstN, [input, options]);
}

/**
 * The n latest values as a list, the latest in front: by event time, ties by position in the log.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n rows of three numbers per pane and per window; a text is held once per task
 * @cost a search among n per event; when a pane with one of them leaves, the rows of the panes that take its place
 */
export function lastN<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(lastN, [input, options]);
}

/**
 * The n different values that came first, as a list, the earliest in front: each stands where it occurs first, by event
 * time, ties by position in the log.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n rows of three numbers per pane and per window; a text is held once per task
 * @cost a look at each of n per event; when a pane with one of them leaves, at the rows of the panes that take its place
 */
export function firstDistinctN<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(firstDistinctN, [input, options]);
}

/**
 * The n different values that came last, as a list, the latest in front: each stands where it occurs last, by event time,
 * ties by position in the log.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n rows of three numbers per pane and per window; a text is held once per task
 * @cost a look at each of n per event; when a pane with one of them leaves, at the rows of the panes that take its place
 */
export function lastDistinctN<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(lastDistinctN, [input, options]);
}

/**
 * The n least values as a list, ascending; a value that occurs again stands there again. Numbers by value, texts by
 * their UTF-8 bytes.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n numbers per pane and per window; a text is held once per task
 * @cost a search among n per event; when a pane with one of them leaves, a look at every pane of the window
 */
export function minN<A extends LambdaArguments, T extends number | string>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(minN, [input, options]);
}

/**
 * The n greatest values as a list, descending; a value that occurs again stands there again. Numbers by value, texts by
 * their UTF-8 bytes.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state up to n numbers per pane and per window; a text is held once per task
 * @cost a search among n per event; when a pane with one of them leaves, a look at every pane of the window
 */
export function maxN<A extends LambdaArguments, T extends number | string>(
  input: Lambda<A, T>,
  options: ListOptions<A>,
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(maxN, [input, options]);
}

/**
 * The k most frequent values as a list, the most frequent in front, equally frequent ones by value ascending.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state a count for each different value of a pane, and of the window; each value is held once per task
 * @cost one look-up per event; a look at each different value of the window per result
 */
export function topK<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: AggregateOptions<A> & {
    /** How many values: 1 to 1000. */
    readonly k: number;
  },
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(topK, [input, options]);
}

/**
 * The k values of the first lambda with the greatest sums of the second, as a list: the greatest sum in front, equal
 * sums by value ascending. Sums are compared exactly, without rounding.
 *
 * @nulls skips records where either is null; an empty list of nothing
 * @type list of the first lambda's type
 * @state six numbers for each different value of a pane, and of the window; each value is held once per task
 * @cost a binary search per event; a look at each different value of the window per result
 */
export function topKBySum<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  summed: Lambda<A, number>,
  options: AggregateOptions<A> & {
    /** How many values: 1 to 1000. */
    readonly k: number;
  },
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(topKBySum, [input, summed, options]);
}

/**
 * The different values as a list, ascending: all of them, or the first `limit`. Numbers by value, texts by their UTF-8
 * bytes, false before true.
 *
 * @nulls skips null values; an empty list of nothing
 * @type list of the lambda's type
 * @state a count for each different value of a pane, and of the window, whose values are kept in order; each value is held
 * once per task
 * @cost one look-up per event, and a binary search when a value comes or goes; `limit` values are written per result
 */
export function distinctValues<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options: AggregateOptions<A> & {
    /** How many values at most: 1 to 1000. */
    readonly limit: number;
  },
): AggregateDefinition<A, readonly Widened<T>[]> {
  return define(distinctValues, [input, options]);
}

/**
 * How often each different value occurs, as a map from the value to its count.
 *
 * @nulls skips null values; an empty map of nothing
 * @type map from the lambda's type to integer
 * @state a count for each different value of a pane, and of the window, whose values are kept in order; each value is held
 * once per task
 * @cost one look-up per event, and a binary search when a value comes or goes; all different values are written per result
 */
export function countBy<A extends LambdaArguments, T extends number | string | boolean>(
  input: Lambda<A, T>,
  options?: AggregateOptions<A>,
): AggregateDefinition<A, ReadonlyMap<Widened<T>, number>> {
  return define(countBy, [input, options]);
}

/**
 * The count of the most frequent value divided by the count of all, in (0, 1].
 *
 * @nulls skips null values; null of nothing
 * @type number
 * @state a count for each different value of a pane, and of the window; each value is held once per task
 * @cost one look-up per event; a look at each different value after the most frequent one has become rarer
 */
export function mostFrequentShare<A extends LambdaArguments>(
  input: Lambda<A, number | string | boolean>,
  options?: DefaultOptions<A, number>,
): AggregateDefinition<A, number> {
  return define(mostFrequentShare, [input, options]);
}

/**
 * How many values lie between the edges, as a list of one count more than there are edges: below the first edge, from
 * each edge to below the next, from the last edge on.
 *
 * @nulls skips null values; all counts are 0 of nothing
 * @type list of integers
 * @state edges + 1 numbers per pane and per window
 * @cost a binary search among the edges per event; as many additions as counts per pane that enters or leaves the window
 */
export function histogram<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options: AggregateOptions<A> & {
    /** At least one number, each greater than the one before. */
    readonly edges: readonly number[];
  },
): AggregateDefinition<A, readonly number[]> {
  return define(histogram, [input, options]);
}

/**
 * About how many different values there are, by HyperLogLog with 2^precision registers: for numbers of values that
 * {@link distinctCount} would take too much memory for. Equal multisets of values give equal estimates.
 *
 * @nulls skips null values; 0 of nothing
 * @type integer
 * @state a register and its rank for each register in use, at most 2^precision, per pane; in the window each register
 * with every rank that a pane has of it
 * @cost two hashes and a look-up per event; a few look-ups per register of a pane that enters or leaves the window
 * @error standard error 1.04 / √(2^precision), 1.6 % at 12 (Flajolet, Fusy, Gandouet, Meunier 2007); estimator of O. Ertl,
 * "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6
 */
export function approxDistinctCount<A extends LambdaArguments>(
  input: Lambda<A, number | string | boolean>,
  options?: DefaultOptions<A, number> & {
    /** 4 to 18; 12 unless it is given. */
    readonly precision?: number;
  },
): AggregateDefinition<A, number> {
  return define(approxDistinctCount, [input, options]);
}

/**
 * About the value at rank ⌊p·(n − 1)⌋ of the n values in ascending order, counted from 0: the lower p-quantile. A
 * DDSketch with as many buckets as the values need; a percentile is the same whatever the order of events.
 *
 * @nulls skips null values; null of nothing
 * @type number
 * @state a count for each bucket in use, per pane and in the window: values of one sign over a ratio r use up to
 * ln r / (2·relativeError) buckets
 * @cost a logarithm and a look-up per event; a look at each bucket of the window whenever the percentile moves by one, a
 * sort of them when it moves further
 * @error within relativeError of the value at that rank (Masson, Rim, Lee, "DDSketch", PVLDB 12, 2019); what is nearer to
 * 0 than 2^−1022 counts as 0
 */
export function approxPercentile<A extends LambdaArguments>(
  input: Lambda<A, number>,
  options: DefaultOptions<A, number> & {
    /** The share of values below: 0 to 1. */
    readonly p: number;
    /** 0.000001 to 0.5; 0.01 unless it is given. */
    readonly relativeError?: number;
  },
): AggregateDefinition<A, number> {
  return define(approxPercentile, [input, options]);
}
