import { compareElements, listText } from '../definitions/value.ts';
import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';
import type { Dictionary } from './dictionary.ts';
import { Selection } from './selection.ts';

/**
 * Some of the different values as a list: `topK(x)` the k most frequent, the most frequent in front, ties by value
 * ascending; `distinctValues(x)` the first `limit` of them, ascending. An empty list of nothing.
 */
export class SelectedCategories extends CategoryAggregate {
  override readonly windowWidth = 1;
  readonly #selection: Selection;
  readonly #offer: (category: number, count: number) => void;

  constructor(by: 'frequency' | 'value', limit: number, dictionary: Dictionary) {
    super(dictionary);
    const selection = new Selection(limit, (a, b) =>
      compareElements(dictionary.valueOf(a), dictionary.valueOf(b)),
    );
    this.#selection = selection;
    this.#offer =
      by === 'frequency'
        ? (category, count) => selection.offer(category, count)
        : (category) => selection.offer(category, 0);
  }

  protected override initSummary(): void {}

  protected override recount(): void {}

  override result(cells: Cells, window: number): number {
    this.#selection.clear();
    this.bags.forEach(cells[window]!, this.#offer);
    const values = this.#selection.items.map((category) => this.dictionary.valueOf(category));
    return this.dictionary.intern(listText(values));
  }
}
