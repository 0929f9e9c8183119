import type { FeatureType } from './definition.ts';
import type { ValueType } from './expression.ts';
import type { ParameterRule } from './read-parameters.ts';

/**
 * What each aggregate takes and gives: the one place that says so. How it is computed stands in `src/aggregates`,
 * what users call and read in `aggregate-functions.ts`.
 */
export interface AggregateSignature {
  /**
   * For each lambda in front of the options, the types that it may give. An aggregate over records takes none, one
   * over pairs two.
   */
  readonly inputs: readonly (readonly ValueType[])[];
  /** The lambda may be left out, and then records are aggregated. */
  readonly optionalInput?: true;
  /** Options of its own, each a number or a list of numbers. */
  readonly parameters?: Readonly<Record<string, ParameterRule>>;
  /** Of nothing it is 0, which no default replaces. */
  readonly neverNull?: true;
  /** Where it cannot look back as far as one likes. */
  readonly rangeLimit?: RangeLimit;
  /** The type of its values; `inputs` are the types that the lambdas give, none for records. */
  readonly valueType: (inputs: readonly ValueType[]) => FeatureType;
}

/** The longest range: so many times one of the aggregate's parameters, a duration. */
export interface RangeLimit {
  readonly parameter: string;
  readonly times: number;
}

const NUMBERS = ['integer', 'number'] as const;
const ORDERED = ['integer', 'number', 'string'] as const;
const CATEGORIES = ['integer', 'number', 'string', 'boolean'] as const;
const ANYTHING = ['integer', 'number', 'string', 'boolean', 'bytes'] as const;

/** What is older by so many half-lives weighs 2^−1000; exact sums have a bit for each half-life. */
const DECAY = {
  parameters: { halfLife: { kind: 'duration', example: '1h' } },
  rangeLimit: { parameter: 'halfLife', times: 1000 },
} as const;

const integer = (): ValueType => 'integer';
const number = (): ValueType => 'number';
const ofInput = ([input]: readonly ValueType[]): ValueType => input!;

const listOfInput = ([of]: readonly ValueType[]): FeatureType => ({ kind: 'list', of: of! });
const listOfIntegers = (): FeatureType => ({ kind: 'list', of: 'integer' });
const countOfInput = ([key]: readonly ValueType[]): FeatureType => ({
  kind: 'map',
  key: key!,
  value: 'integer',
});

/** How many values a list may be asked for. */
const LENGTH = { kind: 'integer', from: 1, to: 1000 } as const;

const SIGNATURES = {
  count: { inputs: [ANYTHING], optionalInput: true, neverNull: true, valueType: integer },
  sum: { inputs: [NUMBERS], valueType: ofInput },
  avg: { inputs: [NUMBERS], valueType: number },
  variance: { inputs: [NUMBERS], valueType: number },
  variancePop: { inputs: [NUMBERS], valueType: number },
  stddev: { inputs: [NUMBERS], valueType: number },
  stddevPop: { inputs: [NUMBERS], valueType: number },
  skewness: { inputs: [NUMBERS], valueType: number },
  kurtosis: { inputs: [NUMBERS], valueType: number },
  covariance: { inputs: [NUMBERS, NUMBERS], valueType: number },
  covariancePop: { inputs: [NUMBERS, NUMBERS], valueType: number },
  correlation: { inputs: [NUMBERS, NUMBERS], valueType: number },
  min: { inputs: [ORDERED], valueType: ofInput },
  max: { inputs: [ORDERED], valueType: ofInput },
  first: { inputs: [CATEGORIES], valueType: ofInput },
  last: { inputs: [CATEGORIES], valueType: ofInput },
  decayedCount: { inputs: [ANYTHING], optionalInput: true, neverNull: true, ...DECAY, valueType: number },
  decayedSum: { inputs: [NUMBERS], ...DECAY, valueType: number },
  timeSinceLast: { inputs: [ANYTHING], optionalInput: true, valueType: integer },
  timeSpan: { inputs: [ANYTHING], optionalInput: true, valueType: integer },
  rate: { inputs: [['boolean']], valueType: number },
  distinctCount: { inputs: [CATEGORIES], neverNull: true, valueType: integer },
  entropy: { inputs: [CATEGORIES], valueType: number },
  firstN: { inputs: [CATEGORIES], parameters: { n: LENGTH }, valueType: listOfInput },
  lastN: { inputs: [CATEGORIES], parameters: { n: LENGTH }, valueType: listOfInput },
  firstDistinctN: { inputs: [CATEGORIES], parameters: { n: LENGTH }, valueType: listOfInput },
  lastDistinctN: { inputs: [CATEGORIES], parameters: { n: LENGTH }, valueType: listOfInput },
  minN: { inputs: [ORDERED], parameters: { n: LENGTH }, valueType: listOfInput },
  maxN: { inputs: [ORDERED], parameters: { n: LENGTH }, valueType: listOfInput },
  topK: { inputs: [CATEGORIES], parameters: { k: LENGTH }, valueType: listOfInput },
  topKBySum: { inputs: [CATEGORIES, NUMBERS], parameters: { k: LENGTH }, valueType: listOfInput },
  distinctValues: { inputs: [CATEGORIES], parameters: { limit: LENGTH }, valueType: listOfInput },
  countBy: { inputs: [CATEGORIES], valueType: countOfInput },
  mostFrequentShare: { inputs: [CATEGORIES], valueType: number },
  histogram: {
    inputs: [NUMBERS],
    parameters: { edges: { kind: 'edges', example: '[0, 10, 100]' } },
    valueType: listOfIntegers,
  },
  approxDistinctCount: {
    inputs: [CATEGORIES],
    neverNull: true,
    parameters: { precision: { kind: 'integer', from: 4, to: 18, default: 12 } },
    valueType: integer,
  },
  approxPercentile: {
    inputs: [NUMBERS],
    parameters: {
      p: { kind: 'number', from: 0, to: 1 },
      relativeError: { kind: 'number', from: 1e-6, to: 0.5, default: 0.01 },
    },
    valueType: number,
  },
} as const satisfies Readonly<Record<string, AggregateSignature>>;

export type AggregateName = keyof typeof SIGNATURES;

export const AGGREGATE_NAMES = Object.keys(SIGNATURES) as readonly AggregateName[];

export function signatureOf(aggregate: AggregateName): AggregateSignature {
  return SIGNATURES[aggregate];
}

/** Whether it is a type of lists or maps. */
export function isVector(type: FeatureType): type is Exclude<FeatureType, ValueType> {
  return typeof type === 'object';
}

/** A type as `tidemark check` shows it: `integer`, `list<string>`, `map<string, integer>`. */
export function featureTypeName(type: FeatureType): string {
  if (!isVector(type)) return type;
  return type.kind === 'list' ? `list<${type.of}>` : `map<${type.key}, ${type.value}>`;
}
