import type { Scalar, Value } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { aggregateOf, type Occurrence } from './aggregate.ts';
import { gridUpTo, rangeStart } from './grid.ts';
import { type GroupDescription, usesCalendar } from './oracle.ts';
import { compareScalars } from './scalars.ts';
import { lastOf, sessionsOf } from './session-windows.ts';

/** The features of a row of a training set, and the row of the online store that they are of. */
export interface AsOf {
  readonly windowEnd: number | null;
  readonly version: number | null;
  readonly knownAt: number | null;
  readonly values: readonly (Value | null)[];
}

function byTime(a: Occurrence, b: Occurrence): number {
  return a.eventTime - b.eventTime || a.offset - b.offset;
}

function isSame(a: readonly Scalar[], b: readonly Scalar[]): boolean {
  return a.every((field, index) => compareScalars(field, b[index]!) === 0);
}

/** S(e, t): the revisions are those of the entity's partition, in the order in which they were made. */
export function servedAt(
  revisions: readonly Revision[],
  entity: readonly Scalar[],
  time: number,
  servingDelayMs: number,
): AsOf | null {
  const known = revisions.filter(
    (revision) => isSame(revision.entity, entity) && revision.knownAt <= time - servingDelayMs,
  );
  const ends = [...new Set(known.map((revision) => revision.windowEnd))].sort((a, b) => b - a);
  for (const end of ends) {
    const last = known.findLast((revision) => revision.windowEnd === end)!;
    if (!last.deleted) return last;
  }
  return null;
}

/** P(e, t): the events are all that the group took of the entity, however late. */
export function truthAt(group: GroupDescription, events: readonly Occurrence[], time: number): AsOf {
  const { grid, features } = group;
  const isOutside = usesCalendar(group) && (time < Date.UTC(1970, 0, 1) || time > Date.UTC(2100, 0, 1));
  const nothing = { version: null, knownAt: null };
  if (isOutside) return { ...nothing, windowEnd: null, values: features.map(() => null) };
  if (grid.kind === 'session') {
    const earlier = events.filter(({ eventTime }) => eventTime < time).sort(byTime);
    const session = sessionsOf(grid, earlier).at(-1);
    const windowEnd = session === undefined ? null : lastOf(session) + grid.gapMs;
    const values = features.map((feature) => aggregateOf(feature, session ?? [], windowEnd ?? time));
    return { ...nothing, windowEnd, values };
  }
  const ends = features.map(({ range }) => (range.kind === 'lastUnits' ? gridUpTo(grid, time) : time));
  const values = features.map((feature, index) => {
    const end = ends[index]!;
    const start = rangeStart(feature.range, grid, end);
    const contents = events.filter(({ eventTime }) => start <= eventTime && eventTime < end);
    return aggregateOf(feature, contents, end);
  });
  return { ...nothing, windowEnd: Math.max(...ends), values };
}
