import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';
import { EXACT_SUM_CELLS, ExactSums } from './exact-sum.ts';

const NUMBER_OF_VALUES = 0;
const NUMBER_OF_CATEGORIES = 1;
const SUM_OF_TERMS = 2;

/**
 * `entropy(x)`: Shannon entropy in bits of how the values fall into categories, log2 n − (Σ c · log2 c) / n with c
 * the count of each category and n their sum (Shannon 1948, with p = c / n). Terms are rounded, their sum is
 * exact, so it follows each event without drift. One category gives 0; null of nothing.
 *
 * Window cells behind the bag: n, how many categories, the exact sum of the terms.
 */
export class Entropy extends CategoryAggregate {
  override readonly windowWidth = 1 + SUM_OF_TERMS + EXACT_SUM_CELLS;
  readonly #sums = new ExactSums();

  protected override initSummary(cells: Cells, at: number): void {
    cells[at + NUMBER_OF_VALUES] = 0;
    cells[at + NUMBER_OF_CATEGORIES] = 0;
    this.#sums.init(cells, at + SUM_OF_TERMS);
  }

  protected override recount(cells: Cells, at: number, before: number, after: number): void {
    cells[at + NUMBER_OF_VALUES]! += after - before;
    if (before === 0) cells[at + NUMBER_OF_CATEGORIES]!++;
    else if (after === 0) cells[at + NUMBER_OF_CATEGORIES]!--;
    if (before > 1) this.#sums.add(cells, at + SUM_OF_TERMS, -term(before));
    if (after > 1) this.#sums.add(cells, at + SUM_OF_TERMS, term(after));
  }

  override result(cells: Cells, window: number): number {
    const at = window + 1;
    const n = cells[at + NUMBER_OF_VALUES]!;
    if (n === 0) return Number.NaN;
    if (cells[at + NUMBER_OF_CATEGORIES] === 1) return 0;
    return Math.max(0, Math.log2(n) - this.#sums.round(cells, at + SUM_OF_TERMS) / n);
  }
}

const TERMS = Float64Array.from({ length: 4096 }, (_, count) => (count === 0 ? 0 : count * Math.log2(count)));

/** c · log2 c. At least 2 for c ≥ 2 and below 2^44, so its lowest bit is well within the fixed-point part of an exact sum. */
function term(count: number): number {
  return count < TERMS.length ? TERMS[count]! : count * Math.log2(count);
}
