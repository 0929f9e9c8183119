const SMALLEST = 32;
const EMPTY = -1;

/**
 * Counts by category, for bags too large for a chain: open addressing with linear probing, in one array of
 * (category, count) pairs, at most half full. A category whose count falls to 0 is removed by moving later entries
 * of its run back (Knuth, TAOCP 3, 6.4, algorithm R), so there are no tombstones.
 */
export class CountTable {
  size = 0;
  #pairs = new Int32Array(SMALLEST * 2).fill(EMPTY);
  #mask = SMALLEST - 1;

  /** Adds `by` to the category's count and gives the count before. */
  change(category: number, by: number): number {
    const pairs = this.#pairs;
    const mask = this.#mask;
    let slot = hash(category) & mask;
    for (;;) {
      const key = pairs[2 * slot]!;
      if (key === category) {
        const before = pairs[2 * slot + 1]!;
        if (before + by === 0) this.#remove(slot);
        else pairs[2 * slot + 1] = before + by;
        return before;
      }
      if (key === EMPTY) break;
      slot = (slot + 1) & mask;
    }
    pairs[2 * slot] = category;
    pairs[2 * slot + 1] = by;
    this.size++;
    if (this.size * 2 > mask) this.#grow();
    return 0;
  }

  count(category: number): number {
    const pairs = this.#pairs;
    const mask = this.#mask;
    for (let slot = hash(category) & mask; ; slot = (slot + 1) & mask) {
      const key = pairs[2 * slot]!;
      if (key === category) return pairs[2 * slot + 1]!;
      if (key === EMPTY) return 0;
    }
  }

  forEach(visit: (category: number, count: number) => void): void {
    const pairs = this.#pairs;
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] !== EMPTY) visit(pairs[at]!, pairs[at + 1]!);
    }
  }

  #remove(slot: number): void {
    const pairs = this.#pairs;
    const mask = this.#mask;
    this.size--;
    let hole = slot;
    for (let next = (hole + 1) & mask; pairs[2 * next] !== EMPTY; next = (next + 1) & mask) {
      const home = hash(pairs[2 * next]!) & mask;
      // The entry may move into the hole unless its home lies between the hole and itself.
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      pairs[2 * hole] = pairs[2 * next]!;
      pairs[2 * hole + 1] = pairs[2 * next + 1]!;
      hole = next;
    }
    pairs[2 * hole] = EMPTY;
  }

  #grow(): void {
    const old = this.#pairs;
    this.#pairs = new Int32Array(old.length * 2).fill(EMPTY);
    this.#mask = this.#mask * 2 + 1;
    const pairs = this.#pairs;
    const mask = this.#mask;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === EMPTY) continue;
      let slot = hash(old[at]!) & mask;
      while (pairs[2 * slot] !== EMPTY) slot = (slot + 1) & mask;
      pairs[2 * slot] = old[at]!;
      pairs[2 * slot + 1] = old[at + 1]!;
    }
  }
}

/** Spreads consecutive numbers (Knuth's multiplicative hashing, TAOCP 3, 6.4). */
function hash(category: number): number {
  const product = Math.imul(category, 0x9e3779b1);
  return product ^ (product >>> 15);
}
