import { assert } from '../errors.ts';
import type { TopicPartition } from '../sources/log-reader.ts';
import {
  ALL_KEYS,
  type EntityState,
  type KeyRange,
  type StateStore,
  type StateTable,
  type TaskChanges,
  type TaskId,
  type TaskProgress,
} from './state-store.ts';

interface TaskState {
  progress: TaskProgress | null;
  readonly tables: Readonly<Record<StateTable, Table>>;
}

/** Entries by their keys' bytes as Latin-1 text. */
class Table {
  readonly #entries = new Map<string, EntityState>();
  /** In order; null when they have to be put in order again. */
  #names: string[] | null = null;

  *read(range: KeyRange): Iterable<EntityState> {
    this.#names ??= [...this.#entries.keys()].sort();
    const names = this.#names;
    const to = range.to === null ? names.length : firstNotBefore(names, nameOf(range.to));
    for (let at = firstNotBefore(names, nameOf(range.from)); at < to; at++) {
      yield this.#entries.get(names[at]!)!;
    }
  }

  at(key: Uint8Array): Uint8Array | null {
    return this.#entries.get(nameOf(key))?.state ?? null;
  }

  change(entries: readonly EntityState[]): void {
    if (entries.length > 0) this.#names = null;
    for (const { key, state } of entries) {
      const name = nameOf(key);
      if (state === null) this.#entries.delete(name);
      else this.#entries.set(name, { key: Uint8Array.from(key), state: Uint8Array.from(state) });
    }
  }
}

/** State for as long as the process lives: the twin of the LMDB store for tests and runs without a directory. */
export class MemoryStateStore implements StateStore {
  readonly #tasks = new Map<string, TaskState>();
  readonly #facts = new Map<string, string>();
  #closed = false;

  progress(task: TaskId): TaskProgress | null {
    return this.#tasks.get(taskText(task))?.progress ?? null;
  }

  entities(task: TaskId, range: KeyRange = ALL_KEYS): Iterable<EntityState> {
    return this.#tasks.get(taskText(task))?.tables.chunks.read(range) ?? [];
  }

  rows(task: TaskId, range: KeyRange = ALL_KEYS): Iterable<EntityState> {
    return this.#tasks.get(taskText(task))?.tables.rows.read(range) ?? [];
  }

  rowsAt(task: TaskId, keys: readonly Uint8Array[]): readonly (Uint8Array | null)[] {
    const rows = this.#tasks.get(taskText(task))?.tables.rows;
    return keys.map((key) => rows?.at(key) ?? null);
  }

  tasks({ topic, partition }: TopicPartition): readonly TaskId[] {
    return [...this.#tasks.keys()]
      .map(taskOf)
      .filter((task) => task.topic === topic && task.partition === partition);
  }

  fact(name: string): string | null {
    return this.#facts.get(name) ?? null;
  }

  async commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void> {
    assert(!this.#closed, 'commit to a closed store');
    // Whatever the caller's iterables throw is thrown before anything changes.
    const all = changes.map(({ task, progress, entities, rows }) => ({
      task,
      progress,
      chunks: [...entities],
      rows: [...(rows ?? [])],
    }));
    for (const { task, progress, chunks, rows } of all) {
      const state = this.#stateOf(task);
      if (progress !== null) state.progress = { ...progress, counters: { ...progress.counters } };
      state.tables.chunks.change(chunks);
      state.tables.rows.change(rows);
    }
    for (const [name, text] of facts) this.#facts.set(name, text);
  }

  async clear(partition: TopicPartition): Promise<void> {
    for (const task of this.tasks(partition)) this.#tasks.delete(taskText(task));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #stateOf(task: TaskId): TaskState {
    const text = taskText(task);
    const state = this.#tasks.get(text) ?? {
      progress: null,
      tables: { chunks: new Table(), rows: new Table() },
    };
    this.#tasks.set(text, state);
    return state;
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

/** The task of a {@link taskText}. */
export function taskOf(text: string): TaskId {
  const [group, version, topic, partition] = JSON.parse(text) as [string, number, string, number];
  return { group, version, topic, partition };
}
