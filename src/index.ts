export type {
  AggregateDefinition,
  AggregateOptions,
  DefaultOptions,
  ListOptions,
} from './definitions/aggregate-call.ts';
export {
  approxDistinctCount,
  approxPercentile,
  avg,
  correlation,
  count,
  countBy,
  covariance,
  covariancePop,
  type DecayOptions,
  decayedCount,
  decayedSum,
  distinctCount,
  distinctValues,
  entropy,
  first,
  firstDistinctN,
  firstN,
  histogram,
  kurtosis,
  last,
  lastDistinctN,
  lastN,
  max,
  maxN,
  min,
  minN,
  mostFrequentShare,
  rate,
  skewness,
  stddev,
  stddevPop,
  sum,
  timeSinceLast,
  timeSpan,
  topK,
  topKBySum,
  variance,
  variancePop,
} from './definitions/aggregate-functions.ts';
export type { CalendarLengthOptions, CalendarOptions } from './definitions/calendar-options.ts';
export { defineAggregate } from './definitions/define-aggregate.ts';
export { defineFeatureGroup, type FeatureGroupOptions } from './definitions/define-feature-group.ts';
export { defineSource, type SourceDefinition, type SourceOptions } from './definitions/define-source.ts';
export type { FeatureGroup, Source } from './definitions/definition.ts';
export { DefinitionError } from './definitions/definition-error.ts';
export { type Field, field, type RecordOf, type Schema } from './definitions/field.ts';
export type { RangeOptions } from './definitions/read-range.ts';
export { TidemarkError } from './errors.ts';
