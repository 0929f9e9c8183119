import type { Cells } from './aggregate.ts';
import { MomentsFormula } from './moments-aggregate.ts';
import { roundQuotient } from './round-quotient.ts';

/**
 * `skewness(x)`, adjusted (G1 of D. N. Joanes and C. A. Gill, "Comparing measures of sample skewness and kurtosis",
 * The Statistician 47, 1998): with M2 = n·Σx² − (Σx)² and M3 = n²·Σx³ − 3n·Σx²·Σx + 2·(Σx)³, which are the central
 * moments times n² and n³, the root of n·(n − 1)·M3² / ((n − 2)²·M2³), that quotient rounded once, with the sign of M3.
 * Null below three values, and while they have no variance.
 */
export class Skewness extends MomentsFormula {
  constructor() {
    super(['x', 'xx', 'xxx']);
  }

  protected override evaluate(cells: Cells, window: number): number {
    if (this.moments.count(cells, window) < 3) return Number.NaN;
    const n = BigInt(this.moments.count(cells, window));
    const s1 = this.moments.sum(cells, window, 0);
    const s2 = this.moments.sum(cells, window, 1);
    const s3 = this.moments.sum(cells, window, 2);
    const m2 = n * s2 - s1 * s1;
    if (m2 === 0n) return Number.NaN;
    const m3 = n * (n * s3 - 3n * s2 * s1) + 2n * s1 * s1 * s1;
    const taken = n - 2n;
    // The units of numerator and denominator are the same.
    const square = roundQuotient(n * (n - 1n) * m3 * m3, taken * taken * m2 * m2 * m2, 0);
    const root = Math.sqrt(square);
    return m3 < 0n && root !== 0 ? -root : root;
  }
}

/**
 * `kurtosis(x)`, excess, of the sample (G2 of Joanes and Gill 1998): with M2 = n·Σx² − (Σx)² and
 * M4 = n³·Σx⁴ − 4n²·Σx³·Σx + 6n·Σx²·(Σx)² − 3·(Σx)⁴, which are the central moments times n² and n⁴,
 * (n − 1)·((n + 1)·M4 − 3(n − 1)·M2²) / ((n − 2)·(n − 3)·M2²), rounded once. Null below four values, and while they
 * have no variance.
 */
export class Kurtosis extends MomentsFormula {
  constructor() {
    super(['x', 'xx', 'xxx', 'xxxx']);
  }

  protected override evaluate(cells: Cells, window: number): number {
    if (this.moments.count(cells, window) < 4) return Number.NaN;
    const n = BigInt(this.moments.count(cells, window));
    const s1 = this.moments.sum(cells, window, 0);
    const s2 = this.moments.sum(cells, window, 1);
    const s3 = this.moments.sum(cells, window, 2);
    const s4 = this.moments.sum(cells, window, 3);
    const m2 = n * s2 - s1 * s1;
    if (m2 === 0n) return Number.NaN;
    const square = s1 * s1;
    const m4 = n * (n * (n * s4 - 4n * s3 * s1) + 6n * s2 * square) - 3n * square * square;
    const m2Squared = m2 * m2;
    const numerator = (n - 1n) * ((n + 1n) * m4 - 3n * (n - 1n) * m2Squared);
    // The units of numerator and denominator are the same.
    return roundQuotient(numerator, (n - 2n) * (n - 3n) * m2Squared, 0);
  }
}
