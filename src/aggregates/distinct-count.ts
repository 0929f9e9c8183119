import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';

/** `distinctCount(x)`: how many different values, exactly, by counting how often each is in the window. 0 of nothing. */
export class DistinctCount extends CategoryAggregate {
  override readonly windowWidth = 2;

  protected override initSummary(cells: Cells, at: number): void {
    cells[at] = 0;
  }

  protected override recount(cells: Cells, at: number, before: number, after: number): void {
    if (before === 0) cells[at]!++;
    else if (after === 0) cells[at]!--;
  }

  override result(cells: Cells, window: number): number {
    return cells[window + 1]!;
  }
}
