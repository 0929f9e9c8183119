import type { Cells } from '../aggregates/aggregate.ts';
import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { assert } from '../errors.ts';
import { EntityArena } from './entity-arena.ts';
import type { Kernel } from './kernel.ts';
import { beginsChunk, HEAD_CHUNK } from './pane-chunks.ts';
import { LifetimePanes, type PaneRange } from './pane-range.ts';
import type { WindowLayout } from './window-layout.ts';
import type { ChunkLabel, WindowsOwner } from './windows.ts';

// The head of an entity's block. A place counts panes from the first.
/** How many panes there are. */
const COUNT = 0;
/** The grid position at which the window stands; −Infinity: nowhere yet, and empty. */
const AT = 1;
/** One past the place of the last pane inside the window, whatever the range. */
const HIGH = 2;
/** {@link EntityPanes.lateEntry}. */
const LATE_ENTRY = 3;
/** The oldest pane that changed since {@link EntityPanes.encodeChanges}; Infinity when none did. */
const CHANGED = 4;
/** How many panes have gone from the front of the block, whose room is free. */
const GONE = 5;
/** How many values the panes keep outside their cells. */
const VALUES = 6;
/** From here, for each range: the place of the first pane inside the window. */
const LOW = 7;

/** A position before all others. */
export const NOWHERE = Number.NEGATIVE_INFINITY;

/** The version of the encoding of chunks; one of another version is not read. */
const CHUNK_FORMAT = 2;

/** Cells in front of an entity's window. */
export function headCells(layout: WindowLayout): number {
  return LOW + layout.ranges.length;
}

/**
 * What is kept of each entity: its panes in order, one partial per feature in each, and one window that stands at
 * some grid position. The window slides forward or back to where it is wanted, at the cost of the panes that enter
 * and leave on the way, never of those inside.
 *
 * One entity is looked at at a time: {@link select} it, and everything else is about it.
 */
export class EntityPanes {
  readonly #layout: WindowLayout;
  readonly #kernel: Kernel;
  readonly #arena: EntityArena;
  readonly #ranges: readonly PaneRange[];
  readonly #windowAt: number;
  readonly #panesAt: number;
  readonly #width: number;
  readonly #hasLifetime: boolean;
  readonly #owner: Pick<WindowsOwner, 'onChunkGone'>;

  #entity = -1;
  #cells: Cells = new Float64Array(0);
  #base = 0;
  /** Index of the first pane's first cell. */
  #panes = 0;

  constructor(layout: WindowLayout, kernel: Kernel, owner: Pick<WindowsOwner, 'onChunkGone'>) {
    this.#owner = owner;
    this.#layout = layout;
    this.#kernel = kernel;
    this.#ranges = layout.ranges;
    this.#windowAt = headCells(layout);
    this.#panesAt = this.#windowAt + kernel.windowWidth;
    this.#width = kernel.paneWidth;
    this.#hasLifetime = layout.ranges.some((range) => range instanceof LifetimePanes);
    this.#arena = new EntityArena(this.#panesAt, this.#width);
  }

