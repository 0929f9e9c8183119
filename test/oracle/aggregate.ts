import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters, Range, Row, Scalar, Value } from '../../src/definitions/definition.ts';
import {
  countBy,
  distinctValues,
  firstDistinctN,
  firstN,
  histogram,
  lastDistinctN,
  lastN,
  maxN,
  minN,
  mostFrequentShare,
  topK,
  topKBySum,
} from './categories.ts';
import { decayedSumOf } from './decay.ts';
import { exactIntegerSum, exactSum } from './exact.ts';
import { correlationOf, covarianceOf, kurtosisOf, skewnessOf, varianceOf } from './moments.ts';
import { isOwn, type OwnName, ownDescription } from './own-aggregates.ts';
import { compareScalars } from './scalars.ts';
import { approxDistinctCount, approxPercentile } from './sketches.ts';

/** One feature as the oracle takes it: plain functions of the row instead of expressions. */
export interface FeatureDescription {
  readonly name: string;
  readonly aggregate: AggregateName | OwnName;
  readonly range: Range;
  /** Null only for `count()` of records. */
  readonly input: ((row: Row) => Scalar | null) | null;
  /** The second input of an aggregate over pairs. */
  readonly other: ((row: Row) => Scalar | null) | null;
  /** The input is an integer expression, so that a sum of it is an integer too. */
  readonly integer: boolean;
  readonly parameters: AggregateParameters;
  readonly where: ((row: Row) => boolean | null) | null;
  readonly default: Scalar | null;
}

/** What an aggregate sees of a record. */
export interface Occurrence {
  readonly eventTime: number;
  readonly offset: number;
  readonly row: Row;
}

function categoryCounts(values: readonly Scalar[]): number[] {
  const counts = new Map<string, number>();
  for (const value of values) {
    const category =
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : `${typeof value} ${value}`;
    counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts.values()];
}

/** log2 n − (Σ c·log2 c)/n with rounded terms, an exact sum rounded once, and never less than 0. */
function entropyOf(counts: readonly number[]): number {
  if (counts.length === 1) return 0;
  const n = counts.reduce((sum, count) => sum + count, 0);
  return Math.max(0, Math.log2(n) - exactSum(counts.map((count) => count * Math.log2(count))) / n);
}

/** What reaches an aggregate: records whose inputs are not null, in the order (event time, offset). */
export interface Reached {
  readonly values: readonly Scalar[];
  /** The second inputs of an aggregate over pairs, in the same order. */
  readonly others: readonly Scalar[];
  readonly eventTimes: readonly number[];
  readonly windowEnd: number;
  readonly integer: boolean;
  readonly parameters: AggregateParameters;
}

/** An aggregate's value as the semantics say it, of nothing too. */
export type Twin = (reached: Reached) => Value | null;

/** A twin that is null of nothing. */
function ofSome(twin: Twin): Twin {
  return (reached) => (reached.values.length === 0 ? null : twin(reached));
}

function sumOf({ integer, values }: Reached): number | null {
  if (integer) return exactIntegerSum(values as number[]);
  const sum = exactSum(values as number[]);
  return Number.isFinite(sum) ? sum : null;
}

function avgOf(reached: Reached): number | null {
  const sum = sumOf(reached);
  return sum === null ? null : sum / reached.values.length + 0;
}

