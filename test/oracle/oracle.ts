import { isDeepStrictEqual } from 'node:util';
import type { Row, Scalar, Value, WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { RejectionReason } from '../../src/sources/record.ts';
import { aggregateOf, compareScalars, type FeatureDescription, type Occurrence } from './aggregate.ts';
import { gridAfter, gridBefore, rangeStart } from './grid.ts';

/**
 * A deliberately naive reading of the semantics, for one partition and one group. It keeps every event for ever and works out the contents of every window anew, as explicit lists,
 * whenever it is asked; nothing is shared with the operators, and nothing here is quick.
 */

export interface GroupDescription {
  readonly grid: WindowGrid;
  readonly allowedLatenessMs: number;
  readonly maxOutOfOrdernessMs: number;
  readonly maxAheadMs: number | null;
  readonly onNullEventTime: 'reject' | 'logTime';
  readonly emit: 'change' | 'close';
  readonly epoch: number;
  readonly where: ((row: Row) => boolean | null) | null;
  readonly entity: (row: Row) => readonly (Scalar | null)[];
  /** The field that the record key must hold; null: not checked. */
  readonly key: ((row: Row) => Scalar | null) | null;
  readonly features: readonly FeatureDescription[];
}

/** Whether it takes event times from 1970 to 2099 only. */
export function usesCalendar({ grid, features }: GroupDescription): boolean {
  return grid.kind === 'calendar' || features.some(({ range }) => range.kind === 'since');
}

function staysForEver({ features }: GroupDescription): boolean {
  return features.some(({ range }) => range.kind === 'lifetime');
}

const CALENDAR_MS = { from: Date.UTC(1970, 0, 1), to: Date.UTC(2100, 0, 1) };

export interface LoggedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  /** The decoded row, or why there is none. */
  readonly row: Row | 'null_value' | 'undecodable' | 'schema';
  /** Null when the row has none. */
  readonly eventTime: number | null;
}

export interface Drop {
  readonly offset: number;
  readonly timestamp: number;
  readonly eventTime: number;
  /** The watermark that it was judged against. */
  readonly watermark: number;
  readonly missedFirst: number;
  readonly missedLast: number;
  readonly missedCount: number;
}

export interface OracleRejection {
  readonly offset: number;
  readonly by: 'source' | 'group';
  readonly reason: RejectionReason;
}

export interface OracleCounters {
  accepted: number;
  /** Passed over by the group's `where`. */
  filtered: number;
  rejectedBySource: number;
  rejectedByGroup: number;
  /** Every record whose first window had closed, so the partly late and the dropped among them too. */
  late: number;
  partlyLate: number;
  dropped: number;
}

/** A record that some window may hold. */
interface Event extends Occurrence {
  /** W before the record: what its lateness is judged against. */
  readonly watermark: number;
  /** The grid times whose windows hold it by a range that it leaves again: the first after it, and on. */
  readonly windows: readonly number[];
  /** The first grid time that it is admitted to, if it is in the range; it may be beyond `windows`. */
  readonly firstOpen: number;
}

interface RowState {
  readonly kind: 'enter' | 'leave' | 'none';
  readonly values: readonly (Value | null)[];
}

interface Entity {
  readonly key: readonly Scalar[];
  readonly events: Event[];
  /** Values of the last revision made, by window end. */
  readonly revised: Map<number, readonly (Value | null)[]>;
}

export class Oracle {
  readonly group: GroupDescription;
  readonly revisions: Revision[] = [];
  readonly dropped: Drop[] = [];
  readonly rejected: OracleRejection[] = [];
  readonly counters: OracleCounters = {
    accepted: 0,
    filtered: 0,
    rejectedBySource: 0,
    rejectedByGroup: 0,
    late: 0,
    partlyLate: 0,
    dropped: 0,
  };
  watermark = Number.NEGATIVE_INFINITY;
  logTime = Number.NEGATIVE_INFINITY;
  readonly #entities = new Map<string, Entity>();
  readonly #thorough: boolean;

  /**
   * `thorough` looks at every window that any event of the entity could reach, at every record; without it only
   * at those that the record itself could have changed. Both must say the same. What stays for ever changes every
   * later window, so that a group with a lifetime is always looked at thoroughly.
   */
  constructor(group: GroupDescription, options: { readonly thorough?: boolean } = {}) {
    this.group = group;
    this.#thorough = (options.thorough ?? false) || staysForEver(group);
  }

