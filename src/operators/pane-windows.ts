import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { assert } from '../errors.ts';
import type { EventTimeMs } from '../time.ts';
import { EntityPanes, NOWHERE } from './entity-panes.ts';
import type { EntityTimers } from './entity-timers.ts';
import type { Kernel } from './kernel.ts';
import type { PaneRange } from './pane-range.ts';
import { EARLY, LATE, ON_TIME, type RevisionBatch } from './revision.ts';
import type { WindowLayout } from './window-layout.ts';
import type { Arrival, ChunkLabel, Lateness, MissedWindows, Windows, WindowsOwner } from './windows.ts';

/** A row that an out-of-order record may revise, as it is before the record. */
interface Candidate {
  readonly position: number;
  readonly existed: boolean;
  /** It existed as an enter row: an open one has revisions already. */
  readonly entered: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Trailing windows of many entities over shared sparse panes (semantics.md, "Rows" and "Revisions").
 *
 * Rows are found, not stored: a pane's records enter at one grid position and leave at one per range, so (entity, T)
 * exists iff some pane enters or leaves at T, or a late record entered there. For a window that is not final, every
 * record in its range was admitted, because it was not final at any time before; so its contents are simply its panes,
 * and only the position of the last late entry remembers what admission changed: later ones are at the first window
 * that is not final, where the former ones are final by then.
 *
 * An entity has one timer, for the next of its rows that closes, and behind the last one for the end of the entity.
 */
export class PaneWindows implements Windows {
  readonly #layout: WindowLayout;
  readonly #panes: EntityPanes;
  readonly #out: RevisionBatch;
  readonly #timers: EntityTimers;
  readonly #emitEarly: boolean;
  readonly #stepPanes: number;
  readonly #ranges: readonly PaneRange[];
  readonly #owner: WindowsOwner;
  readonly #allowedLatenessMs: number;
  readonly #maxEntityState: number;

  /** The greatest position whose windows are closed, is to be closed, and whose windows are final. */
  #closedUpTo = NOWHERE;
  #closeUpTo = NOWHERE;
  #finalUpTo = NOWHERE;
  /** The watermark at which the next grid time closes or becomes final. */
  #nextAdvance: EventTimeMs = NOWHERE;

  /** Of the record that was judged last: its pane, and the first window that it is admitted to. */
  #pane = 0;
  #entry = 0;

  readonly #candidates: Candidate[] = [];
  /** The values of each candidate before the record, a row of the batch's width each. */
  #before: Float64Array;

  constructor(options: {
    layout: WindowLayout;
    kernel: Kernel;
    out: RevisionBatch;
    timers: EntityTimers;
    emitEarly: boolean;
    allowedLatenessMs: number;
    maxEntityState: number;
    owner: WindowsOwner;
  }) {
    const { layout, kernel, out } = options;
    this.#layout = layout;
    this.#panes = new EntityPanes(layout, kernel, options.owner);
    this.#out = out;
    this.#timers = options.timers;
    this.#emitEarly = options.emitEarly;
    this.#owner = options.owner;
    this.#stepPanes = layout.stepPanes;
    this.#ranges = layout.ranges;
    this.#allowedLatenessMs = options.allowedLatenessMs;
    this.#maxEntityState = options.maxEntityState;
    this.#before = new Float64Array(out.width * 16);
  }

  get bytes(): number {
    return this.#panes.bytes;
  }

