import { assert } from '../errors.ts';
import type { EntityState, StateStore, TaskChanges, TaskId, TaskProgress } from './state-store.ts';

interface TaskState {
  progress: TaskProgress;
  /** By the key's bytes as Latin-1 text. */
  readonly entities: Map<string, EntityState>;
}

/** State for as long as the process lives: the twin of the LMDB store for tests and runs without a directory. */
export class MemoryStateStore implements StateStore {
  readonly #tasks = new Map<string, TaskState>();
  readonly #facts = new Map<string, string>();
  #closed = false;

  progress(task: TaskId): TaskProgress | null {
    return this.#tasks.get(taskText(task))?.progress ?? null;
  }

  *entities(task: TaskId): Iterable<EntityState> {
    const state = this.#tasks.get(taskText(task));
    if (state !== undefined) yield* [...state.entities.values()];
  }

  fact(name: string): string | null {
    return this.#facts.get(name) ?? null;
  }

  async commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void> {
    assert(!this.#closed, 'commit to a closed store');
    // Whatever the caller's iterables throw is thrown before anything changes.
    const all = changes.map(({ task, progress, entities }) => ({ task, progress, entities: [...entities] }));
    for (const { task, progress, entities } of all) {
      const text = taskText(task);
      const state = this.#tasks.get(text) ?? { progress, entities: new Map() };
      state.progress = { ...progress, counters: { ...progress.counters } };
      for (const { key, state: bytes } of entities) {
        const name = Buffer.from(key).toString('latin1');
        if (bytes === null) state.entities.delete(name);
        else state.entities.set(name, { key: key.slice(), state: bytes.slice() });
      }
      this.#tasks.set(text, state);
    }
    for (const [name, text] of facts) this.#facts.set(name, text);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

/** One text per task, and one task per text. */
export function taskText(task: TaskId): string {
  return JSON.stringify([task.group, task.version, task.topic, task.partition]);
}
