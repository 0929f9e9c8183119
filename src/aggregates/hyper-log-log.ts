import xxhash from 'xxhash-wasm';

const { h32 } = await xxhash();

/** Two hashes of 32 bits, of different seeds, stand for one of 64. */
const SEEDS = [0, 1] as const;
const BITS = 64;
/** α∞ = 1 / (2 ln 2). */
const ALPHA = 0.5 / Math.LN2;

/**
 * The registers of HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 2^precision registers: the first bits of
 * a text's hash choose the register, and its rank is the place of the first 1 among the others, from 1 on.
 */
export class HyperLogLog {
  /** Of the text that {@link locate} was last called with. */
  register = 0;
  rank = 0;
  readonly registers: number;
  /** The rank of a hash whose other bits are all 0. */
  readonly greatestRank: number;
  readonly #precision: number;

  constructor(precision: number) {
    this.#precision = precision;
    this.registers = 2 ** precision;
    this.greatestRank = BITS - precision + 1;
  }

  locate(text: string): void {
    const high = h32(text, SEEDS[0]);
    this.register = high >>> (BITS / 2 - this.#precision);
    const others = high << this.#precision;
    this.rank =
      others === 0
        ? BITS / 2 - this.#precision + Math.clz32(h32(text, SEEDS[1])) + 1
        : Math.clz32(others) + 1;
  }

  /**
   * How many different texts there were, from how many registers have each greatest rank, 0 for none: the "improved
   * raw estimator" of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017,
   * arXiv:1702.01284), algorithm 6. It needs no correction for small or large numbers.
   */
  estimate(registersOfRank: Float64Array): number {
    const m = this.registers;
    let denominator = m * tau(1 - registersOfRank[this.greatestRank]! / m);
    for (let rank = this.greatestRank - 1; rank >= 1; rank--)
      denominator = 0.5 * (denominator + registersOfRank[rank]!);
    denominator += m * sigma(registersOfRank[0]! / m);
    return (ALPHA * m * m) / denominator;
  }
}

/** x + Σ x^(2^k) · 2^(k−1) for k from 1 on. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let sum = x;
  for (let factor = 1, before = Number.NaN; sum !== before; factor *= 2) {
    before = sum;
    power *= power;
    sum += power * factor;
  }
  return sum;
}

/** (1 − x − Σ (1 − x^(2^−k))² · 2^−k for k from 1 on) / 3. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let rest = 1 - x;
  for (let factor = 0.5, before = Number.NaN; rest !== before; factor /= 2) {
    before = rest;
    root = Math.sqrt(root);
    rest -= (1 - root) * (1 - root) * factor;
  }
  return rest / 3;
}
