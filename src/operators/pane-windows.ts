import type { Cells } from '../aggregates/aggregate.ts';
import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { assert } from '../errors.ts';
import { EntityArena } from './entity-arena.ts';
import type { Kernel } from './kernel.ts';
import { EARLY, LATE, ON_TIME, type RevisionBatch } from './revision.ts';
import { Timers } from './timers.ts';
import type { WindowLayout } from './window-layout.ts';

// The header of an entity's block. Pane places are counted in panes from the start of the block's pane area.
/** How many panes there are: one past the last. */
const END = 0;
/** The grid position at which the entity's window stands; −Infinity: nowhere yet, and empty. */
const AT = 1;
/** One past the last pane inside the window, whatever the range. */
const HIGH = 2;
/** The last position at which a record too late for its first window entered; −Infinity for none. */
const LATE_ENTRY = 3;
/** The last position closed, so that a second timer for it does nothing. */
const CLOSED = 4;
/** From here, for each range: the first pane inside the window. */
const LOW = 5;

/** Cells in front of an entity's window. */
export function headCells(layout: WindowLayout): number {
  return LOW + layout.ranges.length;
}

const NOWHERE = Number.NEGATIVE_INFINITY;

/** What a record at a log position brings, besides its values (which the kernel has read). */
export interface Arrival {
  readonly eventTime: number;
  readonly offset: number;
  readonly version: number;
  readonly knownAt: number;
  /** The record's pane. */
  readonly pane: number;
  /** The first window that it is admitted to. */
  readonly entry: number;
}

/**
 * Trailing windows of many entities over shared sparse panes (semantics.md, "Rows" and "Revisions").
 *
 * Each entity has an ordered list of panes, one partial per feature in each, and one window that stands at some
 * grid position and slides forward or back to where a row is asked for: a row costs the panes that enter and leave
 * on the way, never the panes inside. Rows are found, not stored: a pane's records enter at one grid position and
 * leave at one per range, so (entity, T) exists iff some pane enters or leaves at T, or a late record entered there.
 *
 * For a window that is not final, every record in its range was admitted, because it was not final at any time
 * before; so its contents are simply its panes, and only {@link LATE_ENTRY} remembers what admission changed.
 */
export class PaneWindows {
  readonly #layout: WindowLayout;
  readonly #kernel: Kernel;
  readonly #out: RevisionBatch;
  readonly #arena: EntityArena;
  readonly #timers = new Timers();
  readonly #emitEarly: boolean;
  readonly #stepPanes: number;
  readonly #ranges: readonly number[];
  readonly #windowAt: number;
  readonly #panesAt: number;
  readonly #paneWidth: number;
  readonly #onEmpty: (entity: number) => void;
  /** Grid steps after a window's end until it is final. */
  readonly #stepsToFinal: number;

  /** The greatest position whose windows are closed, and whose windows are final. */
  #closedUpTo = NOWHERE;
  #finalUpTo = NOWHERE;

  /** Rows that an out-of-order record may revise: position, existed, was an enter row; and their values before. */
  readonly #candidates: { position: number; existed: boolean; entered: boolean }[] = [];
  #before: Float64Array;

  constructor(options: {
    layout: WindowLayout;
    kernel: Kernel;
    out: RevisionBatch;
    emitEarly: boolean;
    allowedLatenessMs: number;
    /** The entity has no pane any more: its number may be given back. */
    onEmpty: (entity: number) => void;
  }) {
    this.#layout = options.layout;
    this.#kernel = options.kernel;
    this.#out = options.out;
    this.#emitEarly = options.emitEarly;
    this.#onEmpty = options.onEmpty;
    this.#stepPanes = options.layout.stepPanes;
    this.#ranges = options.layout.ranges;
    this.#stepsToFinal = Math.ceil(options.allowedLatenessMs / options.layout.stepMs) * this.#stepPanes;
    this.#windowAt = headCells(options.layout);
    this.#panesAt = this.#windowAt + options.kernel.windowWidth;
    this.#paneWidth = options.kernel.paneWidth;
    this.#arena = new EntityArena(this.#panesAt, this.#paneWidth);
    this.#before = new Float64Array(options.out.width * 16);
  }

  get bytes(): number {
    return this.#arena.bytes;
  }

  /** The grid position of the earliest row that may be due; Infinity when nothing waits. */
  get nextDue(): number {
    return this.#timers.next;
  }

