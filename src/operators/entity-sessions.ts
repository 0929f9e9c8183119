import type { Cells } from '../aggregates/aggregate.ts';
import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { SessionGrid } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import type { DurationMs, EventTimeMs, Offset } from '../time.ts';
import { EntityArena } from './entity-arena.ts';
import type { Kernel, RangeKernel } from './kernel.ts';
import type { ChunkLabel, WindowsOwner } from './windows.ts';

/** The version of the encoding of a session; one of another version is not read. */
const CHUNK_FORMAT = 1;

// The head of an entity's block.
/** How many sessions there are. */
const COUNT = 0;
/** How many values they keep outside their cells, those of their windows aside. */
const VALUES = 1;
/** Cells of an entity in front of its sessions. */
export const SESSIONS_HEAD_CELLS = 2;

// A session: the cells of a pane, whose number is the time of the session's first event; what is named here; the cells
// of a window.
const FIRST = 0;
/** Behind the pane: the time of the last event. */
const LAST = 0;
/** Behind the pane: 1 when the session is not stored as it is. */
const CHANGED = 1;
const OWN_CELLS = 2;

/**
 * What is kept of each entity: its sessions that are not final, in order. A session has the times of its first and its
 * last event and the partial of each feature twice: as a pane, which can be stored and merged, and as the window over
 * it, which can be evaluated.
 *
 * Without a limit to their duration, sessions lie at least the gap apart. With one they may lie closer, even overlap,
 * where their union would be too long; but no session lies within another, so that the order of their first events
 * is that of their last, and no two of them begin or end alike. Each is stored as a chunk of its own, labelled with
 * the time of its first event.
 *
 * One entity is looked at at a time: {@link select} it, and everything else is about it. A place counts sessions from
 * the first.
 */
export class EntitySessions {
  readonly #kernel: Kernel;
  readonly #range: RangeKernel;
  readonly #arena: EntityArena;
  readonly #gapMs: DurationMs;
  readonly #maxDurationMs: DurationMs;
  readonly #owner: Pick<WindowsOwner, 'onChunkGone'>;
  /** Where the cells behind the pane, and those of the window, are in a session. */
  readonly #ownAt: number;
  readonly #windowAt: number;
  readonly #width: number;

  #entity = -1;
  #cells: Cells = new Float64Array(0);
  #sessions = 0;

  #joinedFrom = 0;
  #joinedTo = 0;

  constructor(grid: SessionGrid, kernel: Kernel, owner: Pick<WindowsOwner, 'onChunkGone'>) {
    this.#kernel = kernel;
    this.#range = kernel.ranges[0]!;
    this.#gapMs = grid.gapMs;
    this.#maxDurationMs = grid.maxDurationMs ?? Number.POSITIVE_INFINITY;
    this.#owner = owner;
    this.#ownAt = kernel.paneWidth;
    this.#windowAt = kernel.paneWidth + OWN_CELLS;
    this.#width = sessionCells(kernel);
    this.#arena = new EntityArena(SESSIONS_HEAD_CELLS, this.#width);
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
    this.#sessions = this.#arena.baseOf(entity) + SESSIONS_HEAD_CELLS;
    return true;
  }

  /** Makes room for a new entity, without sessions, and selects it. */
  create(entity: number): void {
    this.#arena.allocate(entity);
    this.select(entity);
    this.#setHead(COUNT, 0);
    this.#setHead(VALUES, 0);
  }

  /** Gives up what is held of the entity. */
  release(): void {
    for (let place = 0; place < this.count; place++) this.#free(place);
    this.#arena.release(this.#entity);
  }

  get count(): number {
    return this.#head(COUNT);
  }

  /** How much is held of the entity: its sessions, and the values that they keep outside their cells. */
  get size(): number {
    return this.count + this.#head(VALUES);
  }

  firstOf(place: number): EventTimeMs {
    return this.#cells[this.#at(place) + FIRST]!;
  }

  lastOf(place: number): EventTimeMs {
    return this.#cells[this.#at(place) + this.#ownAt + LAST]!;
  }

  /** window_end. */
  endOf(place: number): EventTimeMs {
    return this.lastOf(place) + this.#gapMs;
  }

