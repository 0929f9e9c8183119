import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { Scalar } from '../../src/definitions/definition.ts';
import { type FeatureDescription, type Occurrence, type Reached, reachedBy } from './aggregate.ts';
import { isOwn } from './own-aggregates.ts';
import { bucketOf, ranksOf } from './sketches.ts';

function different(values: readonly unknown[]): number {
  return new Set(values).size;
}

function atMost(parameter: string, count: (values: readonly Scalar[]) => number) {
  return ({ values, parameters }: Reached) => Math.min(parameters[parameter] as number, count(values));
}

const ofDifferent = ({ values }: Reached): number => different(values);
const ofSome = atMost('n', (values) => values.length);
const ofSomeDifferent = atMost('n', different);

/** How many values the aggregates keep of a pane or session whose state grows with what reaches it. */
const KEPT: Partial<Record<AggregateName, (reached: Reached) => number>> = {
  distinctCount: ofDifferent,
  entropy: ofDifferent,
  topK: ofDifferent,
  topKBySum: ofDifferent,
  distinctValues: ofDifferent,
  countBy: ofDifferent,
  mostFrequentShare: ofDifferent,
  firstN: ofSome,
  lastN: ofSome,
  minN: ofSome,
  maxN: ofSome,
  firstDistinctN: ofSomeDifferent,
  lastDistinctN: ofSomeDifferent,
  approxDistinctCount: ({ values, parameters }) =>
    ranksOf(values, parameters['precision'] as number).filter((rank) => rank > 0).length,
  approxPercentile: ({ values, parameters }) =>
    different(values.map((value) => bucketOf(value as number, parameters['relativeError'] as number))),
};

/** How much of the limit of an entity's state one pane or session of these events takes. */
export function stateSizeOf(features: readonly FeatureDescription[], events: readonly Occurrence[]): number {
  return features.reduce((size, feature) => {
    const kept = isOwn(feature.aggregate) ? undefined : KEPT[feature.aggregate];
    return size + (kept?.(reachedBy(feature, events, 0)) ?? 0);
  }, 1);
}
