import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { EXACT_MOMENTS_CELLS, ExactMoments, type Monomial } from './exact-moments.ts';

/** What the aggregates over exact sums of products share: the sums are pane and window, a subclass is its formula. */
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
