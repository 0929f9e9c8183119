import type { ByteReader, ByteWriter } from './byte-codec.ts';

/**
 * The contract of this folder. An aggregate keeps its partial results as numbers in cells that belong to the
 * operator: `paneWidth` cells in each pane, `windowWidth` cells for the window that slides over the panes. No
 * object per entity or pane; what does not fit a number (a bag of categories, a long integer) lives in a pool of
 * the aggregate's own, and the cell holds its handle.
 *
 * An input is a number and never NaN: a record whose input is null, or that fails the feature's `where`, does not
 * reach the aggregate. Strings and categories arrive as numbers of the task's dictionary, booleans as 0 and 1. An
 * aggregate over pairs gets its second input as `other`, by the same rules; to others it is 0.
 *
 * A result that is a string, a list or a map is a number of the dictionary, too: that of the string, or of the
 * canonical text of the list or map (`src/definitions/value.ts`). What the window or a pane does not retain by itself
 * need not be retained: a result is read before the dictionary next collects.
 */
export type Cells = Float64Array;

export interface Aggregate {
  readonly paneWidth: number;
  readonly windowWidth: number;
  /** `subtract` never fails; only an aggregate that says false is ever rebuilt. */
  readonly subtracts: boolean;

  /** Makes fresh cells (of any content) the pane of nothing. */
  initPane(cells: Cells, pane: number): void;
  /** Gives back what the pane holds outside its cells; the pane is not used again before `initPane`. */
  freePane(cells: Cells, pane: number): void;
  /** Makes fresh cells the window over nothing. */
  initWindow(cells: Cells, window: number): void;
  /** Gives back what the window holds outside its cells and makes it the window over nothing. */
  clearWindow(cells: Cells, window: number): void;

  insertPane(
    cells: Cells,
    pane: number,
    input: number,
    eventTime: number,
    offset: number,
    other: number,
  ): void;
  /** The record that `insertPane` put into a pane last enters the window, too, which holds that pane. */
  insertWindow(
    cells: Cells,
    window: number,
    input: number,
    eventTime: number,
    offset: number,
    other: number,
  ): void;

  /** The values of the pane at `from` go over to the pane at `pane`; `from` is freed after. */
  mergePane(cells: Cells, pane: number, from: number): void;

  /** The pane enters the window. */
  add(cells: Cells, window: number, pane: number): void;
  /**
   * The pane leaves the window. False when this aggregate cannot subtract and the window may have depended on
   * the pane: the caller then has it rebuilt.
   */
  subtract(cells: Cells, window: number, pane: number): boolean;
  /** The window over the panes at `first`, `first + stride`, … below `end`, in order of time. */
  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void;

  /** The aggregate's value as of window_end; NaN is null. Never infinite, never −0. */
  result(cells: Cells, window: number, windowEnd: number): number;
  /** No value reached the window: where the result is null, the feature's default stands in for it. */
  isEmpty(cells: Cells, window: number): boolean;
  /** Whether the result, which is null, is so because it is beyond what a number can hold: such are counted. */
  isOutOfRange(cells: Cells, window: number): boolean;

  /**
   * How many values the pane keeps outside its cells. An aggregate without this keeps no more for more records.
   */
  valuesIn?(cells: Cells, pane: number): number;

  /** A pane as bytes and back, independent of handles and of the order in which its records came. */
  encodePane(cells: Cells, pane: number, out: ByteWriter): void;
  decodePane(cells: Cells, pane: number, from: ByteReader): void;
}

/** An aggregate whose pane and window are the same partial. */
export abstract class UniformAggregate implements Aggregate {
  abstract readonly paneWidth: number;
  abstract readonly subtracts: boolean;
  abstract initPane(cells: Cells, at: number): void;
  abstract insertPane(
    cells: Cells,
    at: number,
    input: number,
    eventTime: number,
    offset: number,
    other: number,
  ): void;
  abstract add(cells: Cells, window: number, pane: number): void;
  abstract subtract(cells: Cells, window: number, pane: number): boolean;
  abstract result(cells: Cells, window: number, windowEnd: number): number;
  abstract isEmpty(cells: Cells, window: number): boolean;
  abstract encodePane(cells: Cells, pane: number, out: ByteWriter): void;
  abstract decodePane(cells: Cells, pane: number, from: ByteReader): void;

  get windowWidth(): number {
    return this.paneWidth;
  }

  freePane(_cells: Cells, _at: number): void {}

  initWindow(cells: Cells, at: number): void {
    this.initPane(cells, at);
  }

  clearWindow(cells: Cells, at: number): void {
    this.initPane(cells, at);
  }

  insertWindow(
    cells: Cells,
    at: number,
    input: number,
    eventTime: number,
    offset: number,
    other: number,
  ): void {
    this.insertPane(cells, at, input, eventTime, offset, other);
  }

  isOutOfRange(_cells: Cells, _window: number): boolean {
    return false;
  }

  mergePane(cells: Cells, pane: number, from: number): void {
    this.add(cells, pane, from);
  }

  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    for (let pane = first; pane < end; pane += stride) this.add(cells, window, pane);
  }
}
