import { listOfTexts } from '../definitions/value.ts';
import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';

/**
 * `histogram(x, { edges })`: how many values are below the first edge, at least each edge and below the next, and at
 * least the last edge; all 0 of nothing. Cells: these counts.
 */
export class Histogram extends UniformAggregate {
  override readonly paneWidth: number;
  override readonly subtracts = true;
  readonly #edges: Float64Array;
  readonly #dictionary: Dictionary;

  constructor(edges: readonly number[], dictionary: Dictionary) {
    super();
    this.paneWidth = edges.length + 1;
    this.#edges = Float64Array.from(edges);
    this.#dictionary = dictionary;
  }

  override initPane(cells: Cells, at: number): void {
    cells.fill(0, at, at + this.paneWidth);
  }

  override insertPane(cells: Cells, at: number, input: number): void {
    cells[at + this.#edgesUpTo(input)]!++;
  }

  override add(cells: Cells, window: number, pane: number): void {
    for (let bin = 0; bin < this.paneWidth; bin++) cells[window + bin]! += cells[pane + bin]!;
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    for (let bin = 0; bin < this.paneWidth; bin++) cells[window + bin]! -= cells[pane + bin]!;
    return true;
  }

  override result(cells: Cells, window: number): number {
    const counts: string[] = [];
    for (let bin = 0; bin < this.paneWidth; bin++) counts.push(String(cells[window + bin]));
    return this.#dictionary.intern(listOfTexts(counts));
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return this.#counts(cells, window).every((count) => count === 0);
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    for (const count of this.#counts(cells, pane)) out.unsigned(count);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    for (let bin = 0; bin < this.paneWidth; bin++) cells[pane + bin] = from.unsigned();
  }

  #counts(cells: Cells, at: number): Cells {
    return cells.subarray(at, at + this.paneWidth);
  }

  /** How many edges the value is not below. */
  #edgesUpTo(value: number): number {
    const edges = this.#edges;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
