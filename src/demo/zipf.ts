import type { Random } from './random.ts';

/**
 * Ranks 0 to `size` − 1, rank r drawn with a probability proportional to 1 / (r + 1): Zipf's law with exponent 1,
 * which is what popularity of cards and shops looks like. One draw costs two table reads, by Walker's alias
 * method in Vose's form (M. D. Vose, "A Linear Algorithm for Generating Random Numbers with a Given
 * Distribution", IEEE Transactions on Software Engineering 17(9), 1991). Only division is used, which is exact
 * to the same bit everywhere, unlike `Math.pow`.
 */
export class Zipf {
  readonly size: number;
  /** Column r is rank r below its threshold, else the rank of its alias. */
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  constructor(size: number) {
    this.size = size;
    this.#threshold = new Float64Array(size);
    this.#alias = new Uint32Array(size);
    this.#build();
  }

  next(random: Random): number {
    const column = random.below(this.size);
    return random.unit() < this.#threshold[column]! ? column : this.#alias[column]!;
  }

  /** Each column is filled to 1: what a rare rank leaves free is given to a frequent one. */
  #build(): void {
    const { size } = this;
    let harmonic = 0;
    for (let rank = size; rank >= 1; rank--) harmonic += 1 / rank;
    const weights = Float64Array.from({ length: size }, (_, rank) => size / ((rank + 1) * harmonic));
    const large: number[] = [];
    const small: number[] = [];
    for (let rank = 0; rank < size; rank++) (weights[rank]! < 1 ? small : large).push(rank);
    while (small.length > 0 && large.length > 0) {
      const rare = small.pop()!;
      const frequent = large.at(-1)!;
      this.#threshold[rare] = weights[rare]!;
      this.#alias[rare] = frequent;
      weights[frequent] = weights[frequent]! + weights[rare]! - 1;
      if (weights[frequent]! < 1) small.push(large.pop()!);
    }
    // What is left is 1 but for rounding.
    for (const rank of [...small, ...large]) this.#threshold[rank] = 1;
  }
}
