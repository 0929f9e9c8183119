import xxhash from 'xxhash-wasm';
import type { Scalar } from '../../src/definitions/definition.ts';
import type { Reached } from './aggregate.ts';
import { compareScalars } from './scalars.ts';

/** The naive twins of the approximate aggregates: the same sketches, made anew of all values by their papers' words. */

const { h32 } = await xxhash();

/** The greatest rank of each HyperLogLog register; 0 where no value is. */
export function ranksOf(values: readonly Scalar[], precision: number): number[] {
  const registers = new Array<number>(2 ** precision).fill(0);
  for (const value of values) {
    const bits = [0, 1].map((seed) => h32(String(value), seed).toString(2).padStart(32, '0')).join('');
    const register = Number.parseInt(bits.slice(0, precision), 2);
    const zeros = /^0*/.exec(bits.slice(precision))![0].length;
    registers[register] = Math.max(registers[register]!, zeros + 1);
  }
  return registers;
}

/** Ertl's improved estimator over HyperLogLog registers of the first bits of a hash of 64. */
export function approxDistinctCount({ values, parameters }: Reached): number {
  const precision = parameters['precision'] as number;
  const m = 2 ** precision;
  const others = 64 - precision;
  const shares = new Array<number>(others + 2).fill(0);
  for (const rank of ranksOf(values, precision)) shares[rank]! += 1 / m;
  const [unused] = shares as [number];
  if (unused === 1) return 0;
  let sigma = unused;
  for (let k = 1; k < 64; k++) sigma += unused ** (2 ** k) * 2 ** (k - 1);
  const full = 1 - shares[others + 1]!;
  let tau = full === 0 || full === 1 ? 0 : 1 - full;
  if (tau !== 0) for (let k = 1; k < 64; k++) tau -= (1 - full ** (2 ** -k)) ** 2 * 2 ** -k;
  let sum = sigma + (tau / 3) * 2 ** -others;
  for (let rank = 1; rank <= others; rank++) sum += shares[rank]! * 2 ** -rank;
  return Math.round(m / (2 * Math.LN2) / sum);
}

/** What stands for the bucket of a value: bucket i is γ^(i−1) < x ≤ γ^i, and 2γ^i / (γ + 1) its value. */
export function bucketOf(value: number, relativeError: number): number {
  const size = Math.abs(value);
  if (size < 2 ** -1022) return 0;
  // γ = (1 + α) / (1 − α) and 2 / (γ + 1) = 1 − α, as logarithms: γ^i alone may be beyond the largest double.
  const logGamma = Math.log1p(relativeError) - Math.log1p(-relativeError);
  const bucket = Math.ceil(Math.log(size) / logGamma);
  const middle = Math.exp(bucket * logGamma + Math.log1p(-relativeError));
  return Math.sign(value) * Math.min(middle, Number.MAX_VALUE);
}

/** The bucket of the value at rank ⌊p·(n − 1)⌋. */
export function approxPercentile({ values, parameters }: Reached): number {
  const relativeError = parameters['relativeError'] as number;
  const rank = Math.floor((parameters['p'] as number) * (values.length - 1));
  return bucketOf([...values].sort(compareScalars)[rank] as number, relativeError);
}
