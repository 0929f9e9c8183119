/**
 * A pseudo-random sequence that a seed decides wholly: xoshiro128** 1.1 of David Blackman and Sebastiano Vigna,
 * seeded through splitmix32-like mixing so that close seeds give unlike sequences. 32-bit integers only, hence
 * the same on every machine. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed | 0;
    const mix = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = state ^ (state >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    this.#d = mix() | 1; // the state must not be all zero
  }

  /** An integer from 0 to 2^32 − 1, all equally likely. */
  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** At least 0, below 1. */
  unit(): number {
    return this.uint32() * 2 ** -32;
  }

  /** An integer from 0 to `limit` − 1, for limits far below 2^32. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }
}
