import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { open, type RootDatabase } from 'lmdb';
import { assert } from '../errors.ts';
import type { TopicPartition } from '../sources/log-reader.ts';
import { DirectoryLock } from './directory-lock.ts';
import { DATA_FILE, findDamage, mapBytes, requireRoomToOpen, requireRoomToWrite } from './lmdb-check.ts';
import {
  entryKey,
  FORMAT_KEY,
  factKey,
  isExact,
  newScratch,
  PROGRESS_RANGE,
  packEntry,
  progressKey,
  storeRange,
  unpackEntry,
} from './lmdb-keys.ts';
import { taskOf, taskText } from './memory-state-store.ts';
import { StateError } from './state-error.ts';
import {
  ALL_KEYS,
  type EntityState,
  isWithin,
  type KeyRange,
  type StateStore,
  type StateTable,
  type TaskChanges,
  type TaskId,
  type TaskProgress,
} from './state-store.ts';

/** Version of the keys and of the progress records. Entity states carry the task's own version. */
const FORMAT = '4';
const TABLES: readonly StateTable[] = ['chunks', 'rows'];
/**
 * States are copied into slabs of this size: the writing thread reads them after `commit` has returned, and to learn
 * where a buffer lies takes longer than to copy a state.
 */
const SLAB_BYTES = 1 << 20;
/** LMDB writes whole pages: some more than the entries take, as a rule. */
const PAGES_BYTES = 64 << 10;

type Database = RootDatabase<Buffer, Buffer>;

/** A progress record as it is stored; −Infinity has no JSON, so null stands for it. */
interface StoredProgress extends Omit<TaskProgress, 'watermark' | 'logTime'> {
  /** {@link taskText}; the key may be its hash. */
  readonly task: string;
  /** What the keys of the task's entries begin with. */
  readonly number: number;
  readonly watermark: number | null;
  readonly logTime: number | null;
}

/**
 * State in one LMDB environment. A commit is one transaction, written and synced by LMDB's own thread; the
 * calling thread only hands over the bytes.
 */
export class LmdbStateStore implements StateStore {
  readonly directory: string;
  readonly #database: Database;
  readonly #lock: DirectoryLock;
  readonly #scratch = newScratch();
  /** Task text to task number. */
  readonly #numbers = new Map<string, number>();
  #slab = Buffer.alloc(0);
  #slabUsed = 0;
  #ignored: Promise<boolean> | null = null;
  #closed = false;
  /** Why nothing is written any more: after a failed commit the tasks are ahead of what is stored. */
  #failure: StateError | null = null;

  private constructor(directory: string, database: Database, lock: DirectoryLock) {
    this.directory = directory;
    this.#database = database;
    this.#lock = lock;
  }

  /** Opens the store of a worker, made when it is absent. Throws a StateError that names the directory. */
  static open(directory: string): LmdbStateStore {
    let lock: DirectoryLock | null = null;
    let database: Database | null = null;
    try {
      mkdirSync(directory, { recursive: true });
      lock = DirectoryLock.acquire(directory, (holder) => inUse(directory, holder));
      const damage = findDamage(directory);
      if (damage !== null) throw unreadable(directory, new Error(damage));
      requireRoomToOpen(directory);
      database = open<Buffer, Buffer>({
        path: directory,
        noSubdir: false,
        encoding: 'binary',
        keyEncoding: 'binary',
        mapSize: mapBytes(),
        // A commit is over when it is on the disk, not when other threads see it.
        overlappingSync: false,
        // A batch of the library's own around each of ours would fail with a promise that nobody holds.
        eventTurnBatching: false,
      });
      requireFormat(directory, database);
      const store = new LmdbStateStore(directory, database, lock);
      for (const { value } of database.getRange(PROGRESS_RANGE)) {
        const { number, task } = parseProgress(value);
        store.#numbers.set(task, number);
      }
      return store;
    } catch (error) {
      // Nothing was written; what closing has to say adds nothing.
      database?.close().catch(() => {});
      lock?.release();
      throw error instanceof StateError ? error : unreadable(directory, error);
    }
  }

