import type { Scalar } from '../../src/definitions/definition.ts';
import type { Reached } from './aggregate.ts';
import { exactComparison } from './exact.ts';
import { compareScalars } from './scalars.ts';

/** The naive twins of the aggregates over categories and of lists of some values. */

/** Each different value, in order of first occurrence, with the places where it stands. */
function groups(values: readonly Scalar[]): { readonly value: Scalar; readonly places: readonly number[] }[] {
  const different = values.filter((value, place) => values.indexOf(value) === place);
  return different.map((value) => ({
    value,
    places: values.flatMap((other, place) => (other === value ? [place] : [])),
  }));
}

function ascending(values: readonly Scalar[]): readonly Scalar[] {
  return [...values].sort(compareScalars);
}

function different(values: readonly Scalar[]): readonly Scalar[] {
  return groups(values).map(({ value }) => value);
}

export function firstN({ values, parameters }: Reached): readonly Scalar[] {
  return values.slice(0, parameters['n'] as number);
}

export function lastN({ values, parameters }: Reached): readonly Scalar[] {
  return values.toReversed().slice(0, parameters['n'] as number);
}

export function firstDistinctN({ values, parameters }: Reached): readonly Scalar[] {
  return different(values).slice(0, parameters['n'] as number);
}

export function lastDistinctN({ values, parameters }: Reached): readonly Scalar[] {
  return different(values.toReversed()).slice(0, parameters['n'] as number);
}

export function minN({ values, parameters }: Reached): readonly Scalar[] {
  return ascending(values).slice(0, parameters['n'] as number);
}

export function maxN({ values, parameters }: Reached): readonly Scalar[] {
  return ascending(values)
    .toReversed()
    .slice(0, parameters['n'] as number);
}

export function topK({ values, parameters }: Reached): readonly Scalar[] {
  return groups(values)
    .sort((a, b) => b.places.length - a.places.length || compareScalars(a.value, b.value))
    .slice(0, parameters['k'] as number)
    .map(({ value }) => value);
}

export function topKBySum({ values, others, parameters }: Reached): readonly Scalar[] {
  const summed = groups(values).map(({ value, places }) => ({
    value,
    terms: places.map((place) => others[place] as number),
  }));
  return summed
    .sort((a, b) => exactComparison(b.terms, a.terms) || compareScalars(a.value, b.value))
    .slice(0, parameters['k'] as number)
    .map(({ value }) => value);
}

export function distinctValues({ values, parameters }: Reached): readonly Scalar[] {
  return ascending(different(values)).slice(0, parameters['limit'] as number);
}

export function countBy({ values }: Reached): ReadonlyMap<Scalar, Scalar> {
  const sorted = groups(values).sort((a, b) => compareScalars(a.value, b.value));
  return new Map(sorted.map(({ value, places }) => [value, places.length]));
}

export function mostFrequentShare({ values }: Reached): number {
  return Math.max(...groups(values).map(({ places }) => places.length)) / values.length;
}

export function histogram({ values, parameters }: Reached): readonly number[] {
  const edges = parameters['edges'] as readonly number[];
  const bounds = [Number.NEGATIVE_INFINITY, ...edges, Number.POSITIVE_INFINITY];
  return bounds
    .slice(0, -1)
    .map(
      (from, index) =>
        values.filter((value) => (value as number) >= from && (value as number) < bounds[index + 1]!).length,
    );
}
