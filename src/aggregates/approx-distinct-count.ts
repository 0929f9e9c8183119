import type { Aggregate, Cells } from './aggregate.ts';
import { type Bag, Bags, EMPTY_BAG } from './bags.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { HyperLogLog } from './hyper-log-log.ts';
import type { InputValues } from './input-values.ts';

/** Ranks are below this. */
const RANKS = 64;

// Window cells, each a bag.
/** How many panes have a register at a rank, by register · RANKS + rank. */
const PANES = 0;
/** The greatest rank of each register, as if it were a count. */
const GREATEST = 1;
/** How many registers have each greatest rank. */
const HISTOGRAM = 2;

/**
 * `approxDistinctCount(x)`: how many different values, estimated by HyperLogLog; 0 of nothing. A window keeps what
 * each pane brings, so that panes leave it exactly, and equal multisets give equal estimates.
 *
 * Pane cell: a bag with the greatest rank of each register, as if it were a count. Window cells: as named above.
 */
export class ApproxDistinctCount implements Aggregate {
  readonly paneWidth = 1;
  readonly windowWidth = 3;
  readonly subtracts = true;
  readonly #bags = new Bags();
  readonly #sketch: HyperLogLog;
  readonly #values: InputValues;
  readonly #registersOfRank: Float64Array;
  /** What {@link insertPane} last did to the pane, for the window: the register and its ranks before and after. */
  #register = 0;
  #before = 0;
  #after = 0;
  #cells: Cells = new Float64Array(0);
  #window = 0;
  readonly #enter = (register: number, rank: number): void =>
    this.#enterWindow(this.#cells, this.#window, register, rank);
  readonly #leave = (register: number, rank: number): void =>
    this.#leaveWindow(this.#cells, this.#window, register, rank);
  readonly #countRank = (rank: number, registers: number): void => {
    this.#registersOfRank[rank] = registers;
  };

  constructor(precision: number, values: InputValues) {
    this.#sketch = new HyperLogLog(precision);
    this.#values = values;
    this.#registersOfRank = new Float64Array(this.#sketch.greatestRank + 1);
  }

  initPane(cells: Cells, pane: number): void {
    cells[pane] = EMPTY_BAG;
  }

  freePane(cells: Cells, pane: number): void {
    this.#bags.free(cells[pane]!);
  }

  initWindow(cells: Cells, window: number): void {
    cells.fill(EMPTY_BAG, window, window + this.windowWidth);
  }

  clearWindow(cells: Cells, window: number): void {
    for (let bag = 0; bag < this.windowWidth; bag++) this.#bags.free(cells[window + bag]!);
    this.initWindow(cells, window);
  }

  insertPane(cells: Cells, pane: number, input: number): void {
    const sketch = this.#sketch;
    sketch.locate(String(this.#values.valueOf(input)));
    this.#raisePane(cells, pane, sketch.register, sketch.rank);
  }

  insertWindow(cells: Cells, window: number): void {
    if (this.#before === this.#after) return;
    this.#enterWindow(cells, window, this.#register, this.#after);
    if (this.#before > 0) this.#leaveWindow(cells, window, this.#register, this.#before);
  }

  mergePane(cells: Cells, pane: number, from: number): void {
    this.#bags.forEach(cells[from]!, (register, rank) => this.#raisePane(cells, pane, register, rank));
  }

  add(cells: Cells, window: number, pane: number): void {
    this.#cells = cells;
    this.#window = window;
    this.#bags.forEach(cells[pane]!, this.#enter);
  }

  subtract(cells: Cells, window: number, pane: number): boolean {
    this.#cells = cells;
    this.#window = window;
    this.#bags.forEach(cells[pane]!, this.#leave);
    return true;
  }

  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    for (let pane = first; pane < end; pane += stride) this.add(cells, window, pane);
  }

  result(cells: Cells, window: number): number {
    this.#registersOfRank.fill(0);
    this.#registersOfRank[0] = this.#sketch.registers - this.#bags.size(cells[window + GREATEST]!);
    this.#bags.forEach(cells[window + HISTOGRAM]!, this.#countRank);
    return Math.round(this.#sketch.estimate(this.#registersOfRank));
  }

  isEmpty(cells: Cells, window: number): boolean {
    return cells[window + PANES] === EMPTY_BAG;
  }

  isOutOfRange(_cells: Cells, _window: number): boolean {
    return false;
  }

  valuesIn(cells: Cells, pane: number): number {
    return this.#bags.size(cells[pane]!);
  }

  encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(this.#bags.size(cells[pane]!));
    this.#bags.forEach(cells[pane]!, (register, rank) => {
      out.unsigned(register);
      out.byte(rank);
    });
  }

  decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    for (let left = from.unsigned(); left > 0; left--)
      this.#raisePane(cells, pane, from.unsigned(), from.byte());
  }

  #raisePane(cells: Cells, pane: number, register: number, rank: number): void {
    const before = this.#bags.count(cells[pane]!, register);
    const after = Math.max(before, rank);
    if (after > before) cells[pane] = this.#bags.change(cells[pane]!, register, after - before);
    this.#register = register;
    this.#before = before;
    this.#after = after;
  }

  #enterWindow(cells: Cells, window: number, register: number, rank: number): void {
    this.#change(cells, window + PANES, register * RANKS + rank, 1);
    const greatest = this.#bags.count(cells[window + GREATEST]!, register);
    if (rank > greatest) this.#setGreatest(cells, window, register, greatest, rank);
  }

  #leaveWindow(cells: Cells, window: number, register: number, rank: number): void {
    const left = this.#change(cells, window + PANES, register * RANKS + rank, -1);
    if (left > 0 || rank < this.#bags.count(cells[window + GREATEST]!, register)) return;
    let next = rank - 1;
    while (next > 0 && this.#bags.count(cells[window + PANES]!, register * RANKS + next) === 0) next--;
    this.#setGreatest(cells, window, register, rank, next);
  }

  #setGreatest(cells: Cells, window: number, register: number, from: number, to: number): void {
    this.#change(cells, window + GREATEST, register, to - from);
    if (from > 0) this.#change(cells, window + HISTOGRAM, from, -1);
    if (to > 0) this.#change(cells, window + HISTOGRAM, to, 1);
  }

  /** Gives the category's count after. */
  #change(cells: Cells, at: number, category: number, by: number): Bag {
    cells[at] = this.#bags.change(cells[at]!, category, by);
    return this.#bags.before + by;
  }
}
