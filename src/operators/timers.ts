import FlatQueue from 'flatqueue';

/**
 * Which entities are due at which position, so that advancing the watermark costs the entities that are due and not
 * all entities. An entity may stand at several positions, or twice at one: whoever is told checks.
 */
export interface Timers {
  /** The earliest position with a timer; Infinity when there is none. */
  readonly next: number;
  /** `position` is after the one that was taken last. */
  add(position: number, entity: number): void;
  /**
   * Removes timers at the earliest position, at most so many, and tells their entities; answers how many it removed.
   * Those that are left are still the earliest, and are taken before others are added at their position.
   */
  take(most: number, tell: (entity: number) => void): number;
}

/** Timers of a task that holds all its entities. */
export class MemoryTimers implements Timers {
  readonly #buckets = new Map<number, number[]>();
  readonly #positions = new FlatQueue<number[]>();
  /** How many of the earliest position were taken. */
  #taken = 0;

  get next(): number {
    return this.#positions.peekValue() ?? Number.POSITIVE_INFINITY;
  }

  add(position: number, entity: number): void {
    const bucket = this.#buckets.get(position);
    if (bucket === undefined) {
      const opened = [entity];
      this.#buckets.set(position, opened);
      this.#positions.push(opened, position);
    } else {
      bucket.push(entity);
    }
  }

  take(most: number, tell: (entity: number) => void): number {
    const position = this.next;
    const entities = this.#positions.peek()!;
    const from = this.#taken;
    const to = Math.min(entities.length, from + most);
    this.#taken = to;
    if (to === entities.length) {
      this.#buckets.delete(position);
      this.#positions.pop();
      this.#taken = 0;
    }
    for (let i = from; i < to; i++) tell(entities[i]!);
    return to - from;
  }
}
