import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { Range, Row, Scalar } from '../../src/definitions/definition.ts';
import { exactIntegerSum, exactSum } from './exact.ts';

/** One feature as the oracle takes it: plain functions of the row instead of expressions. */
export interface FeatureDescription {
  readonly name: string;
  readonly aggregate: AggregateName;
  readonly range: Range;
  /** Null only for `count()` of records. */
  readonly input: ((row: Row) => Scalar | null) | null;
  /** The input is an integer expression, so that a sum of it is an integer too. */
  readonly integer: boolean;
  readonly where: ((row: Row) => boolean | null) | null;
  readonly default: Scalar | null;
}

/** What an aggregate sees of a record. */
export interface Occurrence {
  readonly eventTime: number;
  readonly offset: number;
  readonly row: Row;
}

/** Strings by UTF-8 bytes, numbers by value, false before true. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
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

function sumOf(feature: FeatureDescription, values: readonly number[]): number | null {
  if (feature.integer) return exactIntegerSum(values);
  const sum = exactSum(values);
  return Number.isFinite(sum) ? sum : null;
}

/** Of at least one value that is not null, in the order (event time, offset). */
function ofSomething(feature: FeatureDescription, values: readonly Scalar[]): Scalar | null {
  switch (feature.aggregate) {
    case 'count':
      return values.length;
    case 'sum':
      return sumOf(feature, values as number[]);
    case 'avg': {
      const sum = sumOf(feature, values as number[]);
      return sum === null ? null : sum / values.length + 0;
    }
    case 'min':
      return values.reduce((least, value) => (compareScalars(value, least) < 0 ? value : least));
    case 'max':
      return values.reduce((most, value) => (compareScalars(value, most) > 0 ? value : most));
    case 'first':
      return values[0]!;
    case 'last':
      return values.at(-1)!;
    case 'rate':
      return values.filter((value) => value === true).length / values.length;
    case 'distinctCount':
      return categoryCounts(values).length;
    case 'entropy':
      return entropyOf(categoryCounts(values));
  }
}

function ofNothing(feature: FeatureDescription): Scalar | null {
  if (feature.aggregate === 'count' || feature.aggregate === 'distinctCount') return 0;
  return feature.default;
}

/** The feature's value over these contents (semantics.md, "NULL and number rules"). */
export function aggregateOf(feature: FeatureDescription, contents: readonly Occurrence[]): Scalar | null {
  const { input, where } = feature;
  const values = contents
    .filter((occurrence) => where === null || where(occurrence.row) === true)
    .sort((a, b) => a.eventTime - b.eventTime || a.offset - b.offset)
    .map((occurrence) => (input === null ? true : input(occurrence.row)))
    .filter((value) => value !== null)
    .map((value) => (value === 0 ? 0 : value));
  return values.length === 0 ? ofNothing(feature) : ofSomething(feature, values);
}
