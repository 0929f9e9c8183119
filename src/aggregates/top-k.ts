import { compareElements, listOfTexts } from '../definitions/value.ts';
import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';
import type { Dictionary } from './dictionary.ts';
import { Selection } from './selection.ts';

/**
 * `topK(x)`: the k most frequent values as a list, the most frequent in front, ties by value ascending; an empty list
 * of nothing.
 */
export class TopK extends CategoryAggregate {
  override readonly windowWidth = 1;
  readonly #selection: Selection;
  readonly #offer = (category: number, count: number): void => this.#selection.offer(category, count);

  constructor(k: number, dictionary: Dictionary) {
    super(dictionary);
    this.#selection = new Selection(k, (a, b) =>
      compareElements(dictionary.valueOf(a), dictionary.valueOf(b)),
    );
  }

  protected override initSummary(): void {}

  protected override recount(): void {}

  override result(cells: Cells, window: number): number {
    this.#selection.clear();
    this.bags.forEach(cells[window]!, this.#offer);
    const texts = this.#selection.items.map((category) => this.dictionary.elementText(category));
    return this.dictionary.intern(listOfTexts(texts));
  }
}