  /** Bytes held for all entities. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  /** False when the entity has nothing here. */
  select(entity: number): boolean {
    if (!this.#arena.has(entity)) return false;
    this.#entity = entity;
    this.#cells = this.#arena.cellsOf(entity);
    this.#base = this.#arena.baseOf(entity);
    this.#panes = this.#base + this.#panesAt + this.#cells[this.#base + GONE]! * this.#width;
    return true;
  }

  /** Makes room for a new entity, without panes, and selects it. */
  create(entity: number): void {
    this.#arena.allocate(entity);
    this.select(entity);
    const cells = this.#cells;
    const base = this.#base;
    cells[base + COUNT] = 0;
    cells[base + GONE] = 0;
    cells[base + VALUES] = 0;
    this.#panes = base + this.#panesAt;
    cells[base + AT] = NOWHERE;
    cells[base + HIGH] = 0;
    cells[base + LATE_ENTRY] = NOWHERE;
    cells[base + CHANGED] = Number.POSITIVE_INFINITY;
    for (let range = 0; range < this.#ranges.length; range++) cells[base + LOW + range] = 0;
    this.#kernel.initWindow(cells, base + this.#windowAt);
  }

  /** The entity is no more. */
  remove(): void {
    this.#giveUpChunks(this.count);
    this.release();
  }

  /** Gives up what is held of the entity. */
  release(): void {
    this.#freePanes(this.count);
    this.#kernel.clearWindow(this.#cells, this.#base + this.#windowAt);
    this.#arena.release(this.#entity);
  }

  get count(): number {
    return this.#cells[this.#base + COUNT]!;
  }

  /** How much is held of the entity: its panes, and the values that they keep outside their cells. */
  get size(): number {
    return this.count + this.#cells[this.#base + VALUES]!;
  }

  /** The grid position at which the window stands. */
  get position(): number {
    return this.#cells[this.#base + AT]!;
  }

  /** The last position at which a record too late for its first window entered; −Infinity for none. */
  get lateEntry(): number {
    return this.#cells[this.#base + LATE_ENTRY]!;
  }

  set lateEntry(position: number) {
    this.#cells[this.#base + LATE_ENTRY] = position;
  }

  /** The number of the pane at a place. */
  paneAt(place: number): number {
    return this.#cells[this.#at(place)]!;
  }

  /** The newest pane's number; −Infinity when there is none. */
  get newest(): number {
    const count = this.count;
    return count > 0 ? this.paneAt(count - 1) : NOWHERE;
  }

  /** The place of the first pane whose number is at least `pane`. */
  lowerBound(pane: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.paneAt(middle) < pane) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The newest pane before the window's end; −Infinity when there is none. */
  get newestInWindow(): number {
    const high = this.#cells[this.#base + HIGH]!;
    return high > 0 ? this.paneAt(high - 1) : NOWHERE;
  }

  /** The newest pane that a range of the window has left behind; −Infinity when there is none. */
  newestLeft(range: number): number {
    const low = this.#cells[this.#base + LOW + range]!;
    return low > 0 ? this.paneAt(low - 1) : NOWHERE;
  }

  /** The first position after the window's at which a range of it no longer holds one of its panes; Infinity for none. */
  get nextLeave(): number {
    const cells = this.#cells;
    const base = this.#base;
    const panes = this.#panes;
    const high = cells[base + HIGH]!;
    let next = Number.POSITIVE_INFINITY;
    for (let range = 0; range < this.#ranges.length; range++) {
      const low = cells[base + LOW + range]!;
      if (low === high) continue;
      const leave = this.#ranges[range]!.leaveOf(cells[panes + low * this.#width]!);
      if (leave < next) next = leave;
    }
    return next;
  }

  /** The oldest pane that the window, where it stands, has not reached; Infinity when there is none. */
  get oldestAhead(): number {
    const high = this.#cells[this.#base + HIGH]!;
    return high < this.count ? this.paneAt(high) : Number.POSITIVE_INFINITY;
  }

  /** The values of the window where it stands. */
  evaluate(out: Float64Array, at: number): void {
    const windowEnd = this.#layout.timeOf(this.position);
    this.#kernel.evaluate(this.#cells, this.#base + this.#windowAt, windowEnd, out, at);
  }

  /** Slides the window to a position. */
  moveTo(position: number): void {
    const cells = this.#cells;
    const base = this.#base;
    const at = cells[base + AT]!;
    if (at === position) return;
    const panes = this.#panes;
    const width = this.#width;
    const count = cells[base + COUNT]!;
    const oldHigh = cells[base + HIGH]!;
    let high = oldHigh;
    if (position > at) while (high < count && cells[panes + high * width]! < position) high++;
    else while (high > 0 && cells[panes + (high - 1) * width]! >= position) high--;

    for (let range = 0; range < this.#ranges.length; range++) {
      const from = this.#ranges[range]!.firstPane(position);
      const oldLow = cells[base + LOW + range]!;
      let low = oldLow;
      if (position > at) while (low < high && cells[panes + low * width]! < from) low++;
      else while (low > 0 && cells[panes + (low - 1) * width]! >= from) low--;
      this.#slide(range, oldLow, oldHigh, low, high);
      cells[base + LOW + range] = low;
    }
    cells[base + HIGH] = high;
    cells[base + AT] = position;
  }

  /** Brings a range of the window from the panes oldLow ≤ place < oldHigh to low ≤ place < high. */
  #slide(range: number, oldLow: number, oldHigh: number, low: number, high: number): void {
    const kernel = this.#kernel.ranges[range]!;
    const cells = this.#cells;
    const window = this.#base + this.#windowAt;
    const panes = this.#panes;
    const width = this.#width;
    if (low >= oldHigh || high <= oldLow) {
      if (oldHigh > oldLow) kernel.clear(cells, window);
      for (let place = low; place < high; place++) kernel.add(cells, window, panes + place * width);
      return;
    }
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

  /**
   * Puts the inputs that the kernel has read into a pane, and into the window where it holds that pane.
   * {@link makeRoom} was called. True when the entity did not have the pane before.
   */
  insert(pane: number, eventTime: number, offset: number): boolean {
    const cells = this.#cells;
    const base = this.#base;
    const count = this.count;
    let place = count - 1;
    if (place < 0 || this.paneAt(place) !== pane) place = pane > this.newest ? count : this.lowerBound(pane);
    const isNew = place === count || this.paneAt(place) !== pane;
    if (isNew) {
      if (place < count && beginsChunk(pane)) this.#splitChunk(place);
      this.#open(place, pane);
    }
    this.#touch(pane);
    cells[base + VALUES]! += this.#kernel.insertPane(cells, this.#at(place), eventTime, offset);

    if (pane >= this.position) return isNew;
    const window = base + this.#windowAt;
    let inside = 0;
    for (let range = 0; range < this.#ranges.length; range++)
      if (place >= cells[base + LOW + range]!) inside++;
    if (inside === this.#ranges.length) {
      this.#kernel.insertWindow(cells, window, eventTime, offset);
      return isNew;
    }
    for (let range = 0; range < this.#ranges.length; range++) {
      if (place < cells[base + LOW + range]!) continue;
      this.#kernel.ranges[range]!.insert(cells, window, eventTime, offset);
    }
    return isNew;
  }

  /** Adds an empty pane at a place among the others. */
  #open(place: number, pane: number): void {
    const cells = this.#cells;
    const base = this.#base;
    const panes = this.#panes;
    const width = this.#width;
    const count = cells[base + COUNT]!;
    if (place < count) {
      cells.copyWithin(panes + (place + 1) * width, panes + place * width, panes + count * width);
    }
    cells[panes + place * width] = pane;
    this.#kernel.initPane(cells, panes + place * width);
    cells[base + COUNT] = count + 1;

    const at = cells[base + AT]!;
    if (pane >= at) return;
    cells[base + HIGH]!++;
    for (let range = 0; range < this.#ranges.length; range++) {
      const outside = pane < this.#ranges[range]!.firstPane(at);
      if (outside || cells[base + LOW + range]! > place) cells[base + LOW + range]!++;
    }
  }

  /** Room for one more pane: that of those that have gone when it is a quarter of the block, else a larger block. */
  makeRoom(finalUpTo: number): void {
    const capacity = this.#arena.capacityOf(this.#entity);
    if (this.#cells[this.#base + GONE]! + this.count < capacity) return;
    this.settle(finalUpTo);
    if (this.#cells[this.#base + GONE]! * 4 < capacity) {
      this.#arena.grow(this.#entity);
      this.select(this.#entity);
      return;
    }
    const front = this.#base + this.#panesAt;
    this.#cells.copyWithin(front, this.#panes, this.#at(this.count));
    this.#cells[this.#base + GONE] = 0;
    this.#panes = front;
  }

  /**
   * Gives up what no window that is not final needs, nor a row at its leaving. Then what is held, and {@link size}, is
   * a function of the log, whenever this was done before.
   */
  settle(finalUpTo: number): void {
    const settled = this.#settled(finalUpTo);
    if (settled === 0) return;
    // What goes must not be inside a range that ends; at a final position none of it is.
    if (this.position < finalUpTo) this.moveTo(finalUpTo);
    const gone = this.#hasLifetime ? settled - 1 : settled;
    this.#giveUpChunks(gone);
    if (this.#hasLifetime) this.#mergeSettled(settled);
    else this.#freePanes(settled);

    const cells = this.#cells;
    const base = this.#base;
    this.#panes = this.#at(gone);
    cells[base + GONE]! += gone;
    cells[base + COUNT]! -= gone;
    cells[base + HIGH]! -= gone;
    for (let range = 0; range < this.#ranges.length; range++) {
      cells[base + LOW + range] = Math.max(0, cells[base + LOW + range]! - gone);
    }
  }

  /**
   * How many panes, from the first, are inside every window that is not final by lifetime ranges and inside none by
   * another: they may as well be one.
   */
  #settled(finalUpTo: number): number {
    const count = this.count;
    let place = 0;
    while (place < count && this.#layout.lastRowOf(this.paneAt(place)) <= finalUpTo) place++;
    return place;
  }

  /**
   * The pane that takes the records of one: where both are settled it is the next newer one, which may have been merged
   * with older ones. A pane of its own before that would not be in order of time, which aggregates rebuild by.
   */
  homeOf(pane: number, finalUpTo: number): number {
    // What is settled is merged for lifetimes only; else nothing comes for it any more.
    if (!this.#hasLifetime) return pane;
    const place = this.lowerBound(pane);
    if (place === this.count) return pane;
    const next = this.paneAt(place);
    return this.#layout.lastRowOf(next) <= finalUpTo ? next : pane;
  }

  /** Makes the first panes one, at the place of the last of them, with the values of lifetime features only. */
  #mergeSettled(count: number): void {
    const kernel = this.#kernel;
    const cells = this.#cells;
    const last = this.#at(count - 1);
    const number = cells[last]!;
    // The first one is what others were merged to before: it may be large.
    const merged = this.#panes;
    let values = -kernel.valuesIn(cells, merged);
    for (let pane = merged + this.#width; pane <= last; pane += this.#width) {
      values -= kernel.valuesIn(cells, pane);
      kernel.mergeLifetime(cells, merged, pane);
      kernel.freePane(cells, pane);
    }
    kernel.clearEnding(cells, merged);
    values += kernel.valuesIn(cells, merged);
    cells[this.#base + VALUES]! += values;
    cells.copyWithin(last, merged, merged + this.#width);
    cells[last] = number;
  }

  #freePanes(count: number): void {
    const cells = this.#cells;
    for (let place = 0; place < count; place++) {
      cells[this.#base + VALUES]! -= this.#kernel.valuesIn(cells, this.#at(place));
      this.#kernel.freePane(cells, this.#at(place));
    }
  }

  /** Index of the first cell of the pane at a place. */
  #at(place: number): number {
    return this.#panes + place * this.#width;
  }

  // ---------------------------------------------------------------------------------------------- chunks

  #touch(pane: number): void {
    const changed = this.#base + CHANGED;
    if (pane < this.#cells[changed]!) this.#cells[changed] = pane;
  }

  /** Before a pane that begins a chunk comes to a place among others: those from there on change chunks. */
  #splitChunk(place: number): void {
    if (place > 0) this.#touch(this.paneAt(place - 1));
    else if (!beginsChunk(this.paneAt(0))) this.#owner.onChunkGone(this.#entity, HEAD_CHUNK);
  }

  /** Before the first `count` panes go: chunks that begin among them are no more; what is left of one is the head. */
  #giveUpChunks(count: number): void {
    if (count === 0) return;
    const left = count < this.count ? this.paneAt(count) : null;
    const isHeadLeft = left !== null && !beginsChunk(left);
    if (!isHeadLeft && !beginsChunk(this.paneAt(0))) this.#owner.onChunkGone(this.#entity, HEAD_CHUNK);
    for (let place = 0; place < count; place++) {
      const pane = this.paneAt(place);
      if (beginsChunk(pane)) this.#owner.onChunkGone(this.#entity, pane);
    }
    // A lifetime range's pane has taken in those before it.
    if (left !== null && (isHeadLeft || this.#hasLifetime)) this.#touch(left);
  }

  /** Encodes the chunks that changed since the last call, one by one; `write` takes what stands in `out` then. */
  encodeChanges(finalUpTo: number, out: ByteWriter, write: (chunk: ChunkLabel) => void): void {
    const { count } = this;
    let place = this.lowerBound(this.#cells[this.#base + CHANGED]!);
    while (place > 0 && place < count && !beginsChunk(this.paneAt(place))) place--;
    while (place < count) {
      const first = this.paneAt(place);
      let end = place + 1;
      while (end < count && !beginsChunk(this.paneAt(end))) end++;
      this.#encodePanes(place, end, finalUpTo, out);
      write(beginsChunk(first) ? first : HEAD_CHUNK);
      place = end;
    }
    this.#cells[this.#base + CHANGED] = Number.POSITIVE_INFINITY;
  }

  #encodePanes(from: number, to: number, finalUpTo: number, out: ByteWriter): void {
    out.byte(CHUNK_FORMAT);
    const hasLateEntry = this.lateEntry > finalUpTo;
    out.byte(hasLateEntry ? 1 : 0);
    if (hasLateEntry) out.signed(this.lateEntry);
    out.unsigned(to - from);
    let previous = 0;
    for (let place = from; place < to; place++) {
      const pane = this.paneAt(place);
      out.signed(pane - previous);
      this.#kernel.encodePane(this.#cells, this.#at(place), out);
      previous = pane;
    }
  }

  /** Adds the panes of a chunk that {@link encodeChanges} wrote. Chunks may come in any order. */
  decodeChunk(from: ByteReader): void {
    const format = from.byte();
    assert(format === CHUNK_FORMAT, `state of format ${format}, this version reads ${CHUNK_FORMAT}`);
    if (from.byte() === 1) this.lateEntry = Math.max(this.lateEntry, from.signed());
    let pane = 0;
    for (let left = from.unsigned(); left > 0; left--) {
      pane += from.signed();
      this.makeRoom(NOWHERE);
      const place = pane > this.newest ? this.count : this.lowerBound(pane);
      this.#open(place, pane);
      this.#kernel.decodePane(this.#cells, this.#at(place), from);
      this.#cells[this.#base + VALUES]! += this.#kernel.valuesIn(this.#cells, this.#at(place));
    }
  }
}
