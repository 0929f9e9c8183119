import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { EXACT_MOMENTS_CELLS, ExactMoments, type Monomial } from './exact-moments.ts';

/** What the aggregates over exact sums of products share: the sums are pane and window. */
export abstract class MomentsAggregate extends UniformAggregate {
  override readonly paneWidth = EXACT_MOMENTS_CELLS;
  override readonly subtracts = true;
  protected readonly moments: ExactMoments;

  constructor(monomials: readonly Monomial[]) {
    super();
    this.moments = new ExactMoments(monomials);
  }

  override initPane(cells: Cells, at: number): void {
    this.moments.init(cells, at);
  }

  override freePane(cells: Cells, at: number): void {
    this.moments.clear(cells, at);
  }

  override clearWindow(cells: Cells, at: number): void {
    this.moments.clear(cells, at);
  }

  override insertPane(
    cells: Cells,
    at: number,
    input: number,
    _eventTime: number,
    _offset: number,
    other: number,
  ): void {
    this.moments.add(cells, at, input, other, 0);
  }

  override add(cells: Cells, window: number, pane: number): void {
    this.moments.merge(cells, window, pane);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    this.moments.unmerge(cells, window, pane);
    return true;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return this.moments.count(cells, window) === 0;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    this.moments.encode(cells, pane, out);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.moments.decode(cells, pane, from);
  }
}

/** Stands for a value that must be worked out anew: no value is infinite. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/**
 * A formula of the sums alone. A window is asked for its value about twice as often as it changes, and formulas of long
 * integers cost, so the window remembers the last one. Window cells: the sums, the value.
 */
export abstract class MomentsFormula extends MomentsAggregate {
  /** The value; NaN is null. */
  protected abstract evaluate(cells: Cells, window: number): number;

  override get windowWidth(): number {
    return EXACT_MOMENTS_CELLS + 1;
  }

  override initWindow(cells: Cells, at: number): void {
    super.initWindow(cells, at);
    this.#forget(cells, at);
  }

  override clearWindow(cells: Cells, at: number): void {
    super.clearWindow(cells, at);
    this.#forget(cells, at);
  }

  override insertWindow(
    cells: Cells,
    at: number,
    input: number,
    eventTime: number,
    offset: number,
    other: number,
  ): void {
    super.insertWindow(cells, at, input, eventTime, offset, other);
    this.#forget(cells, at);
  }

  override mergePane(cells: Cells, pane: number, from: number): void {
    this.moments.merge(cells, pane, from);
  }

  override add(cells: Cells, window: number, pane: number): void {
    super.add(cells, window, pane);
    this.#forget(cells, window);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    super.subtract(cells, window, pane);
    this.#forget(cells, window);
    return true;
  }

  override result(cells: Cells, window: number): number {
    const value = window + EXACT_MOMENTS_CELLS;
    if (cells[value] === UNKNOWN) cells[value] = this.evaluate(cells, window);
    return cells[value]!;
  }

  #forget(cells: Cells, window: number): void {
    cells[window + EXACT_MOMENTS_CELLS] = UNKNOWN;
  }
}
