import type { Cells } from './aggregate.ts';

/**
 * Short lists of rows of `width` numbers each, all in one array. A list is a handle that fits a cell; 0 is the empty
 * list. An address of a row is good until the next {@link RowLists.open} or {@link RowLists.close} of its list, and
 * {@link RowLists.cells} until the next `open` of any.
 */
export type RowList = number;
export const EMPTY_LIST: RowList = 0;

/** The address of a row that is in no list, for whoever needs one for a moment. */
export const SPARE_ROW = 0;

/** In front of a block's rows: how many there are, and the block's class: it has room for 2^class. */
const HEAD = 2;

export class RowLists {
  readonly width: number;
  cells: Cells = new Float64Array(1024);
  /** For each class the first block that is free, each naming the one after it; 0 ends the list. */
  readonly #free: number[] = [];
  #used: number;

  constructor(width: number) {
    this.width = width;
    this.#used = width;
  }

  size(list: RowList): number {
    return list === EMPTY_LIST ? 0 : this.cells[list]!;
  }

  /** The address of the row at an index. */
  row(list: RowList, index: number): number {
    return list + HEAD + index * this.width;
  }

  /** Makes room for a row, of any content, in front of the one at `index`; gives the list's handle from now on. */
  open(list: RowList, index: number): RowList {
    const size = this.size(list);
    const block = this.#withRoom(list, size);
    const from = this.row(block, index);
    this.cells.copyWithin(from + this.width, from, this.row(block, size));
    this.cells[block] = size + 1;
    return block;
  }

  /** Takes out the row at `index`; gives the list's handle from now on. */
  close(list: RowList, index: number): RowList {
    const size = this.cells[list]! - 1;
    if (size === 0) {
      this.free(list);
      return EMPTY_LIST;
    }
    const to = this.row(list, index);
    this.cells.copyWithin(to, to + this.width, this.row(list, size + 1));
    this.cells[list] = size;
    return list;
  }

  free(list: RowList): void {
    if (list === EMPTY_LIST) return;
    const sizeClass = this.cells[list + 1]!;
    this.cells[list] = this.#free[sizeClass] ?? 0;
    this.#free[sizeClass] = list;
  }

  #withRoom(list: RowList, size: number): RowList {
    if (list === EMPTY_LIST) return this.#allocate(0);
    const sizeClass = this.cells[list + 1]!;
    if (size < 2 ** sizeClass) return list;
    const wider = this.#allocate(sizeClass + 1);
    this.cells.copyWithin(wider + HEAD, list + HEAD, this.row(list, size));
    this.free(list);
    return wider;
  }

  #allocate(sizeClass: number): RowList {
    const free = this.#free[sizeClass] ?? 0;
    if (free !== 0) {
      this.#free[sizeClass] = this.cells[free]!;
      return free;
    }
    const block = this.#used;
    this.#used += HEAD + this.width * 2 ** sizeClass;
    if (this.#used > this.cells.length) {
      const wider = new Float64Array(Math.max(this.cells.length * 2, this.#used));
      wider.set(this.cells);
      this.cells = wider;
    }
    this.cells[block + 1] = sizeClass;
    return block;
  }
}
