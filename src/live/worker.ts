import type { FeatureGroup, Source } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type OnlineStore, StoreAwayError } from '../sinks/sink.ts';
import type { LogHandlers, LogPosition, LogReader, TopicPartition } from '../sources/log-reader.ts';
import type { RecordBatch } from '../sources/record.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Offset } from '../time.ts';
import { DeadLetters } from './dead-letters.ts';
import { LivePartition } from './live-partition.ts';
import type { RunOptions } from './options.ts';
import { RowFlusher } from './row-flusher.ts';
import { summarize, type WorkerSummary } from './worker-summary.ts';

/** Where a worker tells what it does. */
export interface WorkerLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export type WorkerOptions = Pick<
  RunOptions,
  'from' | 'commitIntervalMs' | 'reportIntervalMs' | 'maxBatchRecords' | 'deadLetterDir'
>;

/**
 * A worker: follows the log, runs the tasks of its partitions and sends their rows to the online store.
 *
 * Rows go out batch by batch; state, positions and lengths of the dead-letter files are committed together, now and
 * then, after the rows that they cover are in the store. Rows are idempotent by version, so a worker that stops
 * anywhere repeats at most what came after its last commit, and changes nothing by it.
 */
export class Worker implements LogHandlers {
  readonly #groups: readonly FeatureGroup[];
  readonly #reader: LogReader;
  readonly #state: StateStore;
  readonly #log: WorkerLog;
  readonly #options: WorkerOptions;
  readonly #deadLetters: DeadLetters;
  readonly #flusher: RowFlusher;
  readonly #partitions = new Map<string, LivePartition>();
  /** Partitions that were given up, for their counts. */
  readonly #retired: LivePartition[] = [];
  #committing: Promise<void> = Promise.resolve();
  #isCommittingInBackground = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(parts: {
    groups: readonly FeatureGroup[];
    reader: LogReader;
    state: StateStore;
    store: OnlineStore;
    log: WorkerLog;
    options: WorkerOptions;
  }) {
    this.#groups = parts.groups;
    this.#reader = parts.reader;
    this.#state = parts.state;
    this.#log = parts.log;
    this.#options = parts.options;
    this.#deadLetters = new DeadLetters(parts.options.deadLetterDir, parts.state);
    this.#flusher = new RowFlusher(parts.store);
  }

  /**
   * Works until the signal; then everything taken in is flushed and committed. While the store is away that cannot
   * be: then what came after the last commit is left to the next start.
   *
   * @throws what the log, the store or the state cannot get over; the last commit stands.
   */
  async run(signal: AbortSignal): Promise<WorkerSummary> {
    const stop = () => void this.#reader.stop();
    const commits = setInterval(() => void this.#commitInBackground(), this.#options.commitIntervalMs);
    const reports = setInterval(() => void this.#report(), this.#options.reportIntervalMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#reader.run(this);
      if (this.#failure !== null) throw this.#failure.error;
    } catch (error) {
      if (!signal.aborted || !(error instanceof StoreAwayError)) throw error;
      this.#log.warn({}, `${error.message}. ${error.remedy}`);
    } finally {
      signal.removeEventListener('abort', stop);
      clearInterval(commits);
      clearInterval(reports);
      await this.#committing.catch(() => {});
      await this.#deadLetters.close();
    }
    return this.#summary();
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly LogPosition[]> {
    await this.#commit();
    const kept = new Set(partitions.map(nameOf));
    for (const [name, partition] of this.#partitions) {
      if (kept.has(name)) continue;
      this.#partitions.delete(name);
      this.#retired.push(partition);
    }
    const positions = partitions.map(({ topic, partition }): LogPosition => {
      const name = nameOf({ topic, partition });
      const owned = this.#partitions.get(name);
      if (owned !== undefined) return owned.nextOffset === 0 ? owned.start : owned.nextOffset;
      const restored = this.#restore(topic, partition);
      this.#partitions.set(name, restored);
      return restored.start;
    });
    this.#log.info(
      { partitions: partitions.map((each, index) => `${nameOf(each)}@${positions[index]}`) },
      'partitions assigned',
    );
    return positions;
  }

  async records(topic: string, { partition, records }: RecordBatch, _highWatermark: Offset): Promise<void> {
    const live = this.#partitions.get(nameOf({ topic, partition }));
    assert(live !== undefined, `records of ${topic}/${partition}, which is not assigned`);
    const step = this.#options.maxBatchRecords;
    for (let from = 0; from < records.length; from += step) {
      await this.#flusher.room();
      live.process(records, from, Math.min(from + step, records.length), this.#flusher);
    }
  }

  async leaving(): Promise<void> {
    await this.#commit();
  }

  #restore(topic: string, partition: number): LivePartition {
    const groups = new Map<Source, FeatureGroup[]>();
    for (const group of this.#groups) {
      if (group.source.topic !== topic) continue;
      groups.set(group.source, [...(groups.get(group.source) ?? []), group]);
    }
    return new LivePartition({
      topic,
      partition,
      groups,
      state: this.#state,
      deadLetters: this.#deadLetters,
      from: this.#options.from,
    });
  }

  /** One commit after the other. The snapshot is taken between two batches; the rows that it covers go first. */
  #commit(): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const partitions = [...this.#partitions.values()];
      const changes = partitions.flatMap((partition) => partition.takeChanges());
      if (changes.length === 0) return;
      const lengths = this.#deadLetters.positions();
      const positions = partitions.map(({ topic, partition, nextOffset }) => ({
        topic,
        partition,
        position: nextOffset,
      }));
      await this.#flusher.settled();
      await this.#deadLetters.flush();
      await this.#state.commit(changes, lengths);
      await this.#reader.commit(positions);
    });
    return this.#committing;
  }

  async #commitInBackground(): Promise<void> {
    // While the store is away one commit waits; more would only queue up behind it.
    if (this.#isCommittingInBackground) return;
    this.#isCommittingInBackground = true;
    try {
      await this.#commit();
    } catch (error) {
      this.#failure ??= { error };
      await this.#reader.stop();
    } finally {
      this.#isCommittingInBackground = false;
    }
  }

  async #report(): Promise<void> {
    try {
      const lag = await this.#reader.lag();
      const distances = lag.map(({ position, end }) => Math.max(0, end - position));
      // Without partitions, as before the first assignment, there is nothing to be behind of.
      const behind = distances.length === 0 ? null : distances.reduce((a, b) => a + b);
      this.#log.info({ lag: behind, ...this.#summary() }, 'progress');
    } catch (error) {
      this.#log.warn({ err: error }, 'lag is not known now');
    }
  }

  #summary(): WorkerSummary {
    return summarize([...this.#retired, ...this.#partitions.values()], this.#flusher);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
