import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { EXACT_SUM_CELLS, ExactSums } from './exact-sum.ts';

/** Integers are summed as high · 2^52 + low with |low| ≤ 2^52, so that no step of an exact sum rounds. */
const HIGH_UNIT = 2 ** 52;

/**
 * The sum of integers; null of nothing. Null also while it is beyond ±(2^53−1): the cells stay exact, so the sum
 * is back once enough has left the window.
 *
 * Cells: how many values, low, high.
 */
export class IntegerSum extends UniformAggregate {
  override readonly paneWidth = 3;
  override readonly subtracts = true;

  override initPane(cells: Cells, at: number): void {
    cells[at] = 0;
    cells[at + 1] = 0;
    cells[at + 2] = 0;
  }

  override insertPane(cells: Cells, at: number, input: number): void {
    cells[at]!++;
    if (input > HIGH_UNIT) {
      cells[at + 2]!++;
      this.#addLow(cells, at, input - HIGH_UNIT);
    } else if (input < -HIGH_UNIT) {
      cells[at + 2]!--;
      this.#addLow(cells, at, input + HIGH_UNIT);
    } else {
      this.#addLow(cells, at, input);
    }
  }

  override add(cells: Cells, window: number, pane: number): void {
    cells[window]! += cells[pane]!;
    cells[window + 2]! += cells[pane + 2]!;
    this.#addLow(cells, window, cells[pane + 1]!);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    cells[window]! -= cells[pane]!;
    cells[window + 2]! -= cells[pane + 2]!;
    this.#addLow(cells, window, -cells[pane + 1]!);
    return true;
  }

  override result(cells: Cells, window: number): number {
    if (cells[window] === 0) return Number.NaN;
    const sum = cells[window + 2]! * HIGH_UNIT + cells[window + 1]!;
    return Number.isSafeInteger(sum) ? sum + 0 : Number.NaN;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === 0;
  }

  override isOutOfRange(cells: Cells, window: number): boolean {
    return cells[window]! > 0;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(cells[pane]!);
    out.signed(cells[pane + 1]!);
    out.signed(cells[pane + 2]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.unsigned();
    cells[pane + 1] = from.signed();
    cells[pane + 2] = from.signed();
  }

  #addLow(cells: Cells, at: number, amount: number): void {
    const low = cells[at + 1]! + amount;
    if (low > HIGH_UNIT) {
      cells[at + 1] = low - HIGH_UNIT;
      cells[at + 2]!++;
    } else if (low < -HIGH_UNIT) {
      cells[at + 1] = low + HIGH_UNIT;
      cells[at + 2]!--;
    } else {
      cells[at + 1] = low;
    }
  }
}

/**
 * The true sum of doubles, rounded once; null of nothing. Null also while it is beyond the largest double: the
 * cells stay exact.
 *
 * Cells: how many values, then the exact sum.
 */
export class DoubleSum extends UniformAggregate {
  override readonly paneWidth = 1 + EXACT_SUM_CELLS;
  override readonly subtracts = true;
  readonly #sums = new ExactSums();

  override initPane(cells: Cells, at: number): void {
    cells[at] = 0;
    this.#sums.init(cells, at + 1);
  }

  override freePane(cells: Cells, at: number): void {
    this.#sums.clear(cells, at + 1);
  }

  override clearWindow(cells: Cells, at: number): void {
    cells[at] = 0;
    this.#sums.clear(cells, at + 1);
  }

  override insertPane(cells: Cells, at: number, input: number): void {
    cells[at]!++;
    this.#sums.add(cells, at + 1, input);
  }

  override add(cells: Cells, window: number, pane: number): void {
    cells[window]! += cells[pane]!;
    this.#sums.merge(cells, window + 1, pane + 1);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    cells[window]! -= cells[pane]!;
    this.#sums.unmerge(cells, window + 1, pane + 1);
    return true;
  }

  override result(cells: Cells, window: number): number {
    if (cells[window] === 0) return Number.NaN;
    const sum = this.#sums.round(cells, window + 1);
    return Number.isFinite(sum) ? sum : Number.NaN;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === 0;
  }

  override isOutOfRange(cells: Cells, window: number): boolean {
    return cells[window]! > 0;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(cells[pane]!);
    this.#sums.encode(cells, pane + 1, out);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.unsigned();
    this.#sums.decode(cells, pane + 1, from);
  }
}
