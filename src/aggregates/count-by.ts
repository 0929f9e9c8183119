import { mapText } from '../definitions/value.ts';
import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';

/** `countBy(x)`: a map from each different value to how often it stands in the window; an empty map of nothing. */
export class CountBy extends CategoryAggregate {
  override readonly windowWidth = 1;

  protected override initSummary(): void {}

  protected override recount(): void {}

  override result(cells: Cells, window: number): number {
    const entries: [number | string | boolean, number][] = [];
    this.bags.forEach(cells[window]!, (category, count) =>
      entries.push([this.dictionary.valueOf(category), count]),
    );
    return this.dictionary.intern(mapText(entries));
  }
}
