import { FEW_ENTITIES } from './entity-table.ts';
import type { Timers } from './timers.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When each entity is woken. Of an entity's timers only the earliest one counts that was asked for; when it has fired,
 * the entity asks for the next. Where the timers are of an entity that was read from the state store is not known, only
 * that there is one where it is due or before: until the first has fired, each counts.
 */
export class EntityTimers {
  readonly #timers: Timers;
  /** By entity number: the position of the timer that counts, or where the entity is due; Infinity for none. */
  #wakeAt = new Float64Array(FEW_ENTITIES).fill(NEVER);
  /** By entity number: 1 when each timer counts. */
  #isUnsure = new Uint8Array(FEW_ENTITIES);

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** The earliest position with a timer; Infinity when there is none. */
  get next(): number {
    return this.#timers.next;
  }

  /** Sees to it that the entity is woken at the position or before. */
  wakeBy(entity: number, position: number): void {
    if (entity >= this.#wakeAt.length) this.#widen(entity);
    if (this.#wakeAt[entity]! <= position || position === NEVER) return;
    this.#wakeAt[entity] = position;
    this.#timers.add(position, entity);
  }

  /** The entity was read from the state store, and is due at the position. */
  resume(entity: number, position: number): void {
    if (entity >= this.#wakeAt.length) this.#widen(entity);
    this.#wakeAt[entity] = position;
    this.#isUnsure[entity] = 1;
  }

  /**
   * Takes the timers up to a position, in order, at most so many, and wakes the entities for which they count; answers
   * whether none is left. `begin` is told each position before its first entity is read.
   */
  fireUpTo(
    last: number,
    most: number,
    { begin, wake }: { begin(position: number): void; wake(entity: number): void },
  ): boolean {
    for (let left = most; left > 0 && this.next <= last; ) {
      const position = this.next;
      begin(position);
      left -= this.#fire(position, left, wake);
    }
    return this.next > last;
  }

  #fire(position: number, most: number, wake: (entity: number) => void): number {
    return this.#timers.take(most, (entity) => {
      if (this.#wakeAt[entity] !== position && this.#isUnsure[entity] !== 1) return;
      this.forget(entity);
      wake(entity);
    });
  }

  /** No timer of the entity counts any more. */
  forget(entity: number): void {
    this.#wakeAt[entity] = NEVER;
    this.#isUnsure[entity] = 0;
  }

  #widen(entity: number): void {
    const size = Math.max(this.#wakeAt.length * 2, entity + 1);
    const wakeAt = new Float64Array(size).fill(NEVER);
    wakeAt.set(this.#wakeAt);
    this.#wakeAt = wakeAt;
    const isUnsure = new Uint8Array(size);
    isUnsure.set(this.#isUnsure);
    this.#isUnsure = isUnsure;
  }
}