  progress(task: TaskId): TaskProgress | null {
    const value = this.#database.get(progressKey(taskText(task)));
    if (value === undefined) return null;
    const { number: _, task: __, watermark, logTime, ...rest } = parseProgress(value);
    return {
      ...rest,
      watermark: watermark ?? Number.NEGATIVE_INFINITY,
      logTime: logTime ?? Number.NEGATIVE_INFINITY,
    };
  }

  entities(task: TaskId, range: KeyRange = ALL_KEYS): Iterable<EntityState> {
    return this.#read('chunks', task, range);
  }

  rows(task: TaskId, range: KeyRange = ALL_KEYS): Iterable<EntityState> {
    return this.#read('rows', task, range);
  }

  rowsAt(task: TaskId, keys: readonly Uint8Array[]): readonly (Uint8Array | null)[] {
    const number = this.#numbers.get(taskText(task));
    if (number === undefined) return keys.map(() => null);
    return keys.map((key) => {
      const storeKey = entryKey('rows', number, key, this.#scratch);
      const value = this.#database.get(storeKey);
      return value === undefined ? null : unpackEntry(storeKey, value).state;
    });
  }

  *#read(table: StateTable, task: TaskId, range: KeyRange): Iterable<EntityState> {
    const number = this.#numbers.get(taskText(task));
    if (number === undefined) return;
    const exact = isExact(range);
    for (const { key, value } of this.#database.getRange(storeRange(table, number, range))) {
      const entry = unpackEntry(key, value);
      if (exact || isWithin(entry.key, range)) yield entry;
    }
  }

  tasks({ topic, partition }: TopicPartition): readonly TaskId[] {
    return [...this.#numbers.keys()]
      .map(taskOf)
      .filter((task) => task.topic === topic && task.partition === partition);
  }

  fact(name: string): string | null {
    return this.#database.get(factKey(name))?.toString() ?? null;
  }

  async commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void> {
    // Whatever the caller's iterables throw must be thrown before the first write is queued.
    const all = changes.map(({ task, progress, entities, rows, areParts = false }) => ({
      task,
      progress,
      areParts,
      chunks: [...entities],
      rows: [...(rows ?? [])],
    }));
    const bytes = all.reduce((sum, { chunks, rows }) => sum + bytesOf(chunks) + bytesOf(rows), 0);
    await this.#write(bytes, () => {
      for (const { task, progress, chunks, rows, areParts } of all) {
        const number = this.#numberOf(task);
        if (progress !== null) this.#putProgress(task, number, progress);
        this.#putEntries('chunks', number, chunks, areParts);
        this.#putEntries('rows', number, rows, areParts);
      }
      for (const [name, text] of facts) this.#put(factKey(name), Buffer.from(text));
    });
  }

  async clear(partition: TopicPartition): Promise<void> {
    const tasks = this.tasks(partition);
    await this.#write(0, () => {
      for (const task of tasks) {
        const number = this.#numberOf(task);
        for (const table of TABLES) {
          const range = storeRange(table, number, ALL_KEYS);
          for (const key of this.#database.getKeys(range)) this.#remove(key);
        }
        this.#remove(progressKey(taskText(task)));
      }
    });
    for (const task of tasks) this.#numbers.delete(taskText(task));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#database.close();
    this.#lock.release();
  }

  /** All that `write` puts, so many bytes, and removes, or nothing; resolves when it is on the disk. */
  async #write(bytes: number, write: () => void): Promise<void> {
    assert(!this.#closed, 'a write to a closed store');
    if (this.#failure !== null) throw this.#failure;
    try {
      requireRoomToWrite(this.directory, PAGES_BYTES + 2 * bytes);
      await this.#database.batch(write);
    } catch (error) {
      const cause = await causeOf(error);
      this.#failure = new StateError(`cannot write the state: ${messageOf(cause)}`, {
        code: 'STATE_WRITE_FAILED',
        place: { file: this.directory },
        remedy: 'Make room on the disk and start again: the worker goes on from its last commit.',
        cause,
      });
      throw this.#failure;
    }
  }

  #putProgress(task: TaskId, number: number, progress: TaskProgress): void {
    const finite = (time: number): number | null => (time === Number.NEGATIVE_INFINITY ? null : time);
    const record: StoredProgress = {
      ...progress,
      task: taskText(task),
      number,
      watermark: finite(progress.watermark),
      logTime: finite(progress.logTime),
    };
    this.#put(progressKey(taskText(task)), Buffer.from(JSON.stringify(record)));
  }

  #putEntries(table: StateTable, number: number, entries: readonly EntityState[], areParts: boolean): void {
    for (const { key, state } of entries) {
      const storeKey = entryKey(table, number, key, this.#scratch);
      if (state === null) {
        this.#remove(storeKey);
        continue;
      }
      const entry = packEntry(key, state);
      this.#put(storeKey, areParts ? entry : this.#copy(entry));
    }
  }

  #numberOf(task: TaskId): number {
    const text = taskText(task);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = 1 + Math.max(0, ...this.#numbers.values());
      this.#numbers.set(text, number);
    }
    return number;
  }

  #put(key: Buffer, value: Uint8Array): void {
    this.#ignore(this.#database.put(key, value as Buffer));
  }

  #remove(key: Buffer): void {
    this.#ignore(this.#database.remove(key));
  }

  /** The batch as a whole tells how its writes went. Many writes share a promise. */
  #ignore(written: Promise<boolean>): void {
    if (written === this.#ignored) return;
    this.#ignored = written;
    written.catch(() => {});
  }

  #copy(bytes: Uint8Array): Buffer {
    if (bytes.length > SLAB_BYTES) return Buffer.from(bytes);
    if (this.#slabUsed + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabUsed = 0;
    }
    const copy = this.#slab.subarray(this.#slabUsed, this.#slabUsed + bytes.length);
    copy.set(bytes);
    this.#slabUsed += bytes.length;
    return copy;
  }
}