  /** The place of the first session that ends after `time`. */
  firstEndingAfter(time: EventTimeMs): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.endOf(middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Finds the sessions that an event joins, at the places {@link joinedFrom} ≤ place < {@link joinedTo}; false when
   * there are none, and `joinedFrom` is the place that a session of the event alone would have.
   *
   * Of the sessions less than the gap away, in order, it joins each whose union with it, and with those joined before,
   * does not last too long. Those that it comes too late for are the first ones; once the union is too long with one,
   * it is with the later ones, too.
   */
  findJoined(eventTime: EventTimeMs): boolean {
    const count = this.count;
    let place = this.firstEndingAfter(eventTime);
    while (place < count && eventTime - this.firstOf(place) > this.#maxDurationMs) place++;
    this.#joinedFrom = place;
    let [first, last] = [eventTime, eventTime];
    for (; place < count && this.firstOf(place) - this.#gapMs < eventTime; place++) {
      first = Math.min(first, this.firstOf(place));
      last = Math.max(last, this.lastOf(place));
      if (last - first > this.#maxDurationMs) break;
    }
    this.#joinedTo = place;
    return this.#joinedTo > this.#joinedFrom;
  }

  get joinedFrom(): number {
    return this.#joinedFrom;
  }

  get joinedTo(): number {
    return this.#joinedTo;
  }

  /**
   * Puts the inputs that the kernel has read into the one session that the event and those it joins, as
   * {@link findJoined} found them, are from now on; it is at the place {@link joinedFrom}.
   */
  insert(eventTime: EventTimeMs, offset: Offset): void {
    const place = this.#joinedFrom;
    if (this.#joinedTo === place) this.#open(place, eventTime, eventTime);
    else if (this.#joinedTo - place > 1) this.#merge(place, this.#joinedTo);
    const cells = this.#cells;
    const session = this.#at(place);
    this.#addValues(this.#kernel.insertPane(cells, session, eventTime, offset));
    this.#kernel.insertWindow(cells, session + this.#windowAt, eventTime, offset);
    cells[session + this.#ownAt + CHANGED] = 1;
    if (eventTime > this.lastOf(place)) cells[session + this.#ownAt + LAST] = eventTime;
    if (eventTime >= this.firstOf(place)) return;
    this.#owner.onChunkGone(this.#entity, this.firstOf(place));
    cells[session + FIRST] = eventTime;
  }

  /** The values of a session as of its end. */
  evaluate(place: number, out: Float64Array, at: number): void {
    this.#kernel.evaluate(this.#cells, this.#at(place) + this.#windowAt, this.endOf(place), out, at);
  }

  /** Forgets the first sessions. */
  drop(count: number): void {
    if (count > 0) this.#takeAway(0, count);
  }

  /** Encodes the sessions that changed since the last call, one by one; `write` takes what stands in `out` then. */
  encodeChanges(out: ByteWriter, write: (chunk: ChunkLabel) => void): void {
    const cells = this.#cells;
    for (let place = 0; place < this.count; place++) {
      const session = this.#at(place);
      if (cells[session + this.#ownAt + CHANGED] === 0) continue;
      cells[session + this.#ownAt + CHANGED] = 0;
      const first = this.firstOf(place);
      out.byte(CHUNK_FORMAT);
      out.signed(first);
      out.unsigned(this.lastOf(place) - first);
      this.#kernel.encodePane(cells, session, out);
      write(first);
    }
  }

  /** Adds a session that {@link encodeChanges} wrote. They may come in any order. */
  decodeChunk(from: ByteReader): void {
    const format = from.byte();
    assert(format === CHUNK_FORMAT, `state of format ${format}, this version reads ${CHUNK_FORMAT}`);
    const first = from.signed();
    const last = first + from.unsigned();
    const place = this.firstEndingAfter(last + this.#gapMs);
    this.#open(place, first, last);
    const session = this.#at(place);
    this.#kernel.decodePane(this.#cells, session, from);
    this.#range.add(this.#cells, session + this.#windowAt, session);
    this.#addValues(this.#kernel.valuesIn(this.#cells, session));
  }

  /** Adds an empty session at a place among the others. */
  #open(place: number, first: EventTimeMs, last: EventTimeMs): void {
    const count = this.count;
    if (count === this.#arena.capacityOf(this.#entity)) {
      this.#arena.grow(this.#entity);
      this.select(this.#entity);
    }
    const cells = this.#cells;
    const session = this.#at(place);
    cells.copyWithin(session + this.#width, session, this.#at(count));
    cells[session + FIRST] = first;
    cells[session + this.#ownAt + LAST] = last;
    cells[session + this.#ownAt + CHANGED] = 0;
    this.#kernel.initPane(cells, session);
    this.#kernel.initWindow(cells, session + this.#windowAt);
    this.#setHead(COUNT, count + 1);
  }

  /** Makes the sessions from ≤ place < to one. */
  #merge(from: number, to: number): void {
    const cells = this.#cells;
    const into = this.#at(from);
    this.#addValues(-this.#kernel.valuesIn(cells, into));
    for (let session = into + this.#width; session < this.#at(to); session += this.#width) {
      this.#range.add(cells, into + this.#windowAt, session);
      this.#kernel.mergePane(cells, into, session);
    }
    this.#addValues(this.#kernel.valuesIn(cells, into));
    cells[into + this.#ownAt + LAST] = this.lastOf(to - 1);
    this.#takeAway(from + 1, to);
  }

  /** Takes the sessions from ≤ place < to away. */
  #takeAway(from: number, to: number): void {
    const cells = this.#cells;
    for (let place = from; place < to; place++) {
      this.#owner.onChunkGone(this.#entity, this.firstOf(place));
      this.#free(place);
    }
    const count = this.count;
    cells.copyWithin(this.#at(from), this.#at(to), this.#at(count));
    this.#setHead(COUNT, count - (to - from));
  }

  #free(place: number): void {
    const session = this.#at(place);
    this.#addValues(-this.#kernel.valuesIn(this.#cells, session));
    this.#kernel.freePane(this.#cells, session);
    this.#kernel.clearWindow(this.#cells, session + this.#windowAt);
  }

  #at(place: number): number {
    return this.#sessions + place * this.#width;
  }

  #head(cell: number): number {
    return this.#cells[this.#sessions - SESSIONS_HEAD_CELLS + cell]!;
  }

  #setHead(cell: number, value: number): void {
    this.#cells[this.#sessions - SESSIONS_HEAD_CELLS + cell] = value;
  }

  #addValues(count: number): void {
    this.#setHead(VALUES, this.#head(VALUES) + count);
  }
}

/** Cells of a session. */
export function sessionCells(widths: Pick<Kernel, 'paneWidth' | 'windowWidth'>): number {
  return widths.paneWidth + OWN_CELLS + widths.windowWidth;
}
