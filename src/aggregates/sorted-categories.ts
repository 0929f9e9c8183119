import { compareElements, entryText, listOfTexts, mapOfTexts } from '../definitions/value.ts';
import type { Cells } from './aggregate.ts';
import { CategoryAggregate } from './category-aggregate.ts';
import type { Dictionary } from './dictionary.ts';
import { EMPTY_LIST, RowLists } from './row-lists.ts';

/** A window keeps its different values in order. Window cells: the bag, then the sorted list of its categories. */
abstract class SortedCategories extends CategoryAggregate {
  override readonly windowWidth = 2;
  readonly #lists = new RowLists(1);

  protected override initSummary(cells: Cells, at: number): void {
    cells[at] = EMPTY_LIST;
  }

  override clearWindow(cells: Cells, window: number): void {
    this.#lists.free(cells[window + 1]!);
    super.clearWindow(cells, window);
  }

  protected override recount(
    cells: Cells,
    at: number,
    before: number,
    after: number,
    category: number,
  ): void {
    const list = cells[at]!;
    if (before === 0) {
      const index = this.#indexOf(list, category);
      cells[at] = this.#lists.open(list, index);
      this.#lists.cells[this.#lists.row(cells[at]!, index)] = category;
    } else if (after === 0) {
      cells[at] = this.#lists.close(list, this.#indexOf(list, category));
    }
  }

  protected size(cells: Cells, window: number): number {
    return this.#lists.size(cells[window + 1]!);
  }

  protected category(cells: Cells, window: number, index: number): number {
    return this.#lists.cells[this.#lists.row(cells[window + 1]!, index)]!;
  }

  /** The index of the first category whose value is not below this one's. */
  #indexOf(list: number, category: number): number {
    const value = this.dictionary.valueOf(category);
    let low = 0;
    let high = this.#lists.size(list);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#lists.cells[this.#lists.row(list, middle)]!;
      if (compareElements(this.dictionary.valueOf(other), value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `distinctValues(x)`: the first `limit` of the different values, ascending; an empty list of nothing. */
export class DistinctValues extends SortedCategories {
  readonly #limit: number;

  constructor(limit: number, dictionary: Dictionary) {
    super(dictionary);
    this.#limit = limit;
  }

  override result(cells: Cells, window: number): number {
    const size = Math.min(this.size(cells, window), this.#limit);
    const texts: string[] = [];
    for (let index = 0; index < size; index++) {
      texts.push(this.dictionary.elementText(this.category(cells, window, index)));
    }
    return this.dictionary.intern(listOfTexts(texts));
  }
}

/** `countBy(x)`: a map from each different value to how often it stands in the window; an empty map of nothing. */
export class CountBy extends SortedCategories {
  override result(cells: Cells, window: number): number {
    const size = this.size(cells, window);
    const texts: string[] = [];
    for (let index = 0; index < size; index++) {
      const category = this.category(cells, window, index);
      const count = this.bags.count(cells[window]!, category);
      texts.push(entryText(this.dictionary.elementText(category), String(count)));
    }
    return this.dictionary.intern(mapOfTexts(texts));
  }
}
