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
  /** Removes the timers at the earliest position and tells their entities. */
  take(tell: (entity: number) => void): void;
}

/** Timers of a task that holds all its entities. */
export class MemoryTimers implements Timers {
  readonly #buckets = new Map<number, number[]>();
  readonly #positions = new FlatQueue<number[]>();

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

  take(tell: (entity: number) => void): void {
    this.#buckets.delete(this.next);
    const entities = this.#positions.pop()!;
    for (let i = 0; i < entities.length; i++) tell(entities[i]!);
  }
}