  judge(_entity: number | undefined, eventTime: EventTimeMs): Lateness {
    const layout = this.#layout;
    const pane = layout.paneOf(eventTime);
    const enter = layout.enterOf(pane);
    this.#pane = pane;
    this.#entry = enter;
    if (enter > this.#closedUpTo) return 'in-time';
    const firstOpen = this.#finalUpTo + this.#stepPanes;
    if (enter >= firstOpen) return 'late';
    if (firstOpen > layout.lastLeaveOf(pane) - this.#stepPanes) return 'dropped';
    this.#entry = firstOpen;
    return 'partly-late';
  }

  missed(): MissedWindows {
    const layout = this.#layout;
    const first = layout.enterOf(this.#pane);
    const last = layout.lastLeaveOf(this.#pane) - this.#stepPanes;
    return {
      missedFirst: layout.timeOf(first),
      missedLast: layout.timeOf(last),
      missedCount: (last - first) / this.#stepPanes + 1,
    };
  }

  hasRoom(entity: number): boolean {
    const panes = this.#panes;
    panes.select(entity);
    // What is held depends on when room was made, and is never less than what is needed, which is a function of the
    // log. So where it is below the limit the other is, too; and where it is not, it is brought down to that.
    if (panes.size < this.#maxEntityState) return true;
    panes.settle(this.#finalUpTo);
    return panes.size < this.#maxEntityState;
  }

  /** The record is admitted to at least one window, and its inputs are read. */
  apply(entity: number, arrival: Arrival): void {
    const panes = this.#panes;
    if (!panes.select(entity)) panes.create(entity);
    panes.makeRoom(this.#finalUpTo);
    const pane = this.#pane;
    const entry = this.#entry;
    const inOrder = pane >= panes.newest && entry > this.#closedUpTo && entry === this.#layout.enterOf(pane);
    if (inOrder) this.#applyNewest(entity, arrival);
    else this.#applyAnywhere(entity, arrival);
  }

  get nextAdvance(): EventTimeMs {
    return this.#nextAdvance;
  }

  get nextDue(): EventTimeMs {
    const position = this.#timers.next;
    return position === NEVER ? NEVER : this.#layout.timeOf(position);
  }

  advance(watermark: EventTimeMs): void {
    this.#setWatermark(watermark);
    assert(this.#closeUpTo >= this.#closedUpTo, 'a watermark never goes back');
  }

  close(version: number, knownAt: number, most: number): boolean {
    const isDone = this.#timers.fireUpTo(this.#closeUpTo, most, {
      begin: (position) => {
        this.#closedUpTo = position;
      },
      wake: (entity) => this.#close(entity, this.#closedUpTo, version, knownAt),
    });
    if (isDone) this.#closedUpTo = this.#closeUpTo;
    return isDone;
  }

  encodeChanges(entity: number, out: ByteWriter, write: (chunk: ChunkLabel) => void): void {
    if (this.#panes.select(entity)) this.#panes.encodeChanges(this.#settledUpTo, out, write);
  }

  restoreWatermark(watermark: EventTimeMs): void {
    this.#setWatermark(watermark);
    this.#closedUpTo = this.#closeUpTo;
  }

  decode(entity: number, from: ByteReader): void {
    const panes = this.#panes;
    if (!panes.select(entity)) panes.create(entity);
    panes.decodeChunk(from);
  }

  resume(entity: number): void {
    this.#panes.select(entity);
    this.#timers.resume(entity, this.#wakeAt(this.#nextRow(this.#closedUpTo + this.#stepPanes)));
  }

  forget(entity: number): void {
    this.#panes.select(entity);
    this.#panes.release();
  }

  /** The greatest position whose windows are final and, if they are not empty, closed for every entity. */
  get #settledUpTo(): number {
    const isClosing = this.#timers.next <= this.#closeUpTo;
    return isClosing ? Math.min(this.#finalUpTo, this.#closedUpTo - this.#stepPanes) : this.#finalUpTo;
  }

  /** Translates a watermark into grid positions, and finds out when that has to be done again. */
  #setWatermark(watermark: EventTimeMs): void {
    const layout = this.#layout;
    const lateness = this.#allowedLatenessMs;
    this.#closeUpTo = layout.lastGridUpTo(watermark);
    this.#finalUpTo = layout.lastGridUpTo(watermark - lateness);
    this.#nextAdvance = Math.min(
      layout.timeOf(this.#closeUpTo + this.#stepPanes),
      layout.timeOf(this.#finalUpTo + this.#stepPanes) + lateness,
    );
  }

  // ---------------------------------------------------------------------------------------------- records

  /** The usual case: the record falls into the newest pane or opens a newer one, and no window of it is closed. */
  #applyNewest(entity: number, arrival: Arrival): void {
    const { eventTime, offset } = arrival;
    const pane = this.#pane;
    const entry = this.#entry;
    const panes = this.#panes;
    const entered = panes.newest >= entry - this.#stepPanes || panes.lateEntry === entry;
    if (this.#emitEarly) {
      panes.moveTo(entry);
      if (entered) panes.evaluate(this.#before, 0);
    }
    if (panes.insert(pane, eventTime, offset)) this.#timers.wakeBy(entity, entry);
    if (this.#emitEarly) this.#emitIfNew(entity, EARLY, arrival.version, arrival.knownAt, entered, 0);
  }

  /**
   * Any other record: late, or older than the entity's newest pane. It may change each row from its entry to where
   * it leaves the longest range: those closed and not final, and the enter rows still open.
   */
  #applyAnywhere(entity: number, arrival: Arrival): void {
    const { eventTime, offset, version, knownAt } = arrival;
    const pane = this.#pane;
    const entry = this.#entry;
    const panes = this.#panes;
    const candidates = this.#candidates;
    this.#collectCandidates(pane, entry);
    const count = candidates.length;
    // There and back again: the window ends where it stood, which is where the next record wants it.
    const downward = count > 0 && panes.position >= candidates[count - 1]!.position;
    for (let i = 0; i < count; i++) {
      const index = downward ? count - 1 - i : i;
      panes.moveTo(candidates[index]!.position);
      panes.evaluate(this.#before, index * this.#out.width);
    }

    panes.insert(panes.homeOf(pane, this.#finalUpTo), eventTime, offset);
    if (entry > this.#layout.enterOf(pane)) panes.lateEntry = entry;
    this.#timers.wakeBy(entity, this.#wakeAt(this.#nextRow(this.#closedUpTo + this.#stepPanes)));

    for (let i = count - 1; i >= 0; i--) {
      const index = downward ? count - 1 - i : i;
      const { position, existed, entered } = candidates[index]!;
      panes.moveTo(position);
      // An open leave row has no revision yet that an early one could replace.
      if (position <= this.#closedUpTo) this.#emitIfNew(entity, LATE, version, knownAt, existed, index);
      else this.#emitIfNew(entity, EARLY, version, knownAt, entered, index);
    }
  }

  /** Fills `#candidates`, by position, with what a record can change. */
  #collectCandidates(pane: number, entry: number): void {
    this.#candidates.length = 0;
    const panes = this.#panes;
    const closedUpTo = this.#closedUpTo;
    const lastLeave = this.#layout.lastLeaveOf(pane);

    // Closed rows: those that exist, and those that the record makes exist, where it enters and leaves.
    const lastClosed = Math.min(closedUpTo, lastLeave);
    let made = entry;
    for (let position = entry; position <= lastClosed; position += this.#stepPanes) {
      const existing = this.#nextRow(position);
      position = Math.min(made, existing);
      if (position > lastClosed) break;
      this.#addCandidate(position, existing === position, false);
      if (position === made) made = this.#nextLeave(pane, made);
    }

    if (!this.#emitEarly) return;
    // Open rows: only those that some record enters. The record leaves the longest range at `lastLeave`.
    let from = Math.max(pane, closedUpTo);
    if (entry > closedUpTo) {
      const entered = this.#enters(entry);
      this.#addCandidate(entry, entered, entered);
      from = entry;
    }
    let previous = entry;
    for (let place = panes.lowerBound(from); place < panes.count; place++) {
      const position = this.#layout.enterOf(panes.paneAt(place));
      if (position >= lastLeave) break;
      if (position === previous) continue;
      this.#addCandidate(position, true, true);
      previous = position;
    }
  }

  #addCandidate(position: number, existed: boolean, entered: boolean): void {
    this.#candidates.push({ position, existed, entered });
    const cells = this.#candidates.length * this.#out.width;
    if (cells <= this.#before.length) return;
    const wider = new Float64Array(cells * 2);
    wider.set(this.#before);
    this.#before = wider;
  }

  // ------------------------------------------------------------------------------------------------- rows

  /** Whether some pane, or a late record, enters at the position. */
  #enters(position: number): boolean {
    const panes = this.#panes;
    if (panes.lateEntry === position) return true;
    const place = panes.lowerBound(position - this.#stepPanes);
    return place < panes.count && panes.paneAt(place) < position;
  }

  /** The first position from `from` on, a grid position, at which the entity has a row; Infinity when there is none. */
  #nextRow(from: number): number {
    const panes = this.#panes;
    const before = from - this.#stepPanes;
    const lateEntry = panes.lateEntry;
    let next = lateEntry >= from ? lateEntry : NEVER;
    const entering = panes.lowerBound(before);
    if (entering < panes.count) next = Math.min(next, this.#layout.enterOf(panes.paneAt(entering)));
    for (const range of this.#ranges) {
      const leaving = panes.lowerBound(range.firstPane(before));
      if (leaving < panes.count) next = Math.min(next, range.leaveOf(panes.paneAt(leaving)));
    }
    return next;
  }

  /** The first position after `position` at which the pane leaves some range; Infinity when there is none. */
  #nextLeave(pane: number, position: number): number {
    let next = NEVER;
    for (const range of this.#ranges) {
      const leave = range.leaveOf(pane);
      if (leave > position && leave < next) next = leave;
    }
    return next;
  }

  /** Where the newest pane has left every range: the entity's last row; Infinity when it never does. */
  #lastLeave(): number {
    return this.#layout.lastLeaveOf(this.#panes.newest);
  }

  #close(entity: number, position: number, version: number, knownAt: number): void {
    const panes = this.#panes;
    panes.select(entity);
    panes.moveTo(position);
    const entered = panes.lateEntry === position || panes.newestInWindow >= position - this.#stepPanes;
    if (entered || this.#leaves(position)) {
      this.#emitOnTime(entity, version, knownAt, entered && this.#emitEarly);
    }
    const lastLeave = this.#lastLeave();
    if (lastLeave <= position && lastLeave <= this.#finalUpTo) {
      panes.remove();
      this.#owner.onEmpty(entity);
    } else {
      this.#timers.wakeBy(entity, this.#wakeAt(this.#nextRowAhead()));
    }
  }

  /** Whether some pane left some range at the position where the window stands. */
  #leaves(position: number): boolean {
    const before = position - this.#stepPanes;
    for (let range = 0; range < this.#ranges.length; range++) {
      if (this.#panes.newestLeft(range) >= this.#ranges[range]!.firstPane(before)) return true;
    }
    return false;
  }

  /** The entity's first row after the position where the window stands, at less cost than {@link #nextRow}. */
  #nextRowAhead(): number {
    const panes = this.#panes;
    const { lateEntry, oldestAhead } = panes;
    let next = panes.nextLeave;
    if (lateEntry > panes.position) next = Math.min(next, lateEntry);
    if (oldestAhead < NEVER) next = Math.min(next, this.#layout.enterOf(oldestAhead));
    return next;
  }

  /** When the entity is woken: at `row`, its next open one; without one when its last row is final; Infinity for never. */
  #wakeAt(row: number): number {
    const lastLeave = this.#lastLeave();
    if (row < NEVER || lastLeave === NEVER) return row;
    const layout = this.#layout;
    return layout.firstGridFrom(layout.timeOf(lastLeave) + this.#allowedLatenessMs);
  }

  // -------------------------------------------------------------------------------------------- revisions

  /** Emits the row where the window stands, unless it replaces values (at `index` in `#before`) equal to its own. */
  #emitIfNew(
    entity: number,
    timing: number,
    version: number,
    knownAt: number,
    replaces: boolean,
    index: number,
  ): void {
    const out = this.#out;
    const row = this.#pushRow(entity, timing, version, knownAt, replaces);
    if (!replaces) return;
    const values = row * out.width;
    const before = index * out.width;
    for (let f = 0; f < out.width; f++) out.previous[values + f] = this.#before[before + f]!;
    if (out.repeats(row)) out.length--;
  }

  /** Emits the row where the window stands as it closes; what it replaces, if anything, are the same values. */
  #emitOnTime(entity: number, version: number, knownAt: number, replaces: boolean): void {
    const out = this.#out;
    const row = this.#pushRow(entity, ON_TIME, version, knownAt, replaces);
    if (!replaces) return;
    const values = row * out.width;
    for (let f = 0; f < out.width; f++) out.previous[values + f] = out.values[values + f]!;
  }

  #pushRow(entity: number, timing: number, version: number, knownAt: number, replaces: boolean): number {
    const out = this.#out;
    const windowEnd = this.#layout.timeOf(this.#panes.position);
    const row = out.add(entity, windowEnd, timing, version, knownAt);
    if (replaces) out.replaces[row] = 1;
    const leave = this.#panes.nextLeave;
    if (leave < NEVER) out.leave[row] = this.#layout.timeOf(leave);
    this.#panes.evaluate(out.values, row * out.width);
    return row;
  }
}