function rootOf(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

function decayedOf({ values, eventTimes, parameters, windowEnd }: Reached): number | null {
  if (values.length === 0) return null;
  return decayedSumOf(values as number[], eventTimes, parameters['halfLife'] as number, windowEnd);
}

const TWINS: Readonly<Record<AggregateName, Twin>> = {
  count: ({ values }) => values.length,
  sum: ofSome(sumOf),
  avg: ofSome(avgOf),
  decayedCount: (reached) => decayedOf({ ...reached, values: reached.values.map(() => 1) }) ?? 0,
  decayedSum: decayedOf,
  timeSinceLast: ofSome(({ eventTimes, windowEnd }) => windowEnd - Math.max(...eventTimes)),
  timeSpan: ofSome(({ eventTimes }) => Math.max(...eventTimes) - Math.min(...eventTimes)),
  variance: ({ values }) => varianceOf(values as number[], 1),
  variancePop: ({ values }) => varianceOf(values as number[], 0),
  stddev: ({ values }) => rootOf(varianceOf(values as number[], 1)),
  stddevPop: ({ values }) => rootOf(varianceOf(values as number[], 0)),
  skewness: ({ values }) => skewnessOf(values as number[]),
  kurtosis: ({ values }) => kurtosisOf(values as number[]),
  covariance: ({ values, others }) => covarianceOf(values as number[], others as number[], 1),
  covariancePop: ({ values, others }) => covarianceOf(values as number[], others as number[], 0),
  correlation: ({ values, others }) => correlationOf(values as number[], others as number[]),
  min: ofSome(({ values }) => [...values].sort(compareScalars)[0]!),
  max: ofSome(({ values }) => [...values].sort(compareScalars).at(-1)!),
  first: ofSome(({ values }) => values[0]!),
  last: ofSome(({ values }) => values.at(-1)!),
  rate: ofSome(({ values }) => values.filter((value) => value === true).length / values.length),
  distinctCount: ({ values }) => categoryCounts(values).length,
  entropy: ofSome(({ values }) => entropyOf(categoryCounts(values))),
  firstN,
  lastN,
  firstDistinctN,
  lastDistinctN,
  minN,
  maxN,
  topK,
  topKBySum,
  distinctValues,
  countBy,
  mostFrequentShare: ofSome(mostFrequentShare),
  histogram,
  approxDistinctCount,
  approxPercentile: ofSome(approxPercentile),
};

function twinOf(aggregate: AggregateName | OwnName): Twin {
  return isOwn(aggregate) ? ownDescription(aggregate).twin : TWINS[aggregate];
}

/** Whether the aggregate is null of nothing, so that a default has something to replace. */
export function isNullOfNothing(
  aggregate: AggregateName | OwnName,
  parameters: AggregateParameters,
): boolean {
  const nothing = { values: [], others: [], eventTimes: [], windowEnd: 0, integer: true, parameters };
  return twinOf(aggregate)(nothing) === null;
}

/** What of these contents reaches the feature's aggregate. */
export function reachedBy(
  { input, other, where, integer, parameters }: FeatureDescription,
  contents: readonly Occurrence[],
  windowEnd: number,
): Reached {
  const reached = contents
    .filter((occurrence) => where === null || where(occurrence.row) === true)
    .sort((a, b) => a.eventTime - b.eventTime || a.offset - b.offset)
    .map(({ row, eventTime }) => ({
      value: input === null ? true : input(row),
      other: other === null ? true : other(row),
      eventTime,
    }))
    .filter(({ value, other }) => value !== null && other !== null);
  return {
    values: reached.map(({ value }) => withoutMinusZero(value!)),
    others: reached.map(({ other }) => withoutMinusZero(other!)),
    eventTimes: reached.map(({ eventTime }) => eventTime),
    windowEnd,
    integer,
    parameters,
  };
}

/** The feature's value over these contents at window_end (semantics.md, "NULL and number rules"). */
export function aggregateOf(
  feature: FeatureDescription,
  contents: readonly Occurrence[],
  windowEnd: number,
): Value | null {
  const { aggregate } = feature;
  const reached = reachedBy(feature, contents, windowEnd);
  const value = twinOf(aggregate)(reached);
  const reaches = isOwn(aggregate) ? ownDescription(aggregate).reaches : () => true;
  const isEmpty = !reached.values.some((each, index) => reaches(each, reached.others[index]!));
  return isEmpty ? (value ?? feature.default) : value;
}

function withoutMinusZero(value: Scalar): Scalar {
  return value === 0 ? 0 : value;
}
