import { CountTable } from './count-table.ts';

/**
 * Bags of categories: how often each stands in a pane or a window. Most bags hold one or two categories, a few
 * hold very many, so a bag is a small block of (category, count) pairs while it fits one and a table once it does not.
 *
 * A bag is a handle that fits a cell: 0 is the empty bag, a positive one the place of its block, a negative one a
 * table.
 */
export type Bag = number;
export const EMPTY_BAG: Bag = 0;

/** Blocks have room for 1, 2, 4, 8 or 16 pairs, behind one number that holds how many there are and the class. */
const CLASSES = 5;
const CLASS_BITS = 3;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
/** Stands where no table is: handle 0 is the empty bag. */
const NO_TABLE = new CountTable();

export class Bags {
  /** How often the category of the last {@link change} stood in the bag before it. */
  before = 0;

  #blocks = new Int32Array(256);
  /** The next block of each class that is free, each naming the one after it; 0 ends the list. */
  readonly #free = new Int32Array(CLASSES);
  #used = 1;
  readonly #tables: CountTable[] = [NO_TABLE];
  readonly #freeTables: number[] = [];

  /** Adds `by` (also negative) to the category's count and gives the bag's handle from now on. */
  change(bag: Bag, category: number, by: number): Bag {
    if (bag < 0) return this.#changeTable(bag, category, by);
    if (bag === EMPTY_BAG) {
      this.before = 0;
      const block = this.#allocate(0);
      this.#blocks[block] = 1 << CLASS_BITS;
      this.#blocks[block + 1] = category;
      this.#blocks[block + 2] = by;
      return block;
    }
    const blocks = this.#blocks;
    const head = blocks[bag]!;
    const end = bag + 1 + 2 * (head >> CLASS_BITS);
    for (let pair = bag + 1; pair < end; pair += 2) {
      if (blocks[pair] !== category) continue;
      this.before = blocks[pair + 1]!;
      const count = this.before + by;
      blocks[pair + 1] = count;
      return count === 0 ? this.#removePair(bag, pair, end) : bag;
    }
    this.before = 0;
    return this.#addPair(bag, category, by);
  }

  /** How often the category stands in the bag. */
  count(bag: Bag, category: number): number {
    if (bag < 0) return this.#tables[-bag]!.count(category);
    if (bag === EMPTY_BAG) return 0;
    const blocks = this.#blocks;
    const end = bag + 1 + 2 * (blocks[bag]! >> CLASS_BITS);
    for (let pair = bag + 1; pair < end; pair += 2) if (blocks[pair] === category) return blocks[pair + 1]!;
    return 0;
  }

  forEach(bag: Bag, visit: (category: number, count: number) => void): void {
    if (bag < 0) {
      this.#tables[-bag]!.forEach(visit);
      return;
    }
    if (bag === EMPTY_BAG) return;
    const end = bag + 1 + 2 * (this.#blocks[bag]! >> CLASS_BITS);
    for (let pair = bag + 1; pair < end; pair += 2) visit(this.#blocks[pair]!, this.#blocks[pair + 1]!);
  }

  /** How many different categories it holds. */
  size(bag: Bag): number {
    if (bag < 0) return this.#tables[-bag]!.size;
    return bag === EMPTY_BAG ? 0 : this.#blocks[bag]! >> CLASS_BITS;
  }

  free(bag: Bag): void {
    if (bag < 0) {
      this.#tables[-bag] = NO_TABLE;
      this.#freeTables.push(-bag);
    } else if (bag !== EMPTY_BAG) {
      this.#release(bag);
    }
  }

  #changeTable(bag: Bag, category: number, by: number): Bag {
    const table = this.#tables[-bag]!;
    this.before = table.change(category, by);
    if (table.size > 0) return bag;
    this.free(bag);
    return EMPTY_BAG;
  }

  #addPair(bag: Bag, category: number, count: number): Bag {
    const head = this.#blocks[bag]!;
    const size = head >> CLASS_BITS;
    const sizeClass = head & CLASS_MASK;
    let block = bag;
    let newHead = head + (1 << CLASS_BITS);
    if (size === 1 << sizeClass) {
      if (sizeClass === CLASSES - 1) return this.#changeTable(this.#toTable(bag), category, count);
      block = this.#allocate(sizeClass + 1);
      this.#blocks.copyWithin(block + 1, bag + 1, bag + 1 + 2 * size);
      this.#release(bag);
      newHead++;
    }
    this.#blocks[block] = newHead;
    this.#blocks[block + 1 + 2 * size] = category;
    this.#blocks[block + 2 + 2 * size] = count;
    return block;
  }

  /** The last pair takes the place of the one that goes. */
  #removePair(bag: Bag, pair: number, end: number): Bag {
    const blocks = this.#blocks;
    blocks[pair] = blocks[end - 2]!;
    blocks[pair + 1] = blocks[end - 1]!;
    blocks[bag]! -= 1 << CLASS_BITS;
    if (blocks[bag]! >> CLASS_BITS > 0) return bag;
    this.#release(bag);
    return EMPTY_BAG;
  }

  #toTable(bag: Bag): Bag {
    const table = new CountTable();
    this.forEach(bag, (category, count) => table.change(category, count));
    this.#release(bag);
    const index = this.#freeTables.pop() ?? this.#tables.length;
    this.#tables[index] = table;
    return -index;
  }

  #allocate(sizeClass: number): number {
    const free = this.#free[sizeClass]!;
    if (free !== 0) {
      this.#free[sizeClass] = this.#blocks[free + 1]!;
      this.#blocks[free] = sizeClass;
      return free;
    }
    const block = this.#used;
    this.#used += 1 + 2 * (1 << sizeClass);
    if (this.#used > this.#blocks.length) {
      const wider = new Int32Array(this.#blocks.length * 2);
      wider.set(this.#blocks);
      this.#blocks = wider;
    }
    this.#blocks[block] = sizeClass;
    return block;
  }

  #release(block: number): void {
    const sizeClass = this.#blocks[block]! & CLASS_MASK;
    this.#blocks[block + 1] = this.#free[sizeClass]!;
    this.#free[sizeClass] = block;
  }
}
