import type { Task } from '../../src/operators/task.ts';
import type { TaskState } from '../../src/operators/task-state.ts';
import { type EntityState, isWithin, type KeyRange } from '../../src/state/state-store.ts';

/** The state of one task, in a map; what is taken is on its way until it is said to be stored. */
export class KeptState implements TaskState {
  readonly maxEntities: number;
  readonly #chunks = new Map<string, EntityState>();
  #onTheWay: EntityState[] = [];

  constructor(maxEntities = Number.POSITIVE_INFINITY) {
    this.maxEntities = maxEntities;
  }

  read(range: KeyRange): EntityState[] {
    return [...this.#chunks.values()]
      .filter(({ key }) => isWithin(key, range))
      .sort((a, b) => Buffer.compare(a.key, b.key));
  }

  /** Takes what changed of the task, and returns what of it is about entities. */
  take(task: Task): readonly EntityState[] {
    const changes = task.takeChanges();
    this.#onTheWay.push(...changes);
    return changes.filter(isOfEntity);
  }

  /** What was taken is stored. */
  store(task: Task): void {
    for (const change of this.#onTheWay) {
      const name = Buffer.from(change.key).toString('hex');
      if (change.state === null) this.#chunks.delete(name);
      else this.#chunks.set(name, change);
    }
    this.#onTheWay = [];
    task.stored();
  }

  /** Both at once. */
  commit(task: Task): readonly EntityState[] {
    const changes = this.take(task);
    this.store(task);
    return changes;
  }

  /** All that is stored of entities. */
  get ofEntities(): readonly EntityState[] {
    return [...this.#chunks.values()].filter(isOfEntity);
  }
}

/** The others are timers. */
function isOfEntity({ key }: EntityState): boolean {
  return key[0] !== 0xff;
}
