import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TopicPartition } from '../sources/log-reader.ts';
import type { ChangelogPacker } from '../state/changelog-pack.ts';
import {
  ALL_KEYS,
  ORDERED_KEY_BYTES,
  type StateStore,
  type StateTable,
  type TaskChanges,
  type TaskId,
} from '../state/state-store.ts';
import type { Offset } from '../time.ts';

export interface SweepLimits {
  /** A sweep begins when the changelog has so many records more than the last one left, or twice what that one took. */
  readonly recordsBetweenSweeps: number;
  /** At least so much is said again with each commit of a sweep. */
  readonly leastBytes: number;
  /** Entries that are read between two turns of the event loop. */
  readonly entriesPerTurn: number;
}

const LIMITS: SweepLimits = { recordsBetweenSweeps: 256, leastBytes: 64 * 1024, entriesPerTurn: 256 };

/**
 * Keeps a changelog short: when it has grown, with each commit some entries of the state are said again, about as many
 * bytes as have changed, in the order of the local store. When all were said again, everything before the sweep began
 * is obsolete.
 * So the changelog is never longer than a few times the state, whatever the rate of changes, and reading it from its
 * beginning gives the whole state. (Kafka's own compaction wants a record per entry, which costs kafkajs a hundred
 * times as much as an entry in a packed one.)
 */
export class ChangelogSweep {
  readonly #state: StateStore;
  readonly #partition: TopicPartition;
  readonly #limits: SweepLimits;
  /** The tasks that are still to be said again; the first one from {@link #cursor} on. */
  #tasks: readonly TaskId[] = [];
  #cursor: SweepCursor = START;
  /** The changelog's offset at which this sweep began; null when none is under way. */
  #began: Offset | null = null;
  /** Records that the changelog holds beyond what the last sweep said again. */
  #grown: number;
  #threshold: number;

  /** `records`: how many the changelog holds. */
  constructor(state: StateStore, partition: TopicPartition, records: number, limits: SweepLimits = LIMITS) {
    this.#state = state;
    this.#partition = partition;
    this.#limits = limits;
    this.#grown = records;
    this.#threshold = limits.recordsBetweenSweeps;
  }

  /** Packs the next entries, as the local store has them; null when no sweep is needed. */
  async pack(packer: ChangelogPacker, changes: readonly TaskChanges[]): Promise<SweptStretch | null> {
    const begins = this.#began === null;
    if (begins && this.#grown < this.#threshold) return null;
    const tasks = begins ? [...this.#state.tasks(this.#partition)] : [...this.#tasks];
    let cursor: SweepCursor = begins ? START : this.#cursor;
    const budget = Math.max(this.#limits.leastBytes, bytesOf(changes));
    while (tasks.length > 0 && packer.size < budget) {
      const task = tasks[0]!;
      cursor = this.#packSome(packer, task, cursor, budget);
      if (cursor === START) {
        const progress = this.#state.progress(task);
        if (progress !== null) packer.progress(task, progress);
        tasks.shift();
      }
      await nextTurn();
    }
    return { tasks, cursor, begins };
  }

  /** A commit is durable: records [from, to). Answers the offset before which all is obsolete, null for nothing. */
  committed(swept: SweptStretch | null, from: Offset, to: Offset): Offset | null {
    this.#grown += to - from;
    if (swept === null) return null;
    if (swept.begins) this.#began = from;
    this.#tasks = swept.tasks;
    this.#cursor = swept.cursor;
    if (swept.tasks.length > 0) return null;
    const obsolete = this.#began!;
    this.#began = null;
    this.#grown = 0;
    this.#threshold = Math.max(this.#limits.recordsBetweenSweeps, 2 * (to - obsolete));
    return obsolete;
  }

  /** Packs some entries and answers where to go on; {@link START} when the task has no more. */
  #packSome(
    packer: ChangelogPacker,
    task: TaskId,
    { table, after }: SweepCursor,
    budget: number,
  ): SweepCursor {
    const range = after === null ? ALL_KEYS : { from: Buffer.concat([after, ZERO]), to: null };
    const entries = table === 'chunks' ? this.#state.entities(task, range) : this.#state.rows(task, range);
    let packed = 0;
    for (const { key, state } of entries) {
      packer.put(task, table, key, state);
      packed++;
      const isEnough = packed >= this.#limits.entriesPerTurn || packer.size >= budget;
      if (isEnough && key.length <= ORDERED_KEY_BYTES) return { table, after: Uint8Array.from(key) };
    }
    return table === 'chunks' ? { table: 'rows', after: null } : START;
  }
}

/** The last entry of a task that was said again. */
interface SweepCursor {
  readonly table: StateTable;
  readonly after: Uint8Array | null;
}

const START: SweepCursor = { table: 'chunks', after: null };
const ZERO = Buffer.from([0]);

/** How far a sweep comes with a commit. */
export interface SweptStretch {
  readonly tasks: readonly TaskId[];
  readonly cursor: SweepCursor;
  readonly begins: boolean;
}

function bytesOf(changes: readonly TaskChanges[]): number {
  let bytes = 0;
  for (const { entities, rows } of changes) {
    for (const { key, state } of entities) bytes += key.length + (state?.length ?? 0);
    for (const { key, state } of rows ?? []) bytes += key.length + (state?.length ?? 0);
  }
  return bytes;
}
