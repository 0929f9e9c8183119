/** The few items that stand first of all that are offered; one object serves again and again. */
export class Selection {
  /** The first so far, in order. */
  readonly items: number[] = [];
  readonly #weights: number[] = [];
  /** What an item must weigh to be taken in: as much as the last one, once there are `limit`. */
  #least = Number.NEGATIVE_INFINITY;
  readonly #limit: number;
  readonly #compare: (a: number, b: number) => number;

  /** `compare` decides between items of one weight: below 0 where `a` stands first, and 0 for none that differ. */
  constructor(limit: number, compare: (a: number, b: number) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  clear(): void {
    this.items.length = 0;
    this.#weights.length = 0;
    this.#least = Number.NEGATIVE_INFINITY;
  }

  /** Takes the item in unless `limit` others stand before it; those of greater weight do. */
  offer(item: number, weight: number): void {
    if (weight < this.#least) return;
    let place = this.items.length;
    while (place > 0 && this.#goesBefore(item, weight, place - 1)) place--;
    if (place === this.#limit) return;
    if (this.items.length === this.#limit) {
      this.items.pop();
      this.#weights.pop();
    }
    this.items.splice(place, 0, item);
    this.#weights.splice(place, 0, weight);
    if (this.items.length === this.#limit) this.#least = this.#weights[this.#limit - 1]!;
  }

  #goesBefore(item: number, weight: number, place: number): boolean {
    const holder = this.#weights[place]!;
    return weight > holder || (weight === holder && this.#compare(item, this.items[place]!) < 0);
  }
}
