import FlatQueue from 'flatqueue';

/**
 * Which entities are due at which position, so that advancing the watermark costs the entities that are due and not
 * all entities. An entity may stand at several positions, or twice at one: whoever is told checks.
 */
export class Timers {
  readonly #buckets = new Map<number, number[]>();
  readonly #positions = new FlatQueue<number[]>();

  /** The earliest position with a timer; Infinity when there is none. */
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

  /** Removes the earliest bucket and gives its entities. */
  take(): readonly number[] {
    this.#buckets.delete(this.next);
    return this.#positions.pop()!;
  }
}
