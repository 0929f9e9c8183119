import type { EntityState, KeyRange } from '../state/state-store.ts';

/** Where a task's state is stored, and how much of it the task may hold besides. */
export interface TaskState {
  /**
   * The chunks in the range, in order of their keys, out of all that {@link Task.takeChanges} has given until
   * {@link Task.stored}: later ones may be among them or not.
   */
  read(range: KeyRange): Iterable<EntityState>;
  /**
   * The task forgets entities that are stored when it holds more than so many; it reads them when it needs them. It
   * holds more while more have changed than that.
   */
  readonly maxEntities: number;
}
