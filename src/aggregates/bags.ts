/**
 * Bags of categories: how often each stands in a pane or a window. Most bags hold one or two categories, a few
 * hold very many, so a bag is a chain of entries in shared arrays while it is small and a Map once it is not.
 *
 * A bag is a handle that fits a cell: 0 is the empty bag, a positive one the head of a chain, a negative one a Map.
 */
export type Bag = number;
export const EMPTY_BAG: Bag = 0;

const LONGEST_CHAIN = 8;

export class Bags {
  /** How often the category of the last {@link change} stood in the bag before it. */
  before = 0;

  #category = new Int32Array(1024);
  #count = new Int32Array(1024);
  #next = new Int32Array(1024);
  #freeEntry = 0;
  #usedEntries = 1;
  readonly #maps: Map<number, number>[] = [new Map()];
  readonly #freeMaps: number[] = [];

  /** Adds `by` (also negative) to the category's count and gives the bag's handle from now on. */
  change(bag: Bag, category: number, by: number): Bag {
    if (bag < 0) return this.#changeMap(bag, category, by);
    let length = 0;
    let previous = 0;
    for (let entry = bag; entry !== 0; entry = this.#next[entry]!) {
      if (this.#category[entry] === category) {
        this.before = this.#count[entry]!;
        const count = this.before + by;
        this.#count[entry] = count;
        return count === 0 ? this.#unlink(bag, previous, entry) : bag;
      }
      previous = entry;
      length++;
    }
    this.before = 0;
    if (length === LONGEST_CHAIN) return this.#changeMap(this.#toMap(bag), category, by);
    const entry = this.#entry();
    this.#category[entry] = category;
    this.#count[entry] = by;
    this.#next[entry] = bag;
    return entry;
  }

  forEach(bag: Bag, visit: (category: number, count: number) => void): void {
    if (bag < 0) {
      for (const [category, count] of this.#maps[-bag]!) visit(category, count);
      return;
    }
    for (let entry = bag; entry !== 0; entry = this.#next[entry]!) {
      visit(this.#category[entry]!, this.#count[entry]!);
    }
  }

  size(bag: Bag): number {
    if (bag < 0) return this.#maps[-bag]!.size;
    let length = 0;
    for (let entry = bag; entry !== 0; entry = this.#next[entry]!) length++;
    return length;
  }

  free(bag: Bag): void {
    if (bag < 0) {
      this.#maps[-bag] = new Map();
      this.#freeMaps.push(-bag);
      return;
    }
    for (let entry = bag; entry !== 0; ) {
      const next = this.#next[entry]!;
      this.#release(entry);
      entry = next;
    }
  }

  #changeMap(bag: Bag, category: number, by: number): Bag {
    const map = this.#maps[-bag]!;
    this.before = map.get(category) ?? 0;
    const count = this.before + by;
    if (count === 0) map.delete(category);
    else map.set(category, count);
    if (map.size > 0) return bag;
    this.free(bag);
    return EMPTY_BAG;
  }

  #toMap(bag: Bag): Bag {
    const index = this.#freeMaps.pop() ?? this.#maps.push(new Map()) - 1;
    const map = this.#maps[index]!;
    this.forEach(bag, (category, count) => map.set(category, count));
    this.free(bag);
    return -index;
  }

  #unlink(bag: Bag, previous: number, entry: number): Bag {
    const next = this.#next[entry]!;
    this.#release(entry);
    if (previous === 0) return next;
    this.#next[previous] = next;
    return bag;
  }

  #entry(): number {
    const free = this.#freeEntry;
    if (free !== 0) {
      this.#freeEntry = this.#next[free]!;
      return free;
    }
    if (this.#usedEntries === this.#category.length) {
      this.#category = widen(this.#category);
      this.#count = widen(this.#count);
      this.#next = widen(this.#next);
    }
    return this.#usedEntries++;
  }

  #release(entry: number): void {
    this.#next[entry] = this.#freeEntry;
    this.#freeEntry = entry;
  }
}

function widen(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}
