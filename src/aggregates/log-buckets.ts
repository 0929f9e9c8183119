/** What is nearer to 0 counts as 0: the least double of full precision. */
const LEAST = 2 ** -1022;
/** No logarithm of a double from there on is greater, with either sign. */
const GREATEST_LOG = 710;

/**
 * The logarithmic mapping of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
 * relative-error guarantees", PVLDB 12, 2019, section 2): with γ = (1 + α) / (1 − α), the bucket i holds
 * γ^(i−1) < x ≤ γ^i, and 2γ^i / (γ + 1) is within α·x of each of them. Negative values mirror the positive ones, 0 has
 * a bucket of its own. Buckets are numbered from 0 on, in order of their values.
 */
export class LogBuckets {
  readonly #logGamma: number;
  /** Logarithm of (γ + 1) / 2. */
  readonly #logMiddle: number;
  /** No |i| of a double is greater. */
  readonly #reach: number;
  readonly #zero: number;

  constructor(relativeError: number) {
    this.#logGamma = Math.log1p(relativeError) - Math.log1p(-relativeError);
    this.#logMiddle = -Math.log1p(-relativeError);
    this.#reach = Math.ceil(GREATEST_LOG / this.#logGamma);
    this.#zero = 2 * this.#reach + 1;
  }

  bucketOf(value: number): number {
    const size = Math.abs(value);
    if (size < LEAST) return this.#zero;
    const above = Math.ceil(Math.log(size) / this.#logGamma) + this.#reach + 1;
    return value > 0 ? this.#zero + above : this.#zero - above;
  }

  /** What stands for the values of a bucket. */
  valueOf(bucket: number): number {
    if (bucket === this.#zero) return 0;
    const index = Math.abs(bucket - this.#zero) - this.#reach - 1;
    const size = Math.min(Math.exp(index * this.#logGamma - this.#logMiddle), Number.MAX_VALUE);
    return bucket > this.#zero ? size : -size;
  }
}
