/**
 * Exact arithmetic for the oracle: every finite double is an integer multiple of 2^-1074, so a sum of doubles
 * is a sum of big integers in that unit. Slow and plain on purpose.
 */

const UNIT_EXPONENT = -1074;

/** The double in units of 2^-1074. */
function inUnits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = bits >> 63n === 1n ? -1n : 1n;
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  if (exponent === 0x7ffn) throw new Error(`${value} is not finite`);
  return exponent === 0n ? sign * fraction : sign * ((fraction | (1n << 52n)) << (exponent - 1n));
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + Number.parseInt(hex[0]!, 16).toString(2).length;
}

/** The double nearest to numerator / denominator in units of 2^-1074, ties to even; ±Infinity beyond the largest; never −0. */
function fromUnits(numerator: bigint, denominator = 1n): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  const surplus = Math.max(0, bitLength(magnitude / denominator) - 53);
  const divisor = denominator << BigInt(surplus);
  let quotient = magnitude / divisor;
  const twice = 2n * (magnitude % divisor);
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  // Exact: a quotient of at most 53 bits times a power of two that keeps it a multiple of 2^-1074.
  const rounded = Number(quotient) * 2 ** (surplus + UNIT_EXPONENT);
  return negative && rounded !== 0 ? -rounded : rounded;
}

/** numerator / denominator · 2^exponent, rounded once; ±Infinity beyond the largest double. */
export function exactQuotient(numerator: bigint, denominator: bigint, exponent: number): number {
  const shift = exponent - UNIT_EXPONENT;
  return shift >= 0
    ? fromUnits(numerator << BigInt(shift), denominator)
    : fromUnits(numerator, denominator << BigInt(-shift));
}

/** Integers, and the exponent of the power of two that they are multiples of: the doubles, exactly. */
export function asIntegers(values: readonly number[]): {
  readonly integers: bigint[];
  readonly exponent: number;
} {
  const lowestBits = values.map((value) => (value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) - 53));
  const exponent = Math.max(UNIT_EXPONENT, Math.min(0, ...lowestBits));
  const shift = BigInt(exponent - UNIT_EXPONENT);
  return { integers: values.map((value) => inUnits(value) >> shift), exponent };
}

/** The true sum of finite doubles, rounded once; ±Infinity when it is beyond the largest double. */
export function exactSum(values: readonly number[]): number {
  return fromUnits(values.reduce((sum, value) => sum + inUnits(value), 0n));
}

/** Below 0, 0 or above: how the true sums of finite doubles compare. */
export function exactComparison(left: readonly number[], right: readonly number[]): number {
  return exactSum([...left, ...right.map((value) => -value)]);
}

/** The true sum of integers; null beyond ±(2^53 − 1). */
export function exactIntegerSum(values: readonly number[]): number | null {
  const sum = values.reduce((total, value) => total + BigInt(value), 0n);
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return sum > limit || sum < -limit ? null : Number(sum);
}
