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
export type { Definitions, FeatureGroup, Scalar, Source, Value } from './definitions/definition.ts';
export { DefinitionError } from './definitions/definition-error.ts';
export { type Field, field, type RecordOf, type Schema } from './definitions/field.ts';
export { loadDefinitions } from './definitions/load.ts';
export type { RangeOptions } from './definitions/read-range.ts';
export { TidemarkError } from './errors.ts';
export { type OnlineAnswer, OnlineReader, type OnlineReaderOptions } from './serving/online-reader.ts';
export { ReadError, type ReadRequest } from './serving/read-request.ts';
