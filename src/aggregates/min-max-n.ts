import { compareElements } from '../definitions/value.ts';
import type { Cells } from './aggregate.ts';
import { BoundedList, type BoundedListOptions } from './bounded-list.ts';

/** A row is a value. */
const ROW_CELLS = 1;

/**
 * `minN(x)` and `maxN(x)`: the n least values from the least on, or the n greatest from the greatest on; numbers, or
 * strings by their UTF-8 bytes; an empty list of nothing.
 */
export class MinMaxN extends BoundedList {
  /** 1 keeps the least, −1 the greatest. */
  readonly #sign: 1 | -1;

  constructor(which: 'min' | 'max', options: BoundedListOptions) {
    super(ROW_CELLS, options);
    this.#sign = which === 'min' ? 1 : -1;
  }

  protected override goesBefore(rows: Cells, a: number, b: number): boolean {
    const [left, right] = [this.values.valueOf(rows[a]!), this.values.valueOf(rows[b]!)];
    return compareElements(left, right) * this.#sign < 0;
  }

  protected override setRow(rows: Cells, row: number, input: number): void {
    rows[row] = input;
  }

  protected override encodePlace(): void {}

  protected override decodeRow(rows: Cells, row: number, input: number): void {
    this.setRow(rows, row, input);
  }
}
