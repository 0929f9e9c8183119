import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';

/**
 * `first(x)` and `last(x)`: the value of the earliest or latest record by (event time, offset) whose x is not
 * null; null of nothing. Cells: the value (a number, or a string's number), its event time, its offset; a value
 * of NaN is "none".
 */
export class FirstLast extends UniformAggregate {
  override readonly paneWidth = 3;
  override readonly subtracts = false;
  readonly #which: 'first' | 'last';
  /** Null when values are plain numbers. */
  readonly #dictionary: Dictionary | null;

  constructor(which: 'first' | 'last', dictionary: Dictionary | null) {
    super();
    this.#which = which;
    this.#dictionary = dictionary;
  }

  override initPane(cells: Cells, at: number): void {
    cells[at] = Number.NaN;
    cells[at + 1] = 0;
    cells[at + 2] = 0;
  }

  override freePane(cells: Cells, at: number): void {
    if (this.#dictionary !== null && !Number.isNaN(cells[at]!)) this.#dictionary.release(cells[at]!);
  }

  override insertPane(cells: Cells, at: number, input: number, eventTime: number, offset: number): void {
    if (!this.#goesBefore(eventTime, offset, cells, at)) return;
    this.#dictionary?.retain(input);
    this.freePane(cells, at);
    this.#set(cells, at, input, eventTime, offset);
  }

  override insertWindow(cells: Cells, at: number, input: number, eventTime: number, offset: number): void {
    if (this.#goesBefore(eventTime, offset, cells, at)) this.#set(cells, at, input, eventTime, offset);
  }

  override mergePane(cells: Cells, pane: number, from: number): void {
    const value = cells[from]!;
    if (!Number.isNaN(value)) this.insertPane(cells, pane, value, cells[from + 1]!, cells[from + 2]!);
  }

  override add(cells: Cells, window: number, pane: number): void {
    const value = cells[pane]!;
    if (!Number.isNaN(value)) this.insertWindow(cells, window, value, cells[pane + 1]!, cells[pane + 2]!);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    return Number.isNaN(cells[pane]!) || cells[window + 2] !== cells[pane + 2];
  }

  /** Panes are in order of time: the first one with a value, from the side that counts, decides. */
  override rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    if (this.#which === 'first') {
      for (let pane = first; pane < end && Number.isNaN(cells[window]!); pane += stride)
        this.add(cells, window, pane);
    } else {
      for (let pane = end - stride; pane >= first && Number.isNaN(cells[window]!); pane -= stride)
        this.add(cells, window, pane);
    }
  }

  override result(cells: Cells, window: number): number {
    return cells[window]!;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return Number.isNaN(cells[window]!);
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    const value = cells[pane]!;
    const some = !Number.isNaN(value);
    out.byte(some ? 1 : 0);
    if (!some) return;
    out.scalar(this.#dictionary === null ? value : this.#dictionary.textOf(value));
    out.signed(cells[pane + 1]!);
    out.unsigned(cells[pane + 2]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    if (from.byte() === 0) return;
    const value = from.scalar();
    const input = this.#dictionary === null ? (value as number) : this.#dictionary.intern(value);
    this.insertPane(cells, pane, input, from.signed(), from.unsigned());
  }

  #set(cells: Cells, at: number, input: number, eventTime: number, offset: number): void {
    cells[at] = input;
    cells[at + 1] = eventTime;
    cells[at + 2] = offset;
  }

  #goesBefore(eventTime: number, offset: number, cells: Cells, at: number): boolean {
    if (Number.isNaN(cells[at]!)) return true;
    const holder = cells[at + 1]!;
    if (this.#which === 'first') {
      return eventTime < holder || (eventTime === holder && offset < cells[at + 2]!);
    }
    return eventTime > holder || (eventTime === holder && offset > cells[at + 2]!);
  }
}
