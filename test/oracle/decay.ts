import { asIntegers, exactQuotient } from './exact.ts';

/**
 * Σ x·2^(−(T − τ)/halfLife) for the oracle: each value decayed to the end of its half-life, in doubles; from there by
 * whole half-lives, as an exact fraction; the sum rounded once and taken back to T.
 */
export function decayedSumOf(
  values: readonly number[],
  eventTimes: readonly number[],
  halfLifeMs: number,
  windowEnd: number,
): number | null {
  const halfLifeOf = (time: number): number => Number(floorDivide(BigInt(time), BigInt(halfLifeMs)));
  const toItsEnd = (time: number): number =>
    Number((BigInt(halfLifeOf(time)) + 1n) * BigInt(halfLifeMs) - BigInt(time)) / halfLifeMs;
  const oldest = Math.min(...eventTimes.map(halfLifeOf));
  const terms = values.map((value, index) => value * 2 ** -toItsEnd(eventTimes[index]!));
  const { integers, exponent } = asIntegers(terms);
  const sum = integers.reduce(
    (total, term, index) => total + (term << BigInt(halfLifeOf(eventTimes[index]!) - oldest)),
    0n,
  );
  const rounded = exactQuotient(sum, 1n << BigInt(halfLifeOf(windowEnd) - oldest), exponent);
  const decayed = rounded * 2 ** toItsEnd(windowEnd);
  return Number.isFinite(decayed) ? decayed : null;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor > dividend ? quotient - 1n : quotient;
}
