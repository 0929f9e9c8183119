import type { Aggregate, Cells } from './aggregate.ts';
import { Bags, EMPTY_BAG } from './bags.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/**
 * What the aggregates share that count categories: each pane holds a bag of them, the window holds the bag of all
 * its panes, and a subclass hears of each change of a category's count in the window.
 *
 * Pane cell: its bag. Window cells: its bag, then the subclass's own.
 */
export abstract class BagAggregate implements Aggregate {
  readonly paneWidth = 1;
  readonly subtracts = true;
  abstract readonly windowWidth: number;
  protected readonly bags = new Bags();
  /** The window and the direction of the walk under way: the visitors below are made once, not per walk. */
  #cells: Cells = new Float64Array(0);
  #window = 0;
  readonly #enter = (category: number, count: number): void => this.#change(category, count);
  readonly #leave = (category: number, count: number): void => this.#change(category, -count);
  readonly #forget = (category: number): void => this.release(category);

  /** The category of an input; it fits 31 bits. */
  protected abstract categoryOf(input: number): number;
  protected abstract encodeCategory(category: number, out: ByteWriter): void;
  protected abstract decodeCategory(from: ByteReader): number;
  /** Makes the subclass's cells (from `at` on) those of an empty window. */
  protected abstract initSummary(cells: Cells, at: number): void;
  /** The category's count in the window goes from `before` to `after`. */
  protected abstract recount(cells: Cells, at: number, before: number, after: number, category: number): void;
  abstract result(cells: Cells, window: number): number;

  /** A pane holds the category from now on, or no more. */
  protected retain(_category: number): void {}
  protected release(_category: number): void {}

  isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === EMPTY_BAG;
  }

  isOutOfRange(_cells: Cells, _window: number): boolean {
    return false;
  }

  initPane(cells: Cells, pane: number): void {
    cells[pane] = EMPTY_BAG;
  }

  freePane(cells: Cells, pane: number): void {
    this.bags.forEach(cells[pane]!, this.#forget);
    this.bags.free(cells[pane]!);
  }

  initWindow(cells: Cells, window: number): void {
    cells[window] = EMPTY_BAG;
    this.initSummary(cells, window + 1);
  }

  clearWindow(cells: Cells, window: number): void {
    this.bags.free(cells[window]!);
    this.initWindow(cells, window);
  }

  insertPane(cells: Cells, pane: number, input: number): void {
    this.#insertMany(cells, pane, this.categoryOf(input), 1);
  }

  insertWindow(cells: Cells, window: number, input: number): void {
    this.#cells = cells;
    this.#window = window;
    this.#change(this.categoryOf(input), 1);
  }

  mergePane(cells: Cells, pane: number, from: number): void {
    this.bags.forEach(cells[from]!, (category, count) => this.#insertMany(cells, pane, category, count));
  }

  add(cells: Cells, window: number, pane: number): void {
    this.#cells = cells;
    this.#window = window;
    this.bags.forEach(cells[pane]!, this.#enter);
  }

  subtract(cells: Cells, window: number, pane: number): boolean {
    this.#cells = cells;
    this.#window = window;
    this.bags.forEach(cells[pane]!, this.#leave);
    return true;
  }

  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    for (let pane = first; pane < end; pane += stride) this.add(cells, window, pane);
  }

  valuesIn(cells: Cells, pane: number): number {
    return this.bags.size(cells[pane]!);
  }

  encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(this.bags.size(cells[pane]!));
    this.bags.forEach(cells[pane]!, (category, count) => {
      this.encodeCategory(category, out);
      out.unsigned(count);
    });
  }

  decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    for (let left = from.unsigned(); left > 0; left--) {
      const category = this.decodeCategory(from);
      this.#insertMany(cells, pane, category, from.unsigned());
    }
  }

  #insertMany(cells: Cells, pane: number, category: number, count: number): void {
    cells[pane] = this.bags.change(cells[pane]!, category, count);
    if (this.bags.before === 0) this.retain(category);
  }

  #change(category: number, by: number): void {
    const cells = this.#cells;
    const window = this.#window;
    cells[window] = this.bags.change(cells[window]!, category, by);
    const before = this.bags.before;
    this.recount(cells, window + 1, before, before + by, category);
  }
}
