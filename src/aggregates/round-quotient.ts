/** The lowest bit that a double can have is 2^−1074. */
const LOWEST_EXPONENT = -1074;
const MANTISSA_LIMIT = 2n ** 53n;
/** So many more than a mantissa has that what lies behind them seldom matters. */
const QUOTIENT_BITS = 64;

const view = new DataView(new ArrayBuffer(8));

/**
 * numerator / denominator · 2^exponent, rounded once to the nearest double (ties to even); infinite when it is beyond
 * the largest, never −0. The denominator is positive.
 */
export function roundQuotient(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  // In units of 2^unit the quotient has at least so many bits, unless no double has so low a bit.
  const surplus = bitLength(magnitude) - bitLength(denominator) - QUOTIENT_BITS;
  const unit = Math.max(LOWEST_EXPONENT, exponent + surplus);
  const shift = exponent - unit;
  const dividend = shift >= 0 ? magnitude << BigInt(shift) : magnitude;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const quotient = dividend / divisor;
  let rounded = Number(quotient);
  // The true quotient lies between the two: where they are the same double, it is that one.
  if (rounded !== Number(quotient + 1n)) rounded = roundFraction(quotient, dividend % divisor, divisor);
  const value = rounded * 2 ** unit;
  return negative && value !== 0 ? -value : value;
}

/** whole + rest / divisor, rounded once to an integer or, beyond 53 bits, to a multiple of what a double can hold there. */
function roundFraction(whole: bigint, rest: bigint, divisor: bigint): number {
  const twice = 2n * rest;
  if (whole < MANTISSA_LIMIT) {
    const up = twice > divisor || (twice === divisor && (whole & 1n) === 1n);
    return Number(up ? whole + 1n : whole);
  }
  // Number() rounds to nearest, ties to even; two bits more, the last saying that something is left, keep it right.
  const tail = rest === 0n ? 0n : twice < divisor ? 1n : twice === divisor ? 2n : 3n;
  return Number((whole << 2n) | tail) / 4;
}

/** How many bits the positive integer has, or one more. */
function bitLength(value: bigint): number {
  const rounded = Number(value);
  if (rounded === Number.POSITIVE_INFINITY) return bitLength(value >> 960n) + 960;
  view.setFloat64(0, rounded);
  return (view.getUint32(0) >>> 20) - 1022;
}
