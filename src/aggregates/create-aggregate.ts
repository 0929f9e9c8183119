import type { AggregateName } from '../definitions/aggregate-signatures.ts';
import type { Aggregation } from '../definitions/definition.ts';
import type { ValueType } from '../definitions/expression.ts';
import type { Aggregate } from './aggregate.ts';
import { ApproxDistinctCount } from './approx-distinct-count.ts';
import { ApproxPercentile } from './approx-percentile.ts';
import { DoubleAvg, IntegerAvg } from './avg.ts';
import type { BoundedListOptions } from './bounded-list.ts';
import { Count } from './count.ts';
import { Correlation, Covariance } from './covariance.ts';
import { DecayedCount, DecayedSum } from './decay.ts';
import type { Dictionary } from './dictionary.ts';
import { DistinctCount } from './distinct-count.ts';
import { Entropy } from './entropy.ts';
import { TimeSinceLast, TimeSpan } from './event-times.ts';
import { NumberMax, NumberMin, TextExtreme } from './extreme.ts';
import { FirstLast } from './first-last.ts';
import { FirstLastN } from './first-last-n.ts';
import { Histogram } from './histogram.ts';
import { InputValues } from './input-values.ts';
import { MinMaxN } from './min-max-n.ts';
import { MostFrequentShare } from './most-frequent-share.ts';
import { Rate } from './rate.ts';
import { Kurtosis, Skewness } from './shape.ts';
import { CountBy, DistinctValues } from './sorted-categories.ts';
import { DoubleSum, IntegerSum } from './sum.ts';
import { TopK } from './top-k.ts';
import { TopKBySum } from './top-k-by-sum.ts';
import { StandardDeviation, Variance } from './variance.ts';

/**
 * How an input becomes the number that its aggregate takes: 1 for each record (or value that is not null), the
 * number itself, 0 or 1, or the number that the dictionary has for the value.
 */
export type InputEncoding = 'record' | 'number' | 'boolean' | 'category';

interface Implementation {
  readonly create: (aggregation: Aggregation, dictionary: Dictionary) => Aggregate;
  /** How the inputs are encoded where their type does not say so: {@link byType}. */
  readonly inputs?: readonly InputEncoding[];
}

const IMPLEMENTATIONS: Readonly<Record<AggregateName, Implementation>> = {
  count: { create: () => new Count(), inputs: ['record'] },
  rate: { create: () => new Rate() },
  sum: { create: ({ input }) => (input!.type === 'integer' ? new IntegerSum() : new DoubleSum()) },
  avg: { create: ({ input }) => (input!.type === 'integer' ? new IntegerAvg() : new DoubleAvg()) },
  decayedCount: {
    create: ({ parameters }) => new DecayedCount(parameters['halfLife'] as number),
    inputs: ['record'],
  },
  decayedSum: { create: ({ parameters }) => new DecayedSum(parameters['halfLife'] as number) },
  timeSinceLast: { create: () => new TimeSinceLast(), inputs: ['record'] },
  timeSpan: { create: () => new TimeSpan(), inputs: ['record'] },
  variance: { create: () => new Variance('sample') },
  variancePop: { create: () => new Variance('population') },
  stddev: { create: () => new StandardDeviation('sample') },
  stddevPop: { create: () => new StandardDeviation('population') },
  skewness: { create: () => new Skewness() },
  kurtosis: { create: () => new Kurtosis() },
  covariance: { create: () => new Covariance('sample') },
  covariancePop: { create: () => new Covariance('population') },
  correlation: { create: () => new Correlation() },
  min: {
    create: ({ input }, dictionary) =>
      input!.type === 'string' ? new TextExtreme(dictionary, 'min') : new NumberMin(),
  },
  max: {
    create: ({ input }, dictionary) =>
      input!.type === 'string' ? new TextExtreme(dictionary, 'max') : new NumberMax(),
  },
  first: { create: ({ input }, dictionary) => new FirstLast('first', textsOnly(input!.type, dictionary)) },
  last: { create: ({ input }, dictionary) => new FirstLast('last', textsOnly(input!.type, dictionary)) },
  distinctCount: { create: (_, dictionary) => new DistinctCount(dictionary), inputs: ['category'] },
  entropy: { create: (_, dictionary) => new Entropy(dictionary), inputs: ['category'] },
  firstN: { create: (...given) => new FirstLastN('first', listOptions(...given)) },
  lastN: { create: (...given) => new FirstLastN('last', listOptions(...given)) },
  firstDistinctN: {
    create: (...given) => new FirstLastN('first', { ...listOptions(...given), distinct: true }),
  },
  lastDistinctN: {
    create: (...given) => new FirstLastN('last', { ...listOptions(...given), distinct: true }),
  },
  minN: { create: (...given) => new MinMaxN('min', listOptions(...given)) },
  maxN: { create: (...given) => new MinMaxN('max', listOptions(...given)) },
  topK: {
    create: ({ parameters }, dictionary) => new TopK(parameters['k'] as number, dictionary),
    inputs: ['category'],
  },
  topKBySum: {
    create: ({ parameters }, dictionary) => new TopKBySum(parameters['k'] as number, dictionary),
    inputs: ['category', 'number'],
  },
  distinctValues: {
    create: ({ parameters }, dictionary) => new DistinctValues(parameters['limit'] as number, dictionary),
    inputs: ['category'],
  },
  countBy: { create: (_, dictionary) => new CountBy(dictionary), inputs: ['category'] },
  mostFrequentShare: { create: (_, dictionary) => new MostFrequentShare(dictionary), inputs: ['category'] },
  histogram: {
    create: ({ parameters }, dictionary) =>
      new Histogram(parameters['edges'] as readonly number[], dictionary),
  },
  approxDistinctCount: {
    create: ({ parameters, input }, dictionary) =>
      new ApproxDistinctCount(parameters['precision'] as number, new InputValues(input!.type, dictionary)),
  },
  approxPercentile: {
    create: ({ parameters }) =>
      new ApproxPercentile(parameters['p'] as number, parameters['relativeError'] as number),
  },
};

function listOptions({ input, parameters }: Aggregation, dictionary: Dictionary): BoundedListOptions {
  const values = new InputValues(input!.type, dictionary);
  return { n: parameters['n'] as number, distinct: false, values, dictionary };
}

function textsOnly(type: ValueType, dictionary: Dictionary): Dictionary | null {
  return type === 'string' ? dictionary : null;
}

/** The aggregate of an aggregation, with strings and categories in the task's dictionary. */
export function createAggregate(aggregation: Aggregation, dictionary: Dictionary): Aggregate {
  return IMPLEMENTATIONS[aggregation.aggregate].create(aggregation, dictionary);
}

/** How the first (0) or second (1) input of an aggregation is encoded. */
export function inputEncoding(aggregation: Aggregation, index: 0 | 1): InputEncoding {
  const input = index === 0 ? aggregation.input : aggregation.other;
  return IMPLEMENTATIONS[aggregation.aggregate].inputs?.[index] ?? byType(input?.type ?? null);
}

/** Numbers as they are, booleans as 0 and 1, strings as categories; without an input the record counts. */
function byType(type: ValueType | null): InputEncoding {
  if (type === null) return 'record';
  if (type === 'string') return 'category';
  return type === 'boolean' ? 'boolean' : 'number';
}