  /** Takes in a record of the entity. The record is admitted to at least one window, and its inputs are read. */
  apply(entity: number, arrival: Arrival): void {
    if (!this.#arena.has(entity)) this.#create(entity);
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    const end = cells[base + END]!;
    const newest = end > 0 ? this.#paneNumber(cells, base, end - 1) : NOWHERE;
    const inOrder = arrival.pane >= newest && arrival.entry > this.#closedUpTo;
    if (inOrder && arrival.entry === this.#layout.enterOf(arrival.pane)) {
      this.#applyNewest(entity, arrival, newest);
    } else {
      this.#applyAnywhere(entity, arrival);
    }
  }

  /** Closes every row up to position `closedUpTo`, in order of window_end; those up to `finalUpTo` are final. */
  advance(closedUpTo: number, finalUpTo: number, version: number, knownAt: number): void {
    assert(closedUpTo >= this.#closedUpTo && finalUpTo >= this.#finalUpTo, 'a watermark never goes back');
    this.#finalUpTo = finalUpTo;
    while (this.#timers.next <= closedUpTo) {
      const position = this.#timers.next;
      this.#closedUpTo = position;
      const due = this.#timers.take();
      for (let i = 0; i < due.length; i++) this.#close(due[i]!, position, version, knownAt);
    }
    this.#closedUpTo = closedUpTo;
  }

  /** The entity's panes that can still matter, as bytes; false when there are none. */
  encode(entity: number, out: ByteWriter): boolean {
    if (!this.#arena.has(entity)) return false;
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    const first = this.#firstNeeded(cells, base);
    const end = cells[base + END]!;
    if (first === end) return false;
    const lateEntry = cells[base + LATE_ENTRY]!;
    out.byte(lateEntry > this.#finalUpTo ? 1 : 0);
    if (lateEntry > this.#finalUpTo) out.signed(lateEntry);
    out.unsigned(end - first);
    let previous = 0;
    for (let place = first; place < end; place++) {
      const at = base + this.#panesAt + place * this.#paneWidth;
      out.signed(cells[at]! - previous);
      previous = cells[at]!;
      this.#kernel.encodePane(cells, at, out);
    }
    return true;
  }

  /**
   * Gives a new entity the panes that {@link encode} wrote and sets its timers. To be called after the watermark
   * is known ({@link restoreWatermark}) and before any record. False when nothing of it can matter any more.
   */
  decode(entity: number, from: ByteReader): boolean {
    this.#create(entity);
    const lateEntry = from.byte() === 1 ? from.signed() : NOWHERE;
    let number = 0;
    for (let left = from.unsigned(); left > 0; left--) {
      number += from.signed();
      if (this.#arena.cellsOf(entity)[this.#arena.baseOf(entity) + END] === this.#arena.capacityOf(entity)) {
        this.#arena.grow(entity);
      }
      const cells = this.#arena.cellsOf(entity);
      const base = this.#arena.baseOf(entity);
      const at = base + this.#panesAt + cells[base + END]! * this.#paneWidth;
      cells[base + END]!++;
      cells[at] = number;
      this.#kernel.decodePane(cells, at, from);
      this.#setTimers(entity, number, this.#layout.enterOf(number));
    }
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    cells[base + LATE_ENTRY] = lateEntry;
    if (lateEntry > this.#closedUpTo) this.#timers.add(lateEntry, entity, 0);
    if (this.#layout.leaveOf(number, this.#layout.longest) > this.#finalUpTo) return true;
    this.#free(entity);
    return false;
  }

  restoreWatermark(closedUpTo: number, finalUpTo: number): void {
    this.#closedUpTo = closedUpTo;
    this.#finalUpTo = finalUpTo;
  }

  // ---------------------------------------------------------------------------------------------- records

  /** The usual case: the record falls into the newest pane or opens a newer one, and no window of it is closed. */
  #applyNewest(entity: number, arrival: Arrival, newest: number): void {
    const { pane, entry, eventTime, offset } = arrival;
    if (pane > newest) this.#makeRoom(entity);
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    const window = base + this.#windowAt;
    const emit = this.#emitEarly;
    const entered = emit && (newest >= entry - this.#stepPanes || cells[base + LATE_ENTRY] === entry);
    if (emit) {
      this.#moveTo(cells, base, entry);
      if (entered) this.#kernel.evaluate(cells, window, this.#before, 0);
    }
    let place = cells[base + END]! - 1;
    if (pane > newest) {
      place = this.#append(cells, base, pane);
      this.#setTimers(entity, pane, entry);
    }
    this.#insert(cells, base, place, pane, eventTime, offset);
    if (emit) this.#emitIfNew(entity, cells, base, EARLY, arrival.version, arrival.knownAt, entered, 0);
  }

  /**
   * Any other record: late, or older than the entity's newest pane. It may change each row from its entry to where
   * it leaves the longest range: those closed and not final, and the enter rows still open.
   */
  #applyAnywhere(entity: number, arrival: Arrival): void {
    const { pane, entry, eventTime, offset } = arrival;
    const late = entry > this.#layout.enterOf(pane);
    this.#makeRoom(entity);
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);

    this.#collectCandidates(cells, base, pane, entry);
    const count = this.#candidates.length;
    // There and back again: the window ends where it stood, which is where the next record wants it.
    const downward = count > 0 && cells[base + AT]! >= this.#candidates[count - 1]!.position;
    for (let i = 0; i < count; i++) {
      const index = downward ? count - 1 - i : i;
      this.#moveTo(cells, base, this.#candidates[index]!.position);
      this.#kernel.evaluate(cells, base + this.#windowAt, this.#before, index * this.#out.width);
    }

    let place = this.#lowerBound(cells, base, pane);
    if (place === cells[base + END] || this.#paneNumber(cells, base, place) !== pane) {
      place = this.#open(cells, base, place, pane);
      this.#setTimers(entity, pane, entry);
    }
    if (late) {
      cells[base + LATE_ENTRY] = entry;
      if (entry > this.#closedUpTo) this.#timers.add(entry, entity, 0);
    }
    this.#insert(cells, base, place, pane, eventTime, offset);

    for (let i = count - 1; i >= 0; i--) {
      const index = downward ? count - 1 - i : i;
      const { position, existed, entered } = this.#candidates[index]!;
      this.#moveTo(cells, base, position);
      const closed = position <= this.#closedUpTo;
      const timing = closed ? LATE : EARLY;
      // An open leave row has no revision yet that an early one could replace.
      const replaces = closed ? existed : entered;
      const { version, knownAt } = arrival;
      this.#emitIfNew(entity, cells, base, timing, version, knownAt, replaces, index);
    }
  }

  /** Fills `#candidates`, by position: what the record can change, as it is before the record. */
  #collectCandidates(cells: Cells, base: number, pane: number, entry: number): void {
    const candidates = this.#candidates;
    candidates.length = 0;
    const closedUpTo = this.#closedUpTo;
    const lastLeave = this.#layout.leaveOf(pane, this.#layout.longest);

    // Closed rows: those that exist, and those that the record makes exist.
    let fresh = entry;
    for (let position = entry; position <= closedUpTo && position <= lastLeave; ) {
      const existing = this.#nextRow(cells, base, position - 1);
      const next = Math.min(fresh, existing);
      if (next > closedUpTo || next > lastLeave) break;
      this.#addCandidate(next, existing === next, false);
      position = next + 1;
      if (next === fresh) fresh = this.#nextLeave(pane, next);
    }

    if (!this.#emitEarly) return;
    // Open rows: only those that some record enters; the record is in range up to the step before its last leave.
    const firstOpen = Math.max(entry, closedUpTo + 1);
    let fromPane = Math.max(firstOpen - this.#stepPanes, pane);
    if (entry > closedUpTo) {
      const entered = this.#enters(cells, base, entry);
      this.#addCandidate(entry, entered, entered);
      fromPane = entry;
    }
    const end = cells[base + END]!;
    for (let place = this.#lowerBound(cells, base, fromPane); place < end; place++) {
      const position = this.#layout.enterOf(this.#paneNumber(cells, base, place));
      if (position >= lastLeave) break;
      if (position <= closedUpTo || candidates.at(-1)?.position === position) continue;
      this.#addCandidate(position, true, true);
    }
  }

  #addCandidate(position: number, existed: boolean, entered: boolean): void {
    this.#candidates.push({ position, existed, entered });
    const cellsNeeded = this.#candidates.length * this.#out.width;
    if (cellsNeeded <= this.#before.length) return;
    const wider = new Float64Array(cellsNeeded * 2);
    wider.set(this.#before);
    this.#before = wider;
  }

  /** The first position after `position` at which the pane leaves some range; Infinity when there is none. */
  #nextLeave(pane: number, position: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const range of this.#ranges) {
      const leave = this.#layout.leaveOf(pane, range);
      if (leave > position && leave < next) next = leave;
    }
    return next;
  }

  // ------------------------------------------------------------------------------------------------ rows

  /** Whether some pane, or a late record, enters at the position. */
  #enters(cells: Cells, base: number, position: number): boolean {
    if (cells[base + LATE_ENTRY] === position) return true;
    const place = this.#lowerBound(cells, base, position - this.#stepPanes);
    return place < cells[base + END]! && this.#paneNumber(cells, base, place) < position;
  }

  /** The first position after `after` at which the entity has a row; Infinity when there is none. */
  #nextRow(cells: Cells, base: number, after: number): number {
    const end = cells[base + END]!;
    // The grid position that `after` has reached; panes enter and leave after it.
    const reached = Math.floor(after / this.#stepPanes) * this.#stepPanes;
    let next = Number.POSITIVE_INFINITY;
    const entering = this.#lowerBound(cells, base, reached);
    if (entering < end) next = this.#layout.enterOf(this.#paneNumber(cells, base, entering));
    for (const range of this.#ranges) {
      const leaving = this.#lowerBound(cells, base, reached - range);
      if (leaving < end) {
        next = Math.min(next, this.#layout.leaveOf(this.#paneNumber(cells, base, leaving), range));
      }
    }
    const lateEntry = cells[base + LATE_ENTRY]!;
    return lateEntry > after ? Math.min(next, lateEntry) : next;
  }

  #close(entity: number, position: number, version: number, knownAt: number): void {
    if (!this.#arena.has(entity)) return;
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    if (cells[base + CLOSED] === position) return;
    cells[base + CLOSED] = position;
    this.#moveTo(cells, base, position);

    const high = cells[base + HIGH]!;
    const entered =
      cells[base + LATE_ENTRY] === position ||
      (high > 0 && this.#paneNumber(cells, base, high - 1) >= position - this.#stepPanes);
    if (entered || this.#leaves(cells, base, position)) {
      this.#emit(entity, cells, base, ON_TIME, version, knownAt, entered && this.#emitEarly);
    }

    const end = cells[base + END]!;
    const lastLeave = this.#layout.leaveOf(this.#paneNumber(cells, base, end - 1), this.#layout.longest);
    if (lastLeave <= Math.min(position, this.#finalUpTo)) {
      this.#free(entity);
      this.#onEmpty(entity);
    } else if (lastLeave === position) {
      this.#timers.add(position + this.#stepsToFinal, entity, 0);
    }
  }

  /** Whether some pane left some range at the position where the window stands. */
  #leaves(cells: Cells, base: number, position: number): boolean {
    for (let range = 0; range < this.#ranges.length; range++) {
      const low = cells[base + LOW + range]!;
      if (low === 0) continue;
      if (this.#paneNumber(cells, base, low - 1) >= position - this.#stepPanes - this.#ranges[range]!)
        return true;
    }
    return false;
  }

  /** Emits the row where the window stands, unless it replaces values (at `index` in `#before`) equal to its own. */
  #emitIfNew(
    entity: number,
    cells: Cells,
    base: number,
    timing: number,
    version: number,
    knownAt: number,
    replaces: boolean,
    index: number,
  ): void {
    const out = this.#out;
    const row = this.#pushRow(entity, cells, base, timing, version, knownAt);
    out.replaces[row] = replaces ? 1 : 0;
    if (!replaces) return;
    const values = row * out.width;
    const before = index * out.width;
    let same = true;
    for (let f = 0; f < out.width; f++) {
      const value = out.values[values + f]!;
      const old = this.#before[before + f]!;
      out.previous[values + f] = old;
      if (value !== old && !(Number.isNaN(value) && Number.isNaN(old))) same = false;
    }
    if (same) out.length--;
  }

  /** Emits the row where the window stands; what it replaces, if anything, are the same values. */
  #emit(
    entity: number,
    cells: Cells,
    base: number,
    timing: number,
    version: number,
    knownAt: number,
    replaces: boolean,
  ): void {
    const out = this.#out;
    const row = this.#pushRow(entity, cells, base, timing, version, knownAt);
    out.replaces[row] = replaces ? 1 : 0;
    if (!replaces) return;
    const values = row * out.width;
    for (let f = 0; f < out.width; f++) out.previous[values + f] = out.values[values + f]!;
  }

  #pushRow(
    entity: number,
    cells: Cells,
    base: number,
    timing: number,
    version: number,
    knownAt: number,
  ): number {
    const out = this.#out;
    const row = out.push();
    out.entity[row] = entity;
    out.windowEnd[row] = this.#layout.timeOf(cells[base + AT]!);
    out.version[row] = version;
    out.knownAt[row] = knownAt;
    out.timing[row] = timing;
    this.#kernel.evaluate(cells, base + this.#windowAt, out.values, row * out.width);
    return row;
  }

  // ----------------------------------------------------------------------------------------------- panes

  #paneNumber(cells: Cells, base: number, place: number): number {
    return cells[base + this.#panesAt + place * this.#paneWidth]!;
  }

  /** The place of the first pane whose number is at least `pane`. */
  #lowerBound(cells: Cells, base: number, pane: number): number {
    let low = 0;
    let high = cells[base + END]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#paneNumber(cells, base, middle) < pane) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Slides the window to a position, by the panes that enter and leave on the way. */
  #moveTo(cells: Cells, base: number, position: number): void {
    const at = cells[base + AT]!;
    if (at === position) return;
    const window = base + this.#windowAt;
    const panes = base + this.#panesAt;
    const width = this.#paneWidth;
    const end = cells[base + END]!;
    const oldHigh = cells[base + HIGH]!;
    let high = oldHigh;
    if (position > at) while (high < end && cells[panes + high * width]! < position) high++;
    else while (high > 0 && cells[panes + (high - 1) * width]! >= position) high--;

    for (let range = 0; range < this.#ranges.length; range++) {
      const kernel = this.#kernel.ranges[range]!;
      const from = position - this.#ranges[range]!;
      const oldLow = cells[base + LOW + range]!;
      let low = oldLow;
      if (position > at) while (low < high && cells[panes + low * width]! < from) low++;
      else while (low > 0 && cells[panes + (low - 1) * width]! >= from) low--;

      if (low >= oldHigh || high <= oldLow) {
        if (oldHigh > oldLow) kernel.clear(cells, window);
        for (let place = low; place < high; place++) kernel.add(cells, window, panes + place * width);
      } else {
        let rebuild = false;
        for (let place = low; place < oldLow; place++) kernel.add(cells, window, panes + place * width);
        for (let place = oldHigh; place < high; place++) kernel.add(cells, window, panes + place * width);
        for (let place = oldLow; place < low; place++) {
          rebuild = kernel.subtract(cells, window, panes + place * width) || rebuild;
        }
        for (let place = high; place < oldHigh; place++) {
          rebuild = kernel.subtract(cells, window, panes + place * width) || rebuild;
        }
        if (rebuild) kernel.rebuild(cells, window, panes + low * width, panes + high * width, width);
      }
      cells[base + LOW + range] = low;
    }
    cells[base + HIGH] = high;
    cells[base + AT] = position;
  }

  /** Puts the read inputs into the pane, and into the window where it holds the pane. */
  #insert(cells: Cells, base: number, place: number, pane: number, eventTime: number, offset: number): void {
    const window = base + this.#windowAt;
    this.#kernel.insertPane(cells, base + this.#panesAt + place * this.#paneWidth, eventTime, offset);
    const at = cells[base + AT]!;
    if (pane >= at) return;
    if (pane >= at - this.#ranges[0]!) {
      this.#kernel.insertWindow(cells, window, eventTime, offset);
      return;
    }
    for (let range = 1; range < this.#ranges.length; range++) {
      if (pane >= at - this.#ranges[range]!) {
        this.#kernel.ranges[range]!.insert(cells, window, eventTime, offset);
      }
    }
  }

  /** Adds an empty pane behind the newest; there is room. */
  #append(cells: Cells, base: number, pane: number): number {
    const place = cells[base + END]!;
    const at = base + this.#panesAt + place * this.#paneWidth;
    cells[at] = pane;
    this.#kernel.initPane(cells, at);
    cells[base + END] = place + 1;
    if (pane < cells[base + AT]!) this.#widenWindow(cells, base, place, pane);
    return place;
  }

  /** Adds an empty pane at a place among the others; there is room. */
  #open(cells: Cells, base: number, place: number, pane: number): number {
    const end = cells[base + END]!;
    if (place === end) return this.#append(cells, base, pane);
    const panes = base + this.#panesAt;
    const width = this.#paneWidth;
    cells.copyWithin(panes + (place + 1) * width, panes + place * width, panes + end * width);
    cells[panes + place * width] = pane;
    this.#kernel.initPane(cells, panes + place * width);
    cells[base + END] = end + 1;
    if (pane < cells[base + AT]!) this.#widenWindow(cells, base, place, pane);
    return place;
  }

  /** The window's places, after a pane older than its end was added at `place`. */
  #widenWindow(cells: Cells, base: number, place: number, pane: number): void {
    const at = cells[base + AT]!;
    cells[base + HIGH]!++;
    for (let range = 0; range < this.#ranges.length; range++) {
      const outside = pane < at - this.#ranges[range]!;
      if (outside || cells[base + LOW + range]! > place) cells[base + LOW + range]!++;
    }
  }

