import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { SessionGrid } from '../definitions/definition.ts';
import type { DurationMs, EventTimeMs, Version } from '../time.ts';
import { EntitySessions } from './entity-sessions.ts';
import type { EntityTimers } from './entity-timers.ts';
import type { Kernel } from './kernel.ts';
import { EARLY, LATE, ON_TIME, type RevisionBatch } from './revision.ts';
import type { Arrival, ChunkLabel, Lateness, MissedWindows, Windows, WindowsOwner } from './windows.ts';

/**
 * Session windows of many entities (semantics.md, "Sessions").
 *
 * A session that is not final is its row. Which of the rows consumers have heard of need not be remembered: every
 * open one, unless only closed ones are emitted, and every closed one, because each change of a closed row is a
 * revision.
 *
 * An entity is woken when the first of its sessions closes or becomes final. A session that grows leaves the timer where
 * it is: when it fires too early another is set, so that an event costs no timer of its own.
 */
export class SessionWindows implements Windows {
  /** Records are judged against the watermark itself and not only against the ends that it passed. */
  readonly nextAdvance = Number.NEGATIVE_INFINITY;

  readonly #sessions: EntitySessions;
  readonly #out: RevisionBatch;
  readonly #timers: EntityTimers;
  readonly #emitEarly: boolean;
  readonly #owner: WindowsOwner;
  readonly #gapMs: DurationMs;
  readonly #allowedLatenessMs: DurationMs;
  readonly #maxEntityState: number;
  /** While rows close, the end up to which they are closed. */
  #watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  #closeUpTo: EventTimeMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    grid: SessionGrid;
    kernel: Kernel;
    out: RevisionBatch;
    timers: EntityTimers;
    emitEarly: boolean;
    allowedLatenessMs: DurationMs;
    maxEntityState: number;
    owner: WindowsOwner;
  }) {
    this.#sessions = new EntitySessions(options.grid, options.kernel, options.owner);
    this.#out = options.out;
    this.#timers = options.timers;
    this.#emitEarly = options.emitEarly;
    this.#owner = options.owner;
    this.#gapMs = options.grid.gapMs;
    this.#allowedLatenessMs = options.allowedLatenessMs;
    this.#maxEntityState = options.maxEntityState;
  }

  get bytes(): number {
    return this.#sessions.bytes;
  }

  /** By the end that the event alone would have: a session that it joins may end later. */
  judge(entity: number | undefined, eventTime: EventTimeMs): Lateness {
    const end = eventTime + this.#gapMs;
    const sessions = this.#sessions;
    const joins = entity !== undefined && sessions.select(entity) && sessions.findJoined(eventTime);
    if (end > this.#watermark) return 'in-time';
    return !joins && this.#isFinal(end) ? 'dropped' : 'late';
  }

  missed(eventTime: EventTimeMs): MissedWindows {
    const end = eventTime + this.#gapMs;
    return { missedFirst: end, missedLast: end, missedCount: 1 };
  }

  /** Sessions are given up as the watermark passes them: what is held is a function of the log. */
  hasRoom(entity: number): boolean {
    this.#sessions.select(entity);
    return this.#sessions.size < this.#maxEntityState;
  }

  /** Retracts the rows of the ends that the record moves, then gives the row of the session that it is in now. */
  apply(entity: number, arrival: Arrival): void {
    const sessions = this.#sessions;
    if (!sessions.select(entity)) {
      sessions.create(entity);
      sessions.findJoined(arrival.eventTime);
    }
    const { joinedFrom, joinedTo } = sessions;
    const lastEnd = joinedTo > joinedFrom ? sessions.endOf(joinedTo - 1) : Number.NEGATIVE_INFINITY;
    const end = Math.max(lastEnd, arrival.eventTime + this.#gapMs);
    for (let place = joinedFrom; place < joinedTo; place++) {
      if (sessions.endOf(place) < end) this.#retract(entity, place, arrival);
    }
    if (this.#isEmitted(end)) this.#insertAndRevise(entity, end, end === lastEnd, arrival);
    else sessions.insert(arrival.eventTime, arrival.offset);
    this.#timers.wakeBy(entity, end > this.#watermark ? end : end + this.#allowedLatenessMs);
  }

  get nextDue(): EventTimeMs {
    return this.#timers.next;
  }

  advance(watermark: EventTimeMs): void {
    this.#closeUpTo = watermark;
  }

  close(version: Version, knownAt: EventTimeMs, most: number): boolean {
    const isDone = this.#timers.fireUpTo(this.#closeUpTo, most, {
      begin: (position) => {
        this.#watermark = position;
      },
      wake: (entity) => this.#wake(entity, version, knownAt),
    });
    if (isDone) this.#watermark = this.#closeUpTo;
    return isDone;
  }

  encodeChanges(entity: number, out: ByteWriter, write: (chunk: ChunkLabel) => void): void {
    if (this.#sessions.select(entity)) this.#sessions.encodeChanges(out, write);
  }

  restoreWatermark(watermark: EventTimeMs): void {
    this.#watermark = watermark;
    this.#closeUpTo = watermark;
  }

  decode(entity: number, from: ByteReader): void {
    const sessions = this.#sessions;
    if (!sessions.select(entity)) sessions.create(entity);
    sessions.decodeChunk(from);
  }

  resume(entity: number): void {
    this.#sessions.select(entity);
    this.#timers.resume(entity, this.#wakeAt());
  }

  forget(entity: number): void {
    this.#sessions.select(entity);
    this.#sessions.release();
  }

  #isFinal(end: EventTimeMs): boolean {
    return end + this.#allowedLatenessMs <= this.#watermark;
  }

  /** Whether a row of this end, if there is one, has revisions. */
  #isEmitted(end: EventTimeMs): boolean {
    return this.#emitEarly || end <= this.#watermark;
  }

  // ------------------------------------------------------------------------------------------------ timers

  /** Closes the session that ends where the watermark stands, and forgets those that are final. */
  #wake(entity: number, version: Version, knownAt: EventTimeMs): void {
    const sessions = this.#sessions;
    const time = this.#watermark;
    sessions.select(entity);
    const closing = sessions.firstEndingAfter(time - 1);
    if (closing < sessions.count && sessions.endOf(closing) === time) {
      this.#emitOnTime(entity, closing, version, knownAt);
    }
    if (this.#dropFinal()) this.#timers.wakeBy(entity, this.#wakeAt());
    else this.#owner.onEmpty(entity);
  }

  /** Forgets the entity's final sessions; false when there are no others: all of it is given up then. */
  #dropFinal(): boolean {
    const sessions = this.#sessions;
    sessions.drop(sessions.firstEndingAfter(this.#watermark - this.#allowedLatenessMs));
    if (sessions.count > 0) return true;
    sessions.release();
    return false;
  }

  /** When the entity is woken: the first of its sessions closes or becomes final. */
  #wakeAt(): EventTimeMs {
    const sessions = this.#sessions;
    const open = sessions.firstEndingAfter(this.#watermark);
    const closes = open < sessions.count ? sessions.endOf(open) : Number.POSITIVE_INFINITY;
    return Math.min(closes, sessions.endOf(0) + this.#allowedLatenessMs);
  }

  // --------------------------------------------------------------------------------------------- revisions

  /** The row of the session at a place is no more. */
  #retract(entity: number, place: number, { version, knownAt }: Arrival): void {
    const end = this.#sessions.endOf(place);
    if (!this.#isEmitted(end)) return;
    const out = this.#out;
    const row = out.add(entity, end, this.#timingOf(end), version, knownAt);
    out.deleted[row] = 1;
    out.replaces[row] = 1;
    this.#sessions.evaluate(place, out.previous, row * out.width);
    out.values.fill(Number.NaN, row * out.width, (row + 1) * out.width);
  }

  /** Takes in the record, and emits the row that its session has then, unless it replaces one with the same values. */
  #insertAndRevise(entity: number, end: EventTimeMs, replaces: boolean, arrival: Arrival): void {
    const sessions = this.#sessions;
    const out = this.#out;
    const row = out.add(entity, end, this.#timingOf(end), arrival.version, arrival.knownAt);
    if (replaces) {
      out.replaces[row] = 1;
      sessions.evaluate(sessions.joinedTo - 1, out.previous, row * out.width);
    }
    sessions.insert(arrival.eventTime, arrival.offset);
    sessions.evaluate(sessions.joinedFrom, out.values, row * out.width);
    if (replaces && out.repeats(row)) out.length--;
  }

  /** The row of the session at a place as it closes; what it replaces, if anything, are the same values. */
  #emitOnTime(entity: number, place: number, version: Version, knownAt: EventTimeMs): void {
    const out = this.#out;
    const row = out.add(entity, this.#sessions.endOf(place), ON_TIME, version, knownAt);
    const at = row * out.width;
    this.#sessions.evaluate(place, out.values, at);
    if (!this.#emitEarly) return;
    out.replaces[row] = 1;
    out.previous.set(out.values.subarray(at, at + out.width), at);
  }

  #timingOf(end: EventTimeMs): number {
    return end > this.#watermark ? EARLY : LATE;
  }
}
