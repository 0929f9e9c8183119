import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';

const NUMBER_OF_VALUES = 0;
/** The count of the most frequent value; NaN: to be found out, as a category that had it has become rarer. */
const GREATEST_COUNT = 1;

/** `mostFrequentShare(x)`: the count of the most frequent value / the count of all, in (0, 1]; null of nothing. */
export class MostFrequentShare extends CategoryAggregate {
  override readonly windowWidth = 3;
  #greatest = 0;
  readonly #visit = (_category: number, count: number): void => {
    if (count > this.#greatest) this.#greatest = count;
  };

  protected override initSummary(cells: Cells, at: number): void {
    cells[at + NUMBER_OF_VALUES] = 0;
    cells[at + GREATEST_COUNT] = 0;
  }

  protected override recount(cells: Cells, at: number, before: number, after: number): void {
    cells[at + NUMBER_OF_VALUES]! += after - before;
    if (after > cells[at + GREATEST_COUNT]!) cells[at + GREATEST_COUNT] = after;
    else if (before === cells[at + GREATEST_COUNT]) cells[at + GREATEST_COUNT] = Number.NaN;
  }

  override result(cells: Cells, window: number): number {
    const at = window + 1;
    if (cells[at + NUMBER_OF_VALUES] === 0) return Number.NaN;
    if (Number.isNaN(cells[at + GREATEST_COUNT]!)) {
      this.#greatest = 0;
      this.bags.forEach(cells[window]!, this.#visit);
      cells[at + GREATEST_COUNT] = this.#greatest;
    }
    return cells[at + GREATEST_COUNT]! / cells[at + NUMBER_OF_VALUES]!;
  }
}
