import { CountTable } from './count-table.ts';

/**
 * Bags of categories: how often each stands in a pane or a window. Most bags hold one or two categories, a few
 * hold very many, so a bag is a chain of entries in shared arrays while it is small and a table once it is not.
 *
 * A bag is a handle that fits a cell: 0 is the empty bag, a positive one the head of a chain, a negative one a table.
 */
export type Bag = number;
export const EMPTY_BAG: Bag = 0;

const LONGEST_CHAIN = 8;
const ENTRY = 4;
const COUNT = 1;
const NEXT = 2;
/** Stands where no table is: handle 0 is the empty bag. */
const NO_TABLE = new CountTable();

export class Bags {
  /** How often the category of the last {@link change} stood in the bag before it. */
  before = 0;

  /** Entries of all chains: category, count, next entry (0: none), and one unused. */
  #entries = new Int32Array(1024 * ENTRY);
  #freeEntry = 0;
  #usedEntries = ENTRY;
  readonly #tables: CountTable[] = [NO_TABLE];
  readonly #freeTables: number[] = [];

  /** Adds `by` (also negative) to the category's count and gives the bag's handle from now on. */
  change(bag: Bag, category: number, by: number): Bag {
    if (bag < 0) return this.#changeTable(bag, category, by);
    const entries = this.#entries;
    let length = 0;
    let previous = 0;
    for (let entry = bag; entry !== 0; entry = entries[entry + NEXT]!) {
      if (entries[entry] === category) {
        this.before = entries[entry + COUNT]!;
        const count = this.before + by;
        entries[entry + COUNT] = count;
        return count === 0 ? this.#unlink(bag, previous, entry) : bag;
      }
      previous = entry;
      length++;
    }
    this.before = 0;
    if (length === LONGEST_CHAIN) return this.#changeTable(this.#toTable(bag), category, by);
    const entry = this.#entry();
    this.#entries[entry] = category;
    this.#entries[entry + COUNT] = by;
    this.#entries[entry + NEXT] = bag;
    return entry;
  }

  forEach(bag: Bag, visit: (category: number, count: number) => void): void {
    if (bag < 0) {
      this.#tables[-bag]!.forEach(visit);
      return;
    }
    for (let entry = bag; entry !== 0; entry = this.#entries[entry + NEXT]!) {
      visit(this.#entries[entry]!, this.#entries[entry + COUNT]!);
    }
  }

  size(bag: Bag): number {
    if (bag < 0) return this.#tables[-bag]!.size;
    let length = 0;
    for (let entry = bag; entry !== 0; entry = this.#entries[entry + NEXT]!) length++;
    return length;
  }

  free(bag: Bag): void {
    if (bag < 0) {
      this.#tables[-bag] = NO_TABLE;
      this.#freeTables.push(-bag);
      return;
    }
    for (let entry = bag; entry !== 0; ) {
      const next = this.#entries[entry + NEXT]!;
      this.#release(entry);
      entry = next;
    }
  }

  #changeTable(bag: Bag, category: number, by: number): Bag {
    const table = this.#tables[-bag]!;
    this.before = table.change(category, by);
    if (table.size > 0) return bag;
    this.free(bag);
    return EMPTY_BAG;
  }

  #toTable(bag: Bag): Bag {
    const table = new CountTable();
    this.forEach(bag, (category, count) => table.change(category, count));
    this.free(bag);
    const index = this.#freeTables.pop() ?? this.#tables.length;
    this.#tables[index] = table;
    return -index;
  }

  #unlink(bag: Bag, previous: number, entry: number): Bag {
    const next = this.#entries[entry + NEXT]!;
    this.#release(entry);
    if (previous === 0) return next;
    this.#entries[previous + NEXT] = next;
    return bag;
  }

  #entry(): number {
    const free = this.#freeEntry;
    if (free !== 0) {
      this.#freeEntry = this.#entries[free + NEXT]!;
      return free;
    }
    if (this.#usedEntries === this.#entries.length) {
      const wider = new Int32Array(this.#entries.length * 2);
      wider.set(this.#entries);
      this.#entries = wider;
    }
    const entry = this.#usedEntries;
    this.#usedEntries += ENTRY;
    return entry;
  }

  #release(entry: number): void {
    this.#entries[entry + NEXT] = this.#freeEntry;
    this.#freeEntry = entry;
  }
}
