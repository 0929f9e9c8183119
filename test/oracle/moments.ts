import { asIntegers, exactQuotient } from './exact.ts';

/**
 * Variance and its kin for the oracle, from deviations: with d = n·x − Σx, which is n times the distance from the
 * mean, the k-th central moment is (Σ d^k) / n^(k+1). All are integers, times a power of two.
 */

function deviations(values: readonly number[]): { readonly d: bigint[]; readonly exponent: number } {
  const { integers, exponent } = asIntegers(values);
  const sum = total(integers);
  return { d: integers.map((integer) => BigInt(values.length) * integer - sum), exponent };
}

function totalOfProducts(xs: readonly bigint[], ys: readonly bigint[]): bigint {
  return total(xs.map((x, index) => x * ys[index]!));
}

function total(terms: readonly bigint[]): bigint {
  return terms.reduce((sum, term) => sum + term, 0n);
}

function totalOfPowers(terms: readonly bigint[], power: bigint): bigint {
  return total(terms.map((term) => term ** power));
}

/** Of a sample with 1 degree of freedom taken by the mean, of the population with 0. */
export function varianceOf(values: readonly number[], taken: 0 | 1): number | null {
  return covarianceOf(values, values, taken);
}

export function covarianceOf(xs: readonly number[], ys: readonly number[], taken: 0 | 1): number | null {
  if (xs.length <= taken) return null;
  const n = BigInt(xs.length);
  const [x, y] = [deviations(xs), deviations(ys)];
  const divisor = n * n * (n - BigInt(taken));
  const covariance = exactQuotient(totalOfProducts(x.d, y.d), divisor, x.exponent + y.exponent);
  return Number.isFinite(covariance) ? covariance : null;
}

/** The root of the square of r, rounded once, with the sign of r. */
export function correlationOf(xs: readonly number[], ys: readonly number[]): number | null {
  const [x, y] = [deviations(xs), deviations(ys)];
  const products = totalOfProducts(x.d, y.d);
  const squares = totalOfPowers(x.d, 2n) * totalOfPowers(y.d, 2n);
  return squares === 0n ? null : signedRoot(products, exactQuotient(products ** 2n, squares, 0));
}

/** Adjusted Fisher-Pearson: its square is n·(n − 1)/(n − 2)² · m3²/m2³. */
export function skewnessOf(values: readonly number[]): number | null {
  if (values.length < 3) return null;
  const n = BigInt(values.length);
  const { d } = deviations(values);
  const [squares, cubes] = [totalOfPowers(d, 2n), totalOfPowers(d, 3n)];
  if (squares === 0n) return null;
  // m3²/m2³ = (Σd³/n⁴)² / (Σd²/n³)³ = n·(Σd³)² / (Σd²)³
  return signedRoot(cubes, exactQuotient(n * (n - 1n) * n * cubes ** 2n, (n - 2n) ** 2n * squares ** 3n, 0));
}

/** Of the sample, excess: (n − 1)/((n − 2)(n − 3)) · ((n + 1)·m4/m2² − 3·(n − 1)). */
export function kurtosisOf(values: readonly number[]): number | null {
  if (values.length < 4) return null;
  const n = BigInt(values.length);
  const { d } = deviations(values);
  const [squares, fourths] = [totalOfPowers(d, 2n), totalOfPowers(d, 4n)];
  if (squares === 0n) return null;
  // m4/m2² = (Σd⁴/n⁵) / (Σd²/n³)² = n·Σd⁴ / (Σd²)²
  const numerator = (n - 1n) * ((n + 1n) * n * fourths - 3n * (n - 1n) * squares ** 2n);
  return exactQuotient(numerator, (n - 2n) * (n - 3n) * squares ** 2n, 0);
}

function signedRoot(sign: bigint, square: number): number {
  return sign < 0n && square > 0 ? -Math.sqrt(square) : Math.sqrt(square);
}
