import type { EventTimeMs, Offset } from '../time.ts';

/**
 * The contract of this folder: what a task leaves behind so that it can go on after a stop.
 *
 * The state after offset o and "consumed up to o" become durable in one step ({@link StateStore.commit});
 * sinks are written before that step and are idempotent by version, so a crash anywhere repeats work and
 * changes nothing. A store for failover across machines (a changelog topic) fits behind the same contract.
 */

/** One task: a feature group over one partition of its source. */
export interface TaskId {
  readonly group: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
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
  /** What was counted so far (late, dropped, rejected, …), by name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A chunk of an entity's state: what is written when something in it changes. */
export interface EntityState {
  /** The entity and the chunk's label, in the task's own encoding. */
  readonly key: Uint8Array;
  /** In the task's own versioned encoding; null: the chunk is no more. */
  readonly state: Uint8Array | null;
}

/** Keys `from` ≤ key < `to` by their bytes; `to` null: without end. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array | null;
}

export const ALL_KEYS: KeyRange = { from: new Uint8Array(), to: null };

export function isWithin(key: Uint8Array, { from, to }: KeyRange): boolean {
  return Buffer.compare(key, from) >= 0 && (to === null || Buffer.compare(key, to) < 0);
}

/** The keys that begin with these bytes. */
export function keysFrom(prefix: Uint8Array): KeyRange {
  const end = prefix.findLastIndex((byte) => byte < 0xff);
  if (end === -1) return { from: prefix, to: null };
  const to = prefix.slice(0, end + 1);
  to[end]!++;
  return { from: prefix, to };
}

export interface TaskChanges {
  readonly task: TaskId;
  readonly progress: TaskProgress;
  readonly entities: Iterable<EntityState>;
}

export interface StateStore {
  /** Null when the task never committed. */
  progress(task: TaskId): TaskProgress | null;
  /**
   * The chunks whose keys are in the range, all unless it is given, as of the last commit that has resolved; in order
   * of their keys, as far as their first thousand bytes tell it.
   */
  entities(task: TaskId, range?: KeyRange): Iterable<EntityState>;
  /** Small facts that belong to the same step (such as how far a dead-letter file had grown). */
  fact(name: string): string | null;
  /**
   * All of it becomes durable at once, or nothing does. The changes are read before the call returns, so the
   * tasks may go on; resolves when they are on the disk. Commits take effect in the order of the calls.
   */
  commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void>;
  close(): Promise<void>;
}