  /** Timers for the rows that a new pane makes: where it enters, and where it leaves each range. */
  #setTimers(entity: number, pane: number, entry: number): void {
    const enter = this.#layout.enterOf(pane);
    if (enter > this.#closedUpTo && enter >= entry) this.#timers.add(enter, entity, 1);
    for (let range = 0; range < this.#ranges.length; range++) {
      const leave = this.#layout.leaveOf(pane, this.#ranges[range]!);
      if (leave > this.#closedUpTo) this.#timers.add(leave, entity, 2 + range);
    }
    this.#setCleanup(entity, pane);
  }

  /** A timer for the entity's end, when its last row is closed but not final: no other timer may come. */
  #setCleanup(entity: number, newestPane: number): void {
    const lastLeave = this.#layout.leaveOf(newestPane, this.#layout.longest);
    const due = lastLeave + this.#stepsToFinal;
    if (lastLeave <= this.#closedUpTo && due > this.#closedUpTo) this.#timers.add(due, entity, 0);
  }

  /** The first pane that some window which is not final, or a row at its leaving, still needs. */
  #firstNeeded(cells: Cells, base: number): number {
    const end = cells[base + END]!;
    let place = 0;
    while (
      place < end &&
      this.#layout.leaveOf(this.#paneNumber(cells, base, place), this.#layout.longest) <= this.#finalUpTo
    ) {
      place++;
    }
    return place;
  }

