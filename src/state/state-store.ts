import type { TopicPartition } from '../sources/log-reader.ts';
import type { EventTimeMs, Offset, Version } from '../time.ts';

/**
 * The contract of this folder: what a task leaves behind so that it can go on after a stop.
 *
 * The state after offset o and "consumed up to o" become durable in one step ({@link StateStore.commit});
 * sinks are written before that step and are idempotent by version, so a crash anywhere repeats work and
 * changes nothing.
 */

/** One task: a feature group over one partition of its source. */
export interface TaskId extends TopicPartition {
  readonly group: string;
  readonly version: number;
}

/** How far a task has come. */
export interface TaskProgress {
  /** Of the group whose state this is; a store refuses to load it under another. */
  readonly fingerprint: string;
  /** The next offset to read. */
  readonly nextOffset: Offset;
  /** −Infinity before the first accepted record. */
  readonly watermark: EventTimeMs;
  /** λ; −Infinity before the first record. */
  readonly logTime: EventTimeMs;
  /** The journal's position after the last mark that was applied; absent: none was. */
  readonly journal?: Offset;
  /** Absent: every row that the watermark has passed is closed. */
  readonly closing?: Closing;
  /** Which commit of the task this is: each has a greater number than the one before. */
  readonly commit: number;
  /** How many entities have state. */
  readonly entities: number;
  /** What was counted so far (late, dropped, rejected, …), by name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A task was stored while it closed rows; it goes on with that before anything else. */
export interface Closing {
  /** Of the revisions that are still to come. */
  readonly version: Version;
  /** How far it has come at the window_end at which it stands, in the task's own encoding; empty: not begun. */
  readonly toldUpTo: string;
}

/** A chunk of a task's state, most of them of an entity's: what is written when something in it changes. */
export interface EntityState {
  /** Such as the entity and the chunk's label, in the task's own encoding. */
  readonly key: Uint8Array;
  /** In the task's own versioned encoding; null: the chunk is no more. */
  readonly state: Uint8Array | null;
}

/** Keys `from` ≤ key < `to` by their bytes; `to` null: without end. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array | null;
}

/** A scan can go on behind a key of this length at most: the order of a store is not that of longer ones. */
export const ORDERED_KEY_BYTES = 1000;

export const ALL_KEYS: KeyRange = { from: new Uint8Array(), to: null };

export function isWithin(key: Uint8Array, { from, to }: KeyRange): boolean {
  return Buffer.compare(key, from) >= 0 && (to === null || Buffer.compare(key, to) < 0);
}

/** The keys that begin with these bytes. */
export function keysFrom(prefix: Uint8Array): KeyRange {
  const end = prefix.findLastIndex((byte) => byte < 0xff);
  if (end === -1) return { from: prefix, to: null };
  // A Buffer's own `slice` is no copy.
  const to = Uint8Array.from(prefix.subarray(0, end + 1));
  to[end]!++;
  return { from: prefix, to };
}

/**
 * What is kept of a task: `chunks` of its entities' states, and copies of the `rows` of the online store, by entity,
 * from which a store that lost its data is filled again.
 */
export type StateTable = 'chunks' | 'rows';

export interface TaskChanges {
  readonly task: TaskId;
  /** Null: unchanged. */
  readonly progress: TaskProgress | null;
  /** Changes of the table `chunks`. */
  readonly entities: Iterable<EntityState>;
  /** Changes of the table `rows`; absent: none. */
  readonly rows?: Iterable<EntityState>;
  /** Keys and states are parts of large buffers that nobody writes to again: a store need not copy them. Default false. */
  readonly areParts?: boolean;
}

export interface StateStore {
  /** Null when the task never committed. */
  progress(task: TaskId): TaskProgress | null;
  /**
   * The chunks whose keys are in the range, all unless it is given, as of the last commit that has resolved; in order
   * of their keys, as far as their first thousand bytes tell it.
   */
  entities(task: TaskId, range?: KeyRange): Iterable<EntityState>;
  /** The same of the table `rows`. */
  rows(task: TaskId, range?: KeyRange): Iterable<EntityState>;
  /** What the table `rows` has under each of these keys, as of the last commit that has resolved; null: nothing. */
  rowsAt(task: TaskId, keys: readonly Uint8Array[]): readonly (Uint8Array | null)[];
  /** The tasks of a partition that have progress. */
  tasks(partition: TopicPartition): readonly TaskId[];
  /** Small facts that belong to the same step (such as how far a dead-letter file had grown). */
  fact(name: string): string | null;
  /**
   * All of it becomes durable at once, or nothing does. The changes are read before the call returns, so the
   * tasks may go on; resolves when they are on the disk. Commits take effect in the order of the calls.
   */
  commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void>;
  /** Forgets everything of a partition's tasks. */
  clear(partition: TopicPartition): Promise<void>;
  close(): Promise<void>;
}
