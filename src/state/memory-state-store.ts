import { assert } from '../errors.ts';
import {
  ALL_KEYS,
  type EntityState,
  type KeyRange,
  type StateStore,
  type TaskChanges,
  type TaskId,
  type TaskProgress,
} from './state-store.ts';

interface TaskState {
  progress: TaskProgress;
  /** By the key's bytes as Latin-1 text. */
  readonly entities: Map<string, EntityState>;
  /** The names of the entities in order; null when they have to be put in order again. */
  names: string[] | null;
}

/** State for as long as the process lives: the twin of the LMDB store for tests and runs without a directory. */
export class MemoryStateStore implements StateStore {
  readonly #tasks = new Map<string, TaskState>();
  readonly #facts = new Map<string, string>();
  #closed = false;

  progress(task: TaskId): TaskProgress | null {
    return this.#tasks.get(taskText(task))?.progress ?? null;
  }

  *entities(task: TaskId, range: KeyRange = ALL_KEYS): Iterable<EntityState> {
    const state = this.#tasks.get(taskText(task));
    if (state === undefined) return;
    state.names ??= [...state.entities.keys()].sort();
    const { names } = state;
    const to = range.to === null ? names.length : firstNotBefore(names, nameOf(range.to));
    for (let at = firstNotBefore(names, nameOf(range.from)); at < to; at++) {
      yield state.entities.get(names[at]!)!;
    }
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
      const state = this.#tasks.get(text) ?? { progress, entities: new Map(), names: null };
      state.progress = { ...progress, counters: { ...progress.counters } };
      state.names = null;
      for (const { key, state: bytes } of entities) {
        const name = nameOf(key);
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

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function firstNotBefore(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One text per task, and one task per text. */
export function taskText(task: TaskId): string {
  return JSON.stringify([task.group, task.version, task.topic, task.partition]);
}