  /** Room for one more pane: by dropping what nothing needs when that frees a quarter of the block, else by a larger block. */
  #makeRoom(entity: number): void {
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    const capacity = this.#arena.capacityOf(entity);
    const end = cells[base + END]!;
    if (end < capacity) return;
    const needed = this.#firstNeeded(cells, base);
    if (needed * 4 < capacity) {
      this.#arena.grow(entity);
      return;
    }
    // What goes must not be inside the window; at a final position none of it is.
    if (cells[base + AT]! < this.#finalUpTo) this.#moveTo(cells, base, this.#finalUpTo);
    const panes = base + this.#panesAt;
    const width = this.#paneWidth;
    for (let place = 0; place < needed; place++) {
      this.#kernel.freePane(cells, panes + place * width);
    }
    cells.copyWithin(panes, panes + needed * width, panes + end * width);
    cells[base + END] = end - needed;
    cells[base + HIGH]! -= needed;
    for (let range = 0; range < this.#ranges.length; range++) cells[base + LOW + range]! -= needed;
  }

  #create(entity: number): void {
    this.#arena.allocate(entity);
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    cells[base + END] = 0;
    cells[base + AT] = NOWHERE;
    cells[base + HIGH] = 0;
    cells[base + LATE_ENTRY] = NOWHERE;
    cells[base + CLOSED] = NOWHERE;
    for (let range = 0; range < this.#ranges.length; range++) cells[base + LOW + range] = 0;
    this.#kernel.initWindow(cells, base + this.#windowAt);
  }

  #free(entity: number): void {
    const cells = this.#arena.cellsOf(entity);
    const base = this.#arena.baseOf(entity);
    const end = cells[base + END]!;
    for (let place = 0; place < end; place++) {
      this.#kernel.freePane(cells, base + this.#panesAt + place * this.#paneWidth);
    }
    this.#kernel.clearWindow(cells, base + this.#windowAt);
    this.#arena.release(entity);
  }
}
