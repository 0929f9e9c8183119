import type { Cells } from './aggregate.ts';
import { BagAggregate } from './bag-aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { LogBuckets } from './log-buckets.ts';

/** How many buckets off the percentile may be for single steps to find it; further off, the buckets are sorted. */
const NEAR = 4;

const NUMBER_OF_VALUES = 0;
/** The bucket in which the percentile was last; −1 at first. */
const BUCKET = 1;
/** How many values it holds. */
const INSIDE = 2;
/** How many values the buckets below it hold. */
const BELOW = 3;

/**
 * `approxPercentile(x, { p })`: the value at rank ⌊p·(n − 1)⌋ of n in order, counted from 0, as the bucket of a DDSketch
 * gives it; null of nothing. The sketch is the bag of its buckets, however many there are, so that panes leave it
 * exactly.
 *
 * Window cells behind the bag: as named above. The percentile moves little from one event to the next: the bucket is
 * looked for from where it was.
 */
export class ApproxPercentile extends BagAggregate {
  override readonly windowWidth = 5;
  readonly #p: number;
  readonly #buckets: LogBuckets;
  /** The bucket next to `#origin` that a walk has found so far, and its count. */
  #origin = 0;
  #next = 0;
  #count = 0;
  readonly #lookUp = (bucket: number, count: number): void => {
    if (bucket > this.#origin && bucket < this.#next) this.#find(bucket, count);
  };
  readonly #lookDown = (bucket: number, count: number): void => {
    if (bucket < this.#origin && bucket > this.#next) this.#find(bucket, count);
  };

  constructor(p: number, relativeError: number) {
    super();
    this.#p = p;
    this.#buckets = new LogBuckets(relativeError);
  }

  protected override categoryOf(input: number): number {
    return this.#buckets.bucketOf(input);
  }

  protected override encodeCategory(bucket: number, out: ByteWriter): void {
    out.unsigned(bucket);
  }

  protected override decodeCategory(from: ByteReader): number {
    return from.unsigned();
  }

  protected override initSummary(cells: Cells, at: number): void {
    cells[at + NUMBER_OF_VALUES] = 0;
    cells[at + BUCKET] = -1;
    cells[at + INSIDE] = 0;
    cells[at + BELOW] = 0;
  }

  protected override recount(cells: Cells, at: number, before: number, after: number, bucket: number): void {
    cells[at + NUMBER_OF_VALUES]! += after - before;
    if (bucket === cells[at + BUCKET]) cells[at + INSIDE] = after;
    else if (bucket < cells[at + BUCKET]!) cells[at + BELOW]! += after - before;
  }

  override result(cells: Cells, window: number): number {
    const at = window + 1;
    const n = cells[at + NUMBER_OF_VALUES]!;
    if (n === 0) return Number.NaN;
    const rank = Math.floor(this.#p * (n - 1));
    for (let steps = 0; steps < NEAR && rank < cells[at + BELOW]!; steps++) {
      this.#next = -1;
      this.#step(cells, window, this.#lookDown);
      cells[at + BELOW]! -= this.#count;
    }
    for (let steps = 0; steps < NEAR && rank >= cells[at + BELOW]! + cells[at + INSIDE]!; steps++) {
      cells[at + BELOW]! += cells[at + INSIDE]!;
      this.#next = Number.POSITIVE_INFINITY;
      this.#step(cells, window, this.#lookUp);
    }
    if (rank < cells[at + BELOW]! || rank >= cells[at + BELOW]! + cells[at + INSIDE]!) {
      this.#search(cells, window, rank);
    }
    return this.#buckets.valueOf(cells[at + BUCKET]!);
  }

  #search(cells: Cells, window: number, rank: number): void {
    const at = window + 1;
    const bag = cells[window]!;
    const buckets = new Float64Array(this.bags.size(bag));
    let filled = 0;
    this.bags.forEach(bag, (bucket) => {
      buckets[filled++] = bucket;
    });
    let upTo = 0;
    for (const bucket of buckets.sort()) {
      const inside = this.bags.count(bag, bucket);
      upTo += inside;
      if (upTo <= rank) continue;
      cells[at + BUCKET] = bucket;
      cells[at + INSIDE] = inside;
      cells[at + BELOW] = upTo - inside;
      return;
    }
  }

  /** Goes on to the next bucket that `look` can find. */
  #step(cells: Cells, window: number, look: (bucket: number, count: number) => void): void {
    const at = window + 1;
    this.#origin = cells[at + BUCKET]!;
    this.bags.forEach(cells[window]!, look);
    cells[at + BUCKET] = this.#next;
    cells[at + INSIDE] = this.#count;
  }

  #find(bucket: number, count: number): void {
    this.#next = bucket;
    this.#count = count;
  }
}