  /** Takes the next record; returns the revisions that it made. */
  process(record: LoggedRecord): readonly Revision[] {
    const before = this.watermark;
    if (record.timestamp !== -1) this.logTime = Math.max(this.logTime, record.timestamp);
    const judged = this.#judge(record);
    if (typeof judged === 'string') {
      this.counters.rejectedBySource += 1;
      this.rejected.push({ offset: record.offset, by: 'source', reason: judged });
      return [];
    }
    this.counters.accepted += 1;
    this.watermark = Math.max(before, judged.eventTime - this.group.maxOutOfOrdernessMs);
    const entity = this.#entityOf(record, judged.row, judged.eventTime);
    if (entity !== null) {
      entity.events.push(this.#event({ ...judged, offset: record.offset }, before));
      this.#countLateness(record, entity.events.at(-1)!);
    }
    return this.#revise(entity, before, record.offset);
  }

  /** An idle advance noted after the record at `offset`: W := watermark, at log time `logTime`. */
  mark(offset: number, watermark: number, logTime: number): readonly Revision[] {
    const before = this.watermark;
    this.watermark = Math.max(before, watermark);
    this.logTime = Math.max(this.logTime, logTime);
    return this.#revise(null, before, offset);
  }

  /** The source's verdict: why it rejects the record, or its row and event time. */
  #judge(record: LoggedRecord): RejectionReason | { readonly row: Row; readonly eventTime: number } {
    if (record.timestamp === -1) return 'no_timestamp';
    if (typeof record.row === 'string') return record.row;
    if (record.eventTime === null && this.group.onNullEventTime === 'reject') return 'null_event_time';
    const eventTime = record.eventTime ?? this.logTime;
    const { maxAheadMs } = this.group;
    if (maxAheadMs !== null && eventTime > this.logTime + maxAheadMs) return 'ahead';
    return { row: record.row, eventTime };
  }

  /** The entity of an accepted record; null when the group filters or rejects it. */
  #entityOf(record: LoggedRecord, row: Row, eventTime: number): Entity | null {
    if (this.group.where !== null && this.group.where(row) !== true) {
      this.counters.filtered += 1;
      return null;
    }
    const key = this.group.entity(row);
    let reason: RejectionReason | null = null;
    if (key.includes(null)) reason = 'null_entity';
    else if (this.group.key !== null && record.key !== keyText(this.group.key(row))) reason = 'key_mismatch';
    else if (this.#isOutOfCalendar(eventTime)) reason = 'event_time_range';
    if (reason !== null) {
      this.counters.rejectedByGroup += 1;
      this.rejected.push({ offset: record.offset, by: 'group', reason });
      return null;
    }
    const name = JSON.stringify(key);
    const entity = this.#entities.get(name) ?? { key: key as Scalar[], events: [], revised: new Map() };
    this.#entities.set(name, entity);
    return entity;
  }

