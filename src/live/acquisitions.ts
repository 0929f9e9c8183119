import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { DurationMs } from '../time.ts';
import type { AcquireOptions } from './durability.ts';
import type { LivePartition } from './live-partition.ts';
import type { WorkerLog } from './worker.ts';
import type { RestoringPartition } from './worker-counts.ts';

/** How far restoring a partition is, is said this often. */
const REPORT_MS: DurationMs = 5000;

interface Acquisition {
  readonly abort: AbortController;
  readonly progress: RestoringPartition;
  readonly ended: Promise<LivePartition | null>;
}

/**
 * The partitions on their way to a worker. Each is restored once at a time, however often it is asked for: assignments
 * may follow each other faster than states are restored.
 */
export class Acquisitions {
  readonly #restore: (partition: TopicPartition, options: AcquireOptions) => Promise<LivePartition>;
  readonly #log: WorkerLog;
  readonly #running = new Map<string, Acquisition>();

  constructor(
    restore: (partition: TopicPartition, options: AcquireOptions) => Promise<LivePartition>,
    log: WorkerLog,
  ) {
    this.#restore = restore;
    this.#log = log;
  }

  get progress(): readonly RestoringPartition[] {
    return [...this.#running.values()].map(({ progress }) => progress);
  }

  /** The partition when it is restored; null when it was aborted before. */
  async restored(partition: TopicPartition): Promise<LivePartition | null> {
    const name = partitionName(partition);
    let acquisition = this.#running.get(name);
    if (acquisition === undefined || acquisition.abort.signal.aborted) {
      acquisition = this.#begin(partition, acquisition?.ended ?? Promise.resolve());
      this.#running.set(name, acquisition);
    }
    try {
      return await acquisition.ended;
    } finally {
      if (this.#running.get(name) === acquisition) this.#running.delete(name);
    }
  }

  /** Gives up what is under way, but for the partitions of these names. */
  abort(kept: ReadonlySet<string> = new Set()): void {
    for (const [name, { abort }] of this.#running) if (!kept.has(name)) abort.abort();
  }

  #begin(partition: TopicPartition, before: Promise<unknown>): Acquisition {
    const abort = new AbortController();
    const { signal } = abort;
    const progress = { ...partition, done: 0, total: 0 };
    const run = async (): Promise<LivePartition | null> => {
      await before;
      try {
        signal.throwIfAborted();
        return await this.#restore(partition, { signal, onProgress: this.#reportTo(progress) });
      } catch (error) {
        if (signal.aborted) return null;
        throw error;
      }
    };
    return { abort, progress, ended: run() };
  }

  #reportTo(
    progress: TopicPartition & { done: number; total: number },
  ): NonNullable<AcquireOptions['onProgress']> {
    let last = performance.now();
    return ({ done, total }) => {
      progress.done = done;
      progress.total = total;
      if (performance.now() - last < REPORT_MS) return;
      last = performance.now();
      this.#log.info({ ...progress }, 'restoring from the changelog');
    };
  }
}
