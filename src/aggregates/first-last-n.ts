import type { Cells } from './aggregate.ts';
import { BoundedList, type BoundedListOptions } from './bounded-list.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/** Of a row: its value is in front, then what it is ordered by. */
const ROW_CELLS = 3;
const EVENT_TIME = 1;
const OFFSET = 2;

/**
 * `firstN(x)`, `lastN(x)`, `firstDistinctN(x)` and `lastDistinctN(x)`: the n earliest or latest values by (event
 * time, offset), the earliest or the latest in front; an empty list of nothing.
 */
export class FirstLastN extends BoundedList {
  readonly #which: 'first' | 'last';

  constructor(which: 'first' | 'last', options: BoundedListOptions) {
    super(ROW_CELLS, options);
    this.#which = which;
  }

  /** Panes are in order of time: from the side that counts, the window is known as soon as it is full. */
  override rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    if (this.#which === 'first') {
      for (let pane = first; pane < end && !this.isFull(cells, window); pane += stride)
        this.add(cells, window, pane);
    } else {
      for (let pane = end - stride; pane >= first && !this.isFull(cells, window); pane -= stride)
        this.add(cells, window, pane);
    }
  }

  protected override goesBefore(rows: Cells, a: number, b: number): boolean {
    const [before, after] = this.#which === 'first' ? [a, b] : [b, a];
    const apart = rows[before + EVENT_TIME]! - rows[after + EVENT_TIME]!;
    return apart < 0 || (apart === 0 && rows[before + OFFSET]! < rows[after + OFFSET]!);
  }

  protected override setRow(
    rows: Cells,
    row: number,
    input: number,
    eventTime: number,
    offset: number,
  ): void {
    rows[row] = input;
    rows[row + EVENT_TIME] = eventTime;
    rows[row + OFFSET] = offset;
  }

  protected override encodePlace(rows: Cells, row: number, out: ByteWriter): void {
    out.signed(rows[row + EVENT_TIME]!);
    out.unsigned(rows[row + OFFSET]!);
  }

  protected override decodeRow(rows: Cells, row: number, input: number, from: ByteReader): void {
    this.setRow(rows, row, input, from.signed(), from.unsigned());
  }
}