  #isOutOfCalendar(eventTime: number): boolean {
    const { from, to } = CALENDAR_MS;
    return usesCalendar(this.group) && !(from <= eventTime && eventTime < to);
  }

  #event(occurrence: Occurrence, watermark: number): Event {
    const { grid, features, allowedLatenessMs } = this.group;
    const { eventTime } = occurrence;
    const passing = features.filter(({ range }) => range.kind !== 'lifetime');
    const isHeld = (end: number) =>
      passing.some(({ range }) => rangeStart(range, grid, end) <= eventTime && eventTime < end);
    const windows: number[] = [];
    for (let end = gridAfter(grid, eventTime); isHeld(end); end = gridAfter(grid, end)) windows.push(end);
    const firstOpen = gridAfter(grid, Math.max(eventTime, watermark - allowedLatenessMs));
    return { ...occurrence, watermark, windows, firstOpen };
  }

  #countLateness(record: LoggedRecord, event: Event): void {
    const { windows } = event;
    const first = gridAfter(this.group.grid, event.eventTime);
    const isFinal = (end: number) => !this.#isAdmitted(event, end);
    if (first <= event.watermark) this.counters.late += 1;
    if (!staysForEver(this.group) && windows.every(isFinal)) {
      this.counters.dropped += 1;
      this.dropped.push({
        offset: record.offset,
        timestamp: record.timestamp,
        eventTime: event.eventTime,
        watermark: event.watermark,
        missedFirst: first,
        missedLast: windows.at(-1)!,
        missedCount: windows.length,
      });
    } else if (isFinal(first)) this.counters.partlyLate += 1;
  }

  #isInRange({ range }: FeatureDescription, end: number, event: Event): boolean {
    return rangeStart(range, this.group.grid, end) <= event.eventTime && event.eventTime < end;
  }

  #isAdmitted(event: Event, end: number): boolean {
    const inSomeRange = this.group.features.some((feature) => this.#isInRange(feature, end, event));
    return inSomeRange && end + this.group.allowedLatenessMs > event.watermark;
  }

  /** C_f(e, T, o), of the first `count` events of the entity. */
  #contents(feature: FeatureDescription, entity: Entity, end: number, count: number): Event[] {
    return entity.events
      .slice(0, count)
      .filter((event) => this.#isInRange(feature, end, event) && this.#isAdmitted(event, end));
  }

  /** Whether and how (e, T) exists after the first `count` events of the entity, and V(e, T). */
  #rowAt(entity: Entity, end: number, count: number): RowState {
    let enters = false;
    let leaves = false;
    const values: (Value | null)[] = [];
    for (const feature of this.group.features) {
      const contents = this.#contents(feature, entity, end, count);
      const earlier = this.#contents(feature, entity, gridBefore(this.group.grid, end), count);
      if (contents.some((event) => !earlier.includes(event))) enters = true;
      if (earlier.some((event) => !contents.includes(event))) leaves = true;
      values.push(aggregateOf(feature, contents, end));
    }
    return { kind: enters ? 'enter' : leaves ? 'leave' : 'none', values };
  }

  /** WindowGrid times at which these events can make a row: where they enter, are held, and leave. */
  #reach(events: readonly Event[]): number[] {
    const times = events.map(({ windows, firstOpen }) => {
      const last = windows.at(-1);
      return [firstOpen, ...windows, ...(last === undefined ? [] : [gridAfter(this.group.grid, last)])];
    });
    return [...new Set(times.flat())].sort((a, b) => a - b);
  }

  /** `touched` is the entity whose last event is the record just taken. */
  #revise(touched: Entity | null, before: number, offset: number): readonly Revision[] {
    const made: Revision[] = [];
    const closes = (end: number) => before < end && end <= this.watermark;
    for (const entity of this.#entities.values()) {
      const added = entity === touched ? 1 : 0;
      const changed = this.#thorough ? entity.events : entity.events.slice(entity.events.length - added);
      const ends = new Set([...this.#reach(entity.events).filter(closes), ...this.#reach(changed)]);
      for (const end of ends) {
        const was = this.#rowAt(entity, end, entity.events.length - added);
        const is = this.#rowAt(entity, end, entity.events.length);
        const timing = this.#timing(end, before, was, is);
        if (timing === null || (timing === 'early' && this.group.emit === 'close')) continue;
        made.push({
          entity: entity.key,
          windowEnd: end,
          version: offset + 1 + this.group.epoch * 2 ** 43,
          knownAt: this.logTime,
          timing,
          deleted: false,
          values: is.values,
          previous: entity.revised.get(end) ?? null,
        });
        entity.revised.set(end, is.values);
      }
    }
    made.sort((a, b) => a.windowEnd - b.windowEnd);
    this.revisions.push(...made);
    return made;
  }

  /** Which revision of (e, T), if any, the step makes (semantics.md, "Revisions"). */
  #timing(end: number, before: number, was: RowState, is: RowState): Revision['timing'] | null {
    const changed = !isDeepStrictEqual(is.values, was.values);
    if (end > this.watermark) {
      return is.kind === 'enter' && (changed || was.kind !== 'enter') ? 'early' : null;
    }
    if (end > before) return is.kind === 'none' ? null : 'on-time';
    const isFinal = before >= end + this.group.allowedLatenessMs;
    return !isFinal && is.kind !== 'none' && (changed || was.kind === 'none') ? 'late' : null;
  }
}

function keyText(value: Scalar | null): string | undefined {
  return value === null ? undefined : String(value);
}

/** By entity field by field, window end, version; of one version early, on-time, late. */
function compareRevisions(a: Revision, b: Revision): number {
  for (const [index, field] of a.entity.entries()) {
    const order = compareScalars(field, b.entity[index]!);
    if (order !== 0) return order;
  }
  const rank = (revision: Revision) => ['early', 'on-time', 'late'].indexOf(revision.timing);
  return a.windowEnd - b.windowEnd || a.version - b.version || rank(a) - rank(b);
}

/** What a replay writes of these revisions, in its order. */
export function selectRows(
  revisions: readonly Revision[],
  rows: 'all' | 'revisions' | 'final',
): readonly Revision[] {
  const sorted = [...revisions].sort(compareRevisions);
  if (rows === 'all') return sorted;
  if (rows === 'revisions') return sorted.filter((revision) => revision.timing !== 'early');
  return sorted.filter((revision, index) => {
    const next = sorted[index + 1];
    return (
      next === undefined ||
      next.windowEnd !== revision.windowEnd ||
      next.entity.some((field, part) => compareScalars(field, revision.entity[part]!) !== 0)
    );
  });
}
