import { compareElements, listOfTexts } from '../definitions/value.ts';
import type { Aggregate, Cells } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';
import { EXACT_SUM_CELLS, ExactSums } from './exact-sum.ts';
import { EMPTY_LIST, type RowList, RowLists, SPARE_ROW } from './row-lists.ts';
import { Selection } from './selection.ts';

/** Of a row: the category is in front, then how many values were summed, and their exact sum. */
const COUNT = 1;
const SUM = 2;

/**
 * `topKBySum(x, v)`: the k values of x with the greatest sums of v, the greatest in front, ties by value ascending;
 * an empty list of nothing. Sums are compared exactly, also where they round to the same double.
 *
 * Cell: the list of categories, ascending by their number, with count and sum. A pane retains its categories.
 */
export class TopKBySum implements Aggregate {
  readonly paneWidth = 1;
  readonly windowWidth = 1;
  readonly subtracts = true;
  readonly #dictionary: Dictionary;
  readonly #lists = new RowLists(SUM + EXACT_SUM_CELLS);
  readonly #sums = new ExactSums();
  readonly #selection: Selection;

  constructor(k: number, dictionary: Dictionary) {
    this.#dictionary = dictionary;
    this.#selection = new Selection(k, (a, b) => this.#compareEvenSums(a, b));
  }

  initPane(cells: Cells, pane: number): void {
    cells[pane] = EMPTY_LIST;
  }

  freePane(cells: Cells, pane: number): void {
    this.#forEachRow(cells[pane]!, (row) => this.#dictionary.release(this.#lists.cells[row]!));
    this.#free(cells[pane]!);
  }

  initWindow(cells: Cells, window: number): void {
    cells[window] = EMPTY_LIST;
  }

  clearWindow(cells: Cells, window: number): void {
    this.#free(cells[window]!);
    cells[window] = EMPTY_LIST;
  }

  insertPane(
    cells: Cells,
    pane: number,
    input: number,
    _eventTime: number,
    _offset: number,
    other: number,
  ): void {
    this.#insert(cells, pane, input, other, true);
  }

  insertWindow(
    cells: Cells,
    window: number,
    input: number,
    _eventTime: number,
    _offset: number,
    other: number,
  ): void {
    this.#insert(cells, window, input, other, false);
  }

  mergePane(cells: Cells, pane: number, from: number): void {
    this.#mergeAll(cells, pane, cells[from]!, true);
  }

  add(cells: Cells, window: number, pane: number): void {
    this.#mergeAll(cells, window, cells[pane]!, false);
  }

  subtract(cells: Cells, window: number, pane: number): boolean {
    this.#forEachRow(cells[pane]!, (from) => {
      const list = cells[window]!;
      const index = this.#indexOf(list, this.#lists.cells[from]!);
      const row = this.#lists.row(list, index);
      const rows = this.#lists.cells;
      rows[row + COUNT]! -= rows[from + COUNT]!;
      this.#sums.unmerge(rows, row + SUM, from + SUM);
      if (rows[row + COUNT]! > 0) return;
      this.#sums.clear(rows, row + SUM);
      cells[window] = this.#lists.close(list, index);
    });
    return true;
  }

  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    for (let pane = first; pane < end; pane += stride) this.add(cells, window, pane);
  }

  result(cells: Cells, window: number): number {
    const rows = this.#lists.cells;
    this.#selection.clear();
    this.#forEachRow(cells[window]!, (row) => this.#selection.offer(row, this.#sums.round(rows, row + SUM)));
    const texts = this.#selection.items.map((row) => this.#dictionary.elementText(rows[row]!));
    return this.#dictionary.intern(listOfTexts(texts));
  }

  isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === EMPTY_LIST;
  }

  isOutOfRange(_cells: Cells, _window: number): boolean {
    return false;
  }

  valuesIn(cells: Cells, pane: number): number {
    return this.#lists.size(cells[pane]!);
  }

  encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    const rows = this.#lists.cells;
    out.unsigned(this.#lists.size(cells[pane]!));
    this.#forEachRow(cells[pane]!, (row) => {
      out.scalar(this.#dictionary.valueOf(rows[row]!));
      out.unsigned(rows[row + COUNT]!);
      this.#sums.encode(rows, row + SUM, out);
    });
  }

  decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    for (let left = from.unsigned(); left > 0; left--) {
      const category = this.#dictionary.intern(from.scalar());
      const row = this.#rowOf(cells, pane, category, true);
      this.#lists.cells[row + COUNT] = from.unsigned();
      this.#sums.decode(this.#lists.cells, row + SUM, from);
    }
  }

  #insert(cells: Cells, at: number, category: number, value: number, retains: boolean): void {
    const row = this.#rowOf(cells, at, category, retains);
    this.#lists.cells[row + COUNT]!++;
    this.#sums.add(this.#lists.cells, row + SUM, value);
  }

  #mergeAll(cells: Cells, at: number, list: RowList, retains: boolean): void {
    this.#forEachRow(list, (from) => {
      const row = this.#rowOf(cells, at, this.#lists.cells[from]!, retains);
      const rows = this.#lists.cells;
      rows[row + COUNT]! += rows[from + COUNT]!;
      this.#sums.merge(rows, row + SUM, from + SUM);
    });
  }

  /** The address of the category's row, which is made if there is none. */
  #rowOf(cells: Cells, at: number, category: number, retains: boolean): number {
    const index = this.#indexOf(cells[at]!, category);
    let row = this.#lists.row(cells[at]!, index);
    if (index < this.#lists.size(cells[at]!) && this.#lists.cells[row] === category) return row;
    cells[at] = this.#lists.open(cells[at]!, index);
    row = this.#lists.row(cells[at]!, index);
    this.#lists.cells[row] = category;
    this.#lists.cells[row + COUNT] = 0;
    this.#sums.init(this.#lists.cells, row + SUM);
    if (retains) this.#dictionary.retain(category);
    return row;
  }

  /** The index of the first row whose category is not below. */
  #indexOf(list: RowList, category: number): number {
    let low = 0;
    let high = this.#lists.size(list);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lists.cells[this.#lists.row(list, middle)]! < category) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Of two rows whose sums round to the same: below 0 where that of `a` is greater, or as great and its value less. */
  #compareEvenSums(a: number, b: number): number {
    const rows = this.#lists.cells;
    const difference = SPARE_ROW + SUM;
    this.#sums.init(rows, difference);
    this.#sums.merge(rows, difference, b + SUM);
    this.#sums.unmerge(rows, difference, a + SUM);
    const order = this.#sums.round(rows, difference);
    this.#sums.clear(rows, difference);
    if (order !== 0) return order;
    return compareElements(this.#dictionary.valueOf(rows[a]!), this.#dictionary.valueOf(rows[b]!));
  }

  #free(list: RowList): void {
    this.#forEachRow(list, (row) => this.#sums.clear(this.#lists.cells, row + SUM));
    this.#lists.free(list);
  }

  /** The visitor leaves this list as it is, and others may move. */
  #forEachRow(list: RowList, visit: (row: number) => void): void {
    const size = this.#lists.size(list);
    for (let index = 0; index < size; index++) visit(this.#lists.row(list, index));
  }
}
