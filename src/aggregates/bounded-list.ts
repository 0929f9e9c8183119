import { listOfTexts } from '../definitions/value.ts';
import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';
import type { InputValues } from './input-values.ts';
import { EMPTY_LIST, type RowList, RowLists, SPARE_ROW } from './row-lists.ts';

export interface BoundedListOptions {
  /** How many values the list holds at most. */
  readonly n: number;
  /** A value stands in the list once, in the best of its places. */
  readonly distinct: boolean;
  readonly values: InputValues;
  readonly dictionary: Dictionary;
}

/**
 * The first n values in some order, as a list. The first n of many are among the first n of each part, so that n
 * rows are enough in a pane. A list cannot be subtracted: when a pane leaves that may stand in it, the window is
 * rebuilt.
 *
 * Cell: the list of rows, each a value and, by subclass, what it is ordered by. A pane retains the texts of its rows,
 * a window only shows what its panes retain.
 */
export abstract class BoundedList extends UniformAggregate {
  override readonly paneWidth = 1;
  override readonly subtracts = false;
  protected readonly lists: RowLists;
  protected readonly values: InputValues;
  readonly #n: number;
  readonly #distinct: boolean;
  readonly #dictionary: Dictionary;

  constructor(rowWidth: number, { n, distinct, values, dictionary }: BoundedListOptions) {
    super();
    this.lists = new RowLists(rowWidth);
    this.values = values;
    this.#n = n;
    this.#distinct = distinct;
    this.#dictionary = dictionary;
  }

  /** Whether the row at address `a` stands in front of that at `b`. */
  protected abstract goesBefore(rows: Cells, a: number, b: number): boolean;
  /** Fills the row at an address. */
  protected abstract setRow(rows: Cells, row: number, input: number, eventTime: number, offset: number): void;
  /** Writes, and reads into the row at an address, what the row is ordered by besides its value. */
  protected abstract encodePlace(rows: Cells, row: number, out: ByteWriter): void;
  protected abstract decodeRow(rows: Cells, row: number, input: number, from: ByteReader): void;

  override initPane(cells: Cells, at: number): void {
    cells[at] = EMPTY_LIST;
  }

  override freePane(cells: Cells, at: number): void {
    const list = cells[at]!;
    for (let index = 0; index < this.lists.size(list); index++) this.values.release(this.#input(list, index));
    this.lists.free(list);
  }

  override clearWindow(cells: Cells, at: number): void {
    this.lists.free(cells[at]!);
    cells[at] = EMPTY_LIST;
  }

  override insertPane(cells: Cells, at: number, input: number, eventTime: number, offset: number): void {
    this.setRow(this.lists.cells, SPARE_ROW, input, eventTime, offset);
    this.#insert(cells, at, true);
  }

  override insertWindow(cells: Cells, at: number, input: number, eventTime: number, offset: number): void {
    this.setRow(this.lists.cells, SPARE_ROW, input, eventTime, offset);
    this.#insert(cells, at, false);
  }

  override mergePane(cells: Cells, pane: number, from: number): void {
    this.#insertAll(cells, pane, cells[from]!, true);
  }

  override add(cells: Cells, window: number, pane: number): void {
    this.#insertAll(cells, window, cells[pane]!, false);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    const leaving = cells[pane]!;
    if (leaving === EMPTY_LIST) return true;
    const { lists } = this;
    return (
      this.isFull(cells, window) &&
      this.goesBefore(lists.cells, lists.row(cells[window]!, this.#n - 1), lists.row(leaving, 0))
    );
  }

  override result(cells: Cells, window: number): number {
    const list = cells[window]!;
    const size = this.lists.size(list);
    const texts: string[] = [];
    for (let index = 0; index < size; index++) texts.push(this.values.elementText(this.#input(list, index)));
    return this.#dictionary.intern(listOfTexts(texts));
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === EMPTY_LIST;
  }

  valuesIn(cells: Cells, pane: number): number {
    return this.lists.size(cells[pane]!);
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    const list = cells[pane]!;
    const size = this.lists.size(list);
    out.unsigned(size);
    for (let index = 0; index < size; index++) {
      out.scalar(this.values.valueOf(this.#input(list, index)));
      this.encodePlace(this.lists.cells, this.lists.row(list, index), out);
    }
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    for (let left = from.unsigned(); left > 0; left--) {
      const input = this.values.inputOf(from.scalar());
      this.decodeRow(this.lists.cells, SPARE_ROW, input, from);
      this.#insert(cells, pane, true);
    }
  }

  protected isFull(cells: Cells, at: number): boolean {
    return this.lists.size(cells[at]!) === this.#n;
  }

  #input(list: RowList, index: number): number {
    return this.lists.cells[this.lists.row(list, index)]!;
  }

  #insertAll(cells: Cells, at: number, from: RowList, retains: boolean): void {
    const { lists } = this;
    const size = lists.size(from);
    for (let index = 0; index < size; index++) {
      const row = lists.row(from, index);
      lists.cells.copyWithin(SPARE_ROW, row, row + lists.width);
      if (!this.#insert(cells, at, retains)) return;
    }
  }

  /** Puts the spare row into its place. False when it stands behind n others: what follows it does, too. */
  #insert(cells: Cells, at: number, retains: boolean): boolean {
    const { lists } = this;
    let list = cells[at]!;
    if (this.isFull(cells, at) && !this.#spareGoesBefore(list, this.#n - 1)) return false;
    const input = lists.cells[SPARE_ROW]!;
    if (retains) this.values.retain(input);
    const twin = this.#distinct ? this.#indexOf(list, input) : -1;
    if (twin >= 0 && !this.#spareGoesBefore(list, twin)) {
      if (retains) this.values.release(input);
      return true;
    }
    if (twin >= 0) list = this.#remove(list, twin, retains);
    const index = this.#placeOfSpare(list);
    list = lists.open(list, index);
    lists.cells.copyWithin(lists.row(list, index), SPARE_ROW, SPARE_ROW + lists.width);
    cells[at] = lists.size(list) > this.#n ? this.#remove(list, this.#n, retains) : list;
    return true;
  }

  #remove(list: RowList, index: number, retains: boolean): RowList {
    if (retains) this.values.release(this.#input(list, index));
    return this.lists.close(list, index);
  }

  /** Inputs are the same number when their values are the same. */
  #indexOf(list: RowList, input: number): number {
    let index = this.lists.size(list) - 1;
    while (index >= 0 && this.#input(list, index) !== input) index--;
    return index;
  }

  #placeOfSpare(list: RowList): number {
    let low = 0;
    let high = this.lists.size(list);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spareGoesBefore(list, middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #spareGoesBefore(list: RowList, index: number): boolean {
    return this.goesBefore(this.lists.cells, SPARE_ROW, this.lists.row(list, index));
  }
}
