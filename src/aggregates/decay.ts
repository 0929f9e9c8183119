import type { Cells } from './aggregate.ts';
import { MomentsAggregate } from './moments-aggregate.ts';
import { roundQuotient } from './round-quotient.ts';

/**
 * `decayedSum(x, { halfLife })`: Σ x·2^(−(T − τ)/halfLife) as of window_end T; null of nothing, and while it is
 * beyond the largest double.
 *
 * Half-lives are counted from 1970. A value decays to the end of the half-life that it falls in, which is rounded
 * once, and from there on by whole half-lives, which is exact; so is the sum. It is rounded once and then taken back
 * from the end of the half-life that T falls in to T. So it depends on no order, and not on the steps that time took.
 */
export class DecayedSum extends MomentsAggregate {
  readonly #halfLifeMs: number;

  constructor(halfLifeMs: number) {
    super(['x']);
    this.#halfLifeMs = halfLifeMs;
  }

  override insertPane(cells: Cells, at: number, input: number, eventTime: number): void {
    const within = this.#within(eventTime);
    const decayed = input * 2 ** ((within - this.#halfLifeMs) / this.#halfLifeMs);
    this.moments.add(cells, at, decayed, 0, (eventTime - within) / this.#halfLifeMs);
  }

  override insertWindow(cells: Cells, at: number, input: number, eventTime: number): void {
    this.insertPane(cells, at, input, eventTime);
  }

  override result(cells: Cells, window: number, windowEnd: number): number {
    if (this.isEmpty(cells, window)) return Number.NaN;
    const within = this.#within(windowEnd);
    const halfLives = (windowEnd - within) / this.#halfLifeMs;
    const exponent = this.moments.exponentOfX(cells, window) - halfLives;
    const sum = roundQuotient(this.moments.sum(cells, window, 0), 1n, exponent);
    const value = sum * 2 ** ((this.#halfLifeMs - within) / this.#halfLifeMs);
    return Number.isFinite(value) ? value : Number.NaN;
  }

  override isOutOfRange(cells: Cells, window: number): boolean {
    return !this.isEmpty(cells, window);
  }

  /** How far a time lies within its half-life. */
  #within(time: number): number {
    const remainder = time % this.#halfLifeMs;
    return remainder < 0 ? remainder + this.#halfLifeMs : remainder;
  }
}

/** `decayedCount({ halfLife })`: {@link DecayedSum} of 1 for each record; 0 of nothing. */
export class DecayedCount extends DecayedSum {
  override result(cells: Cells, window: number, windowEnd: number): number {
    return this.isEmpty(cells, window) ? 0 : super.result(cells, window, windowEnd);
  }
}
