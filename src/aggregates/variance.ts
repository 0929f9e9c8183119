import type { Cells } from './aggregate.ts';
import { MomentsFormula } from './moments-aggregate.ts';
import { roundQuotient } from './round-quotient.ts';

/** Whether values are a sample of what is asked about, or all of it. */
export type Population = 'sample' | 'population';

/**
 * `variance(x)` and `variancePop(x)`: (n·Σx² − (Σx)²) / (n·(n − 1)), or / n² of the population, rounded once. Null
 * below two values, or one; null also while it is beyond the largest double.
 */
export class Variance extends MomentsFormula {
  /** How many degrees of freedom the mean takes. */
  readonly #taken: 0 | 1;

  constructor(of: Population) {
    super(['x', 'xx']);
    this.#taken = of === 'sample' ? 1 : 0;
  }

  protected override evaluate(cells: Cells, window: number): number {
    const n = this.moments.count(cells, window);
    if (n <= this.#taken) return Number.NaN;
    const sum = this.moments.sum(cells, window, 0);
    const sumOfSquares = this.moments.sum(cells, window, 1);
    const variance = roundQuotient(
      BigInt(n) * sumOfSquares - sum * sum,
      BigInt(n) * BigInt(n - this.#taken),
      2 * this.moments.exponentOfX(cells, window),
    );
    return Number.isFinite(variance) ? variance : Number.NaN;
  }

  override isOutOfRange(cells: Cells, window: number): boolean {
    return this.moments.count(cells, window) > this.#taken;
  }
}

/** `stddev(x)` and `stddevPop(x)`: the square root of the rounded variance. Null where that is null. */
export class StandardDeviation extends Variance {
  protected override evaluate(cells: Cells, window: number): number {
    return Math.sqrt(super.evaluate(cells, window));
  }
}