function parseProgress(value: Buffer): StoredProgress {
  return JSON.parse(value.toString());
}

function bytesOf(entries: readonly EntityState[]): number {
  return entries.reduce((sum, { key, state }) => sum + key.length + (state?.length ?? 0), 0);
}

function requireFormat(directory: string, database: Database): void {
  const format = database.get(FORMAT_KEY)?.toString();
  if (format === FORMAT) return;
  if (format === undefined && database.getKeysCount() === 0) {
    database.putSync(FORMAT_KEY, Buffer.from(FORMAT));
    return;
  }
  throw new StateError(`the state has format ${format ?? 'unknown'}, this version reads ${FORMAT}`, {
    code: 'STATE_FORMAT',
    place: { file: join(directory, DATA_FILE) },
    remedy: 'Run the version that wrote it, or give the worker another state directory, to start over.',
  });
}

function inUse(directory: string, holder: string): StateError {
  return new StateError(`the state directory is in use${holder}`, {
    code: 'STATE_IN_USE',
    place: { file: directory },
    remedy: 'Stop that process, or give this one a state directory of its own.',
  });
}

function unreadable(directory: string, cause: unknown): StateError {
  return new StateError(`cannot open the state: ${messageOf(cause)}`, {
    code: 'STATE_UNREADABLE',
    place: { file: join(directory, DATA_FILE) },
    remedy:
      'Check that the directory can be read and written and that its disk has room. If the file is damaged, put ' +
      'back a copy or remove the directory: the tasks then start over.',
    cause,
  });
}

/** LMDB says of a failed write only that it failed; why is told by a promise that comes with it. */
async function causeOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<never> }).commitError;
  if (reason === undefined) return error;
  return Promise.race([reason.catch((cause: unknown) => cause), setImmediate(error)]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
