import type { Grid, Row, Scalar, Value } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { RejectionReason } from '../../src/sources/record.ts';
import type { FeatureDescription, Occurrence } from './aggregate.ts';
import { GridWindows } from './grid-windows.ts';
import { compareScalars } from './scalars.ts';
import { SessionWindows } from './session-windows.ts';
import type { Event, Standing, WindowsReading } from './windows-reading.ts';

/**
 * A deliberately naive reading of the semantics, for one partition and one group: nothing is shared with the
 * operators, and nothing here is quick.
 */

export interface GroupDescription {
  readonly grid: Grid;
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
  readonly maxEntityState: number;
  readonly features: readonly FeatureDescription[];
}

/** Whether it takes event times from 1970 to 2099 only. */
export function usesCalendar({ grid, features }: GroupDescription): boolean {
  return grid.kind === 'calendar' || features.some(({ range }) => range.kind === 'since');
}

const CALENDAR_MS = { from: Date.UTC(1970, 0, 1), to: Date.UTC(2100, 0, 1) };

/** A mark of the journal: W := watermark, at log time `logTime`. */
export interface LoggedMark {
  readonly watermark: number;
  readonly logTime: number;
}

export interface LoggedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  /** The decoded row, or why there is none. */
  readonly row: Row | 'null_value' | 'undecodable' | 'schema';
  /** Null when the row has none. */
  readonly eventTime: number | null;
  /** The marks after it and before the next record; none unless given. */
  readonly marks?: readonly LoggedMark[];
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

interface Entity {
  readonly key: readonly Scalar[];
  /** What the group took of it, the dropped ones and those that were too many for it, too. */
  readonly events: Occurrence[];
  /** Values of the last revision made, by window end; none of a row that is no more. */
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
  readonly #windows: WindowsReading;
  readonly #entities: Entity[] = [];
  readonly #entityNumbers = new Map<string, number>();

  /**
   * `thorough` looks at every window that any event of the entity could reach, at every record; without it only
   * at those that the record itself could have changed. Both must say the same. What stays for ever changes every
   * later window, so that a group with a lifetime is always looked at thoroughly, and so are sessions.
   */
  constructor(group: GroupDescription, options: { readonly thorough?: boolean } = {}) {
    this.group = group;
    const { grid } = group;
    this.#windows =
      grid.kind === 'session'
        ? new SessionWindows(group, grid)
        : new GridWindows(group, grid, options.thorough ?? false);
  }

  get entities(): readonly Pick<Entity, 'key' | 'events'>[] {
    return this.#entities;
  }

  /** Takes the next record and the marks after it; returns the revisions that they made. */
  process(record: LoggedRecord): readonly Revision[] {
    const made = [...this.#take(record)];
    for (const mark of record.marks ?? []) made.push(...this.#mark(record.offset, mark));
    return made;
  }

  #take(record: LoggedRecord): readonly Revision[] {
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
    if (entity === null) return this.#revise(null, before, record.offset);
    const event = { ...judged, offset: record.offset, watermark: before };
    this.#entities[entity]!.events.push(event);
    const standing = this.#windows.take(entity, event);
    if (standing === 'too large') this.#rejectByGroup(record, 'entity_too_large');
    else this.#count(record, event, standing);
    const isTaken = standing !== 'too large' && standing.missed === null;
    return this.#revise(isTaken ? entity : null, before, record.offset);
  }

  #mark(offset: number, mark: LoggedMark): readonly Revision[] {
    const before = this.watermark;
    this.watermark = Math.max(before, mark.watermark);
    this.logTime = Math.max(this.logTime, mark.logTime);
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

  /** The number of an accepted record's entity; null when the group filters or rejects it. */
  #entityOf(record: LoggedRecord, row: Row, eventTime: number): number | null {
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
      this.#rejectByGroup(record, reason);
      return null;
    }
    const name = JSON.stringify(key);
    const known = this.#entityNumbers.get(name);
    if (known !== undefined) return known;
    const entity = this.#entities.push({ key: key as Scalar[], events: [], revised: new Map() }) - 1;
    this.#entityNumbers.set(name, entity);
    return entity;
  }

  #rejectByGroup({ offset }: LoggedRecord, reason: RejectionReason): void {
    this.counters.rejectedByGroup += 1;
    this.rejected.push({ offset, by: 'group', reason });
  }

  #isOutOfCalendar(eventTime: number): boolean {
    const { from, to } = CALENDAR_MS;
    return usesCalendar(this.group) && !(from <= eventTime && eventTime < to);
  }

  #count(record: LoggedRecord, { eventTime, watermark }: Event, standing: Standing): void {
    const { offset, timestamp } = record;
    const { missed } = standing;
    if (standing.late) this.counters.late += 1;
    if (standing.partlyLate) this.counters.partlyLate += 1;
    if (missed === null) return;
    this.counters.dropped += 1;
    const [missedFirst, missedLast] = [missed[0]!, missed.at(-1)!];
    const position = { offset, timestamp, eventTime, watermark };
    this.dropped.push({ ...position, missedFirst, missedLast, missedCount: missed.length });
  }

  /** `touched` is the entity whose last event is the record just taken. */
  #revise(touched: number | null, before: number, offset: number): readonly Revision[] {
    const made = this.#windows.revise(touched, before, this.watermark).map((change): Revision => {
      const { windowEnd, timing, deleted, leave, values } = change;
      const entity = this.#entities[change.entity]!;
      const previous = entity.revised.get(windowEnd) ?? null;
      if (deleted) entity.revised.delete(windowEnd);
      else entity.revised.set(windowEnd, values);
      const version = offset + 1 + this.group.epoch * 2 ** 43;
      const row = { entity: entity.key, windowEnd, version, knownAt: this.logTime };
      return { ...row, timing, deleted, leave, values, previous };
    });
    made.sort((a, b) => a.windowEnd - b.windowEnd);
    this.revisions.push(...made);
    return made;
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
