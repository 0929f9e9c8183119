import { isDeepStrictEqual } from 'node:util';
import type { SessionGrid, Value } from '../../src/definitions/definition.ts';
import { aggregateOf } from './aggregate.ts';
import type { GroupDescription } from './oracle.ts';
import { stateSizeOf } from './state-size.ts';
import type { Event, RowChange, Standing, WindowsReading } from './windows-reading.ts';

type Timed = Pick<Event, 'eventTime'>;

export function firstOf(session: readonly Timed[]): number {
  return Math.min(...session.map(({ eventTime }) => eventTime));
}

export function lastOf(session: readonly Timed[]): number {
  return Math.max(...session.map(({ eventTime }) => eventTime));
}

/** The sessions of events that came in this order. */
export function sessionsOf<E extends Timed>(grid: SessionGrid, events: readonly E[]): readonly E[][] {
  return grid.maxDurationMs === null ? splitByGap(grid, events) : joinInTurn(grid, events);
}

/** In order of time, a new session begins where the event before is the gap away. */
function splitByGap<E extends Timed>(grid: SessionGrid, events: readonly E[]): E[][] {
  const sessions: E[][] = [];
  for (const event of events.toSorted((a, b) => a.eventTime - b.eventTime)) {
    const session = sessions.at(-1);
    if (session !== undefined && event.eventTime - lastOf(session) < grid.gapMs) session.push(event);
    else sessions.push([event]);
  }
  return sessions;
}

/** Each event joins the sessions near it, one after the other, as long as they do not last too long with it. */
export function joinInTurn<E extends Timed>(grid: SessionGrid, events: readonly E[]): E[][] {
  let sessions: E[][] = [];
  for (const event of events) {
    const isNear = (other: E) => Math.abs(other.eventTime - event.eventTime) < grid.gapMs;
    let joined = [event];
    for (const session of sessions.filter((each) => each.some(isNear))) {
      const union = [...session, ...joined];
      if (lastOf(union) - firstOf(union) > (grid.maxDurationMs ?? Number.POSITIVE_INFINITY)) continue;
      joined = union;
      sessions = sessions.filter((each) => each !== session);
    }
    sessions = [...sessions, joined].sort((a, b) => firstOf(a) - firstOf(b));
  }
  return sessions;
}

type Values = readonly (Value | null)[];

interface Entity {
  /** Those that are in no final session. */
  events: Event[];
  /** Values by window end, of the sessions that were not final after the last record. */
  rows: ReadonlyMap<number, Values>;
}

/** Sessions (semantics.md, "Sessions"), found anew from all events that are in no final one. */
export class SessionWindows implements WindowsReading {
  readonly #group: GroupDescription;
  readonly #grid: SessionGrid;
  readonly #entities = new Map<number, Entity>();

  constructor(group: GroupDescription, grid: SessionGrid) {
    this.#group = group;
    this.#grid = grid;
  }

  take(number: number, event: Event): Standing | 'too large' {
    const entity = this.#entities.get(number) ?? { events: [], rows: new Map() };
    this.#entities.set(number, entity);
    const end = event.eventTime + this.#grid.gapMs;
    const late = end <= event.watermark;
    const events = [...entity.events, event];
    const session = sessionsOf(this.#grid, events).find((each) => each.includes(event))!;
    const isDropped = session.length === 1 && end + this.#group.allowedLatenessMs <= event.watermark;
    if (!isDropped) {
      const held = sessionsOf(this.#grid, entity.events).map((each) =>
        stateSizeOf(this.#group.features, each),
      );
      if (held.reduce((a, b) => a + b, 0) >= this.#group.maxEntityState) return 'too large';
      entity.events = events;
    }
    return { late, partlyLate: false, missed: isDropped ? [end] : null };
  }

  revise(_touched: number | null, before: number, watermark: number): readonly RowChange[] {
    return [...this.#entities].flatMap(([number, entity]) => {
      const sessions = sessionsOf(this.#grid, entity.events);
      const was = entity.rows;
      const is = new Map(sessions.map((session) => [this.#endOf(session), this.#valuesOf(session)]));
      const changes = [...new Set([...was.keys(), ...is.keys()])].flatMap((end): RowChange[] => {
        const timing = timingOf(was.get(end), is.get(end), end, before, watermark);
        if (timing === null || (timing === 'early' && this.#group.emit === 'close')) return [];
        const values = is.get(end) ?? this.#group.features.map(() => null);
        return [{ entity: number, windowEnd: end, timing, deleted: !is.has(end), leave: null, values }];
      });
      const open = sessions.filter((each) => this.#endOf(each) + this.#group.allowedLatenessMs > watermark);
      entity.events = entity.events.filter((event) => open.some((session) => session.includes(event)));
      entity.rows = new Map(open.map((session) => [this.#endOf(session), this.#valuesOf(session)]));
      return changes;
    });
  }

  #endOf(session: readonly Event[]): number {
    return lastOf(session) + this.#grid.gapMs;
  }

  #valuesOf(session: readonly Event[]): Values {
    return this.#group.features.map((feature) => aggregateOf(feature, session, this.#endOf(session)));
  }
}

/** Which revision of a row, if any, the step makes; a row that is no more is undefined. */
function timingOf(
  was: Values | undefined,
  is: Values | undefined,
  end: number,
  before: number,
  watermark: number,
): RowChange['timing'] | null {
  const changed = !isDeepStrictEqual(is, was);
  if (end > watermark) return changed ? 'early' : null;
  if (end > before) return is === undefined ? 'early' : 'on-time';
  return changed ? 'late' : null;
}
