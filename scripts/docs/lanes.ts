import type { EventTimeMs } from '../../src/time.ts';

/** Bars that overlap lie in different lanes, each in the first one that is free. */
export class Lanes {
  readonly #ends: EventTimeMs[] = [];

  get count(): number {
    return this.#ends.length;
  }

  place(start: EventTimeMs, end: EventTimeMs): number {
    const free = this.#ends.findIndex((until) => until <= start);
    const lane = free === -1 ? this.#ends.length : free;
    this.#ends[lane] = end;
    return lane;
  }
}
