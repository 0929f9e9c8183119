import type { FeatureGroup, Value } from '../definitions/definition.ts';
import { isVectorValue, type StoredValue, VectorJson, vectorText } from '../definitions/value.ts';
import type { ServedRow } from '../serving/served-log.ts';
import type { SeenRevision } from '../training/latest-rows.ts';
import type { ShownRow } from './options.ts';

/** What a row that was served is, beside what the log makes of its entity. */
export interface Judgement {
  /** What is wrong; null: the row is the log's, to the bit. */
  readonly problem: string | null;
  /** The features that were compared: those of the answer, where the revision is there. */
  readonly compared: readonly string[];
  /** Those of them whose values are not the same. */
  readonly differing: readonly string[];
}

/** @param replayed the row of the window that was served, at the log position that it claims */
export function judgeRow(
  group: FeatureGroup,
  { version, knownAt }: ServedRow,
  values: ReadonlyMap<string, Value | null>,
  replayed: SeenRevision | null,
): Judgement {
  if (replayed?.version !== version) {
    const problem = `the log makes no such row at version ${version} and log time ${knownAt}`;
    return { problem, compared: [], differing: [] };
  }
  const differing = group.features
    .filter(({ name }, place) => values.has(name) && !isSame(values.get(name)!, replayed.values[place]!))
    .map(({ name }) => name);
  let problem: string | null = null;
  if (differing.length > 0) problem = `the log makes other values of ${differing.join(', ')}`;
  else if (replayed.knownAt !== knownAt) problem = `the log makes the row at log time ${replayed.knownAt}`;
  return { problem, compared: [...values.keys()], differing };
}

/** To the bit: lists and maps by their texts, which are equal when they are. */
function isSame(served: Value | null, replayed: StoredValue): boolean {
  if (replayed instanceof VectorJson) {
    return served !== null && isVectorValue(served) && vectorText(served) === replayed.json;
  }
  return Object.is(served, replayed);
}

/** The row with those of its features that were answered. */
export function showReplayed(
  group: FeatureGroup,
  { windowEnd, version, knownAt, values }: SeenRevision,
  answered: ReadonlyMap<string, unknown>,
): ShownRow {
  const shown = group.features.flatMap(({ name }, place) => {
    const value = values[place]!;
    return answered.has(name) ? [[name, value instanceof VectorJson ? JSON.parse(value.json) : value]] : [];
  });
  return { windowEnd, version, knownAt, values: Object.fromEntries(shown) };
}
