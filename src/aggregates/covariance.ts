import type { Cells } from './aggregate.ts';
import { MomentsFormula } from './moments-aggregate.ts';
import { roundQuotient } from './round-quotient.ts';
import type { Population } from './variance.ts';

/**
 * `covariance(x, y)` and `covariancePop(x, y)`: (n·Σxy − Σx·Σy) / (n·(n − 1)), or / n² of the population, rounded
 * once. Null below two pairs, or one; null also while it is beyond the largest double.
 */
export class Covariance extends MomentsFormula {
  /** How many degrees of freedom the means take. */
  readonly #taken: 0 | 1;

  constructor(of: Population) {
    super(['x', 'y', 'xy']);
    this.#taken = of === 'sample' ? 1 : 0;
  }

  protected override evaluate(cells: Cells, window: number): number {
    const n = this.moments.count(cells, window);
    if (n <= this.#taken) return Number.NaN;
    const sumOfX = this.moments.sum(cells, window, 0);
    const sumOfY = this.moments.sum(cells, window, 1);
    const sumOfProducts = this.moments.sum(cells, window, 2);
    const covariance = roundQuotient(
      BigInt(n) * sumOfProducts - sumOfX * sumOfY,
      BigInt(n) * BigInt(n - this.#taken),
      this.moments.exponentOfX(cells, window) + this.moments.exponentOfY(cells, window),
    );
    return Number.isFinite(covariance) ? covariance : Number.NaN;
  }

  override isOutOfRange(cells: Cells, window: number): boolean {
    return this.moments.count(cells, window) > this.#taken;
  }
}

/**
 * `correlation(x, y)`, Pearson's r: with C = n·Σxy − Σx·Σy, X = n·Σx² − (Σx)² and Y alike, the root of C²/(X·Y),
 * that quotient rounded once, with the sign of C. Null below two pairs, and while x or y has no variance.
 */
export class Correlation extends MomentsFormula {
  constructor() {
    super(['x', 'y', 'xx', 'yy', 'xy']);
  }

  protected override evaluate(cells: Cells, window: number): number {
    const n = BigInt(this.moments.count(cells, window));
    const sumOfX = this.moments.sum(cells, window, 0);
    const sumOfY = this.moments.sum(cells, window, 1);
    const ofX = n * this.moments.sum(cells, window, 2) - sumOfX * sumOfX;
    const ofY = n * this.moments.sum(cells, window, 3) - sumOfY * sumOfY;
    if (ofX === 0n || ofY === 0n) return Number.NaN;
    const ofBoth = n * this.moments.sum(cells, window, 4) - sumOfX * sumOfY;
    // The units of numerator and denominator are the same.
    const root = Math.sqrt(roundQuotient(ofBoth * ofBoth, ofX * ofY, 0));
    return ofBoth < 0n && root !== 0 ? -root : root;
  }
}
