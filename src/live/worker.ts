import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeatureGroup } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import type { SourcePartition } from '../operators/source-partition.ts';
import { type OnlineStore, StoreAwayError } from '../sinks/sink.ts';
import {
  type LogHandlers,
  type LogPosition,
  type LogReader,
  type PartitionLag,
  partitionName,
  type TopicPartition,
} from '../sources/log-reader.ts';
import type { RecordBatch } from '../sources/record.ts';
import type { DurationMs, EventTimeMs, Offset } from '../time.ts';
import type { MonotonicMs } from '../watermark/idleness.ts';
import type { JournalEntry, Mark } from '../watermark/mark.ts';
import { Acquisitions } from './acquisitions.ts';
import {
  type AcquireOptions,
  type Durability,
  type LostPartition,
  LostPartitionError,
} from './durability.ts';
import { IdlePartitions } from './idle-partitions.ts';
import { LivePartition } from './live-partition.ts';
import { LossWatch } from './loss-watch.ts';
import type { RunOptions } from './options.ts';
import { RowFlusher } from './row-flusher.ts';
import { countsOf, type PartitionCounts, retiredCounts, type WorkerCounts } from './worker-counts.ts';
import type { WorkerMeter } from './worker-meter.ts';
import { summarize, type WorkerSummary } from './worker-summary.ts';

/** Where a worker tells what it does. */
export interface WorkerLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export type WorkerOptions = Pick<
  RunOptions,
  'app' | 'from' | 'commitIntervalMs' | 'reportIntervalMs' | 'maxBatchRecords' | 'cacheEntities'
>;

/** Calls again and again until the answer is called; a simulation has a time of its own. */
export type Every = (intervalMs: DurationMs, call: () => void) => () => void;

const everyInterval: Every = (intervalMs, call) => {
  const interval = setInterval(call, intervalMs);
  return () => clearInterval(interval);
};

/** The times by which idle partitions get marks; nothing else of a worker's depends on a clock. */
export interface Clock {
  monotonic(): MonotonicMs;
  wall(): EventTimeMs;
}

const systemClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() };

const IDLE_CHECK_MS: DurationMs = 1000;
/** Beyond so many bytes of outputs in memory a commit comes early, and records wait for it. */
const PENDING_BYTES = 32 << 20;

/**
 * A worker: follows the log, runs the tasks of its partitions and sends their rows to the online store.
 *
 * Rows go out batch by batch; what else happened becomes durable in steps, now and then, after the rows that they
 * cover are in the store (see {@link Durability}). Rows are idempotent by version, so a worker that stops anywhere
 * repeats at most what came after its last step, and changes nothing by it.
 *
 * A partition whose step failed is given up and acquired again, whatever the reason: restoring it is what every start
 * does, and the only way to know what is durable.
 */
export class Worker implements LogHandlers {
  readonly #groups: readonly FeatureGroup[];
  readonly #reader: LogReader;
  readonly #durability: Durability;
  readonly #log: WorkerLog;
  readonly #options: WorkerOptions;
  readonly #flusher: RowFlusher;
  readonly #meter: WorkerMeter | null;
  readonly #losses: LossWatch;
  readonly #idle: IdlePartitions;
  readonly #every: Every;
  readonly #partitions = new Map<string, LivePartition>();
  readonly #acquisitions: Acquisitions;
  /** Of partitions that were given up. */
  readonly #retired: PartitionCounts[] = [];
  /** Names of the partitions that are this worker's; null before the first assignment. */
  #assigned: ReadonlySet<string> | null = null;
  #lag: readonly PartitionLag[] = [];
  #committing: Promise<void> = Promise.resolve();
  #isCommittingInBackground = false;
  #isAdvancingIdle = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(parts: {
    groups: readonly FeatureGroup[];
    reader: LogReader;
    durability: Durability;
    store: OnlineStore;
    log: WorkerLog;
    options: WorkerOptions;
    meter?: WorkerMeter | null;
    every?: Every;
    clock?: Clock;
  }) {
    this.#groups = parts.groups;
    this.#reader = parts.reader;
    this.#durability = parts.durability;
    this.#log = parts.log;
    this.#options = parts.options;
    this.#idle = new IdlePartitions({
      lag: () => parts.reader.lag(),
      writeJournal: (partition, entries) => this.#writeJournal(partition, entries),
      clock: parts.clock ?? systemClock,
    });
    this.#every = parts.every ?? everyInterval;
    this.#meter = parts.meter ?? null;
    this.#flusher = new RowFlusher(parts.store, this.#meter);
    this.#losses = new LossWatch(parts.store, parts.options.app, parts.log);
    this.#acquisitions = new Acquisitions((...asked) => this.#restore(...asked), parts.log);
  }

  /**
   * Works until the signal; then everything taken in is flushed and committed. While the store is away that cannot
   * be: then what came after the last step is left to the next start.
   *
   * @throws what the log, the store or the state cannot get over; the last step stands.
   */
  async run(signal: AbortSignal): Promise<WorkerSummary> {
    const stop = () => {
      this.#acquisitions.abort();
      void this.#reader.stop();
    };
    const { commitIntervalMs, reportIntervalMs } = this.#options;
    const ends = [
      this.#every(commitIntervalMs, () => void this.#commitInBackground()),
      this.#every(reportIntervalMs, () => void this.#report()),
      this.#every(IDLE_CHECK_MS, () => void this.#advanceIdle()),
    ];
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
      for (const end of ends) end();
      await this.#committing.catch(() => {});
      await this.#durability.close();
    }
    return this.#summary();
  }

  /** What it did since it started, and how it stands now. */
  counts(): WorkerCounts {
    return {
      partitions: [...this.#retired, ...[...this.#partitions.values()].flatMap(countsOf)],
      sent: this.#flusher.sent,
      lag: this.#lag.filter((each) => this.#partitions.has(partitionName(each))),
      restoring: this.#acquisitions.progress,
    };
  }

  /** Whether every partition that it was given is restored; false before it was told which they are. */
  get isReady(): boolean {
    const assigned = this.#assigned;
    return assigned !== null && [...assigned].every((name) => this.#partitions.has(name));
  }

  /** It cannot go on, and is about to end. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const kept = new Set(partitions.map(partitionName));
    this.#acquisitions.abort(kept);
    await this.#commit();
    for (const [name, partition] of this.#partitions) {
      if (!kept.has(name)) await this.#giveUp(partition);
    }
    this.#assigned = kept;
    this.#log.info({ partitions: [...kept] }, 'partitions assigned');
  }

  async positionOf(partition: TopicPartition): Promise<LogPosition | null> {
    const name = partitionName(partition);
    const owned = this.#partitions.get(name);
    if (owned !== undefined) return owned.position;
    const acquired = await this.#acquisitions.restored(partition);
    return acquired?.position ?? null;
  }

  async records(topic: string, { partition, records }: RecordBatch, _highWatermark: Offset): Promise<void> {
    const name = partitionName({ topic, partition });
    const live = this.#partitions.get(name);
    const step = this.#options.maxBatchRecords;
    for (let from = 0; from < records.length; from += step) {
      await this.#flusher.room();
      if ((live?.pendingBytes ?? 0) > PENDING_BYTES) await this.#commit();
      await this.#idle.records({ topic, partition });
      // One that was given up meanwhile is acquired again, and the log asked for its position.
      if (live === undefined || this.#partitions.get(name) !== live) return;
      live.process(records, from, Math.min(from + step, records.length), this.#flusher);
      // Batches of many partitions come at once: between two there must be room for a heartbeat.
      await nextTurn();
    }
  }

  async leaving(): Promise<void> {
    this.#acquisitions.abort();
    for (const partition of this.#partitions.values()) this.#idle.delete(partition);
    await this.#commit();
  }

  async #restore(partition: TopicPartition, options: AcquireOptions): Promise<LivePartition> {
    const store = await this.#durability.acquire(partition, options);
    try {
      const live = new LivePartition({
        ...partition,
        store,
        groups: this.#groups,
        from: this.#options.from,
        entitiesPerTask: () => this.#entitiesPerTask(),
      });
      await this.#losses.takenOver(live);
      options.signal.throwIfAborted();
      await live.restoreMarks(this.#flusher);
      options.signal.throwIfAborted();
      this.#partitions.set(partitionName(partition), live);
      this.#watchIdle(live);
      const { position, entityCount } = live;
      this.#log.info({ ...partition, position, entities: entityCount }, 'partition ready');
      return live;
    } catch (error) {
      await store.release();
      throw error;
    }
  }

  #watchIdle(live: LivePartition): void {
    if (!live.keepsMarks) return;
    const { topic, partition, pipelines } = live;
    const mark = (pipeline: SourcePartition, mark: Mark) => live.mark(pipeline, mark, this.#flusher);
    this.#idle.add({ topic, partition, pipelines, mark });
  }

  /** Between two commits, which are transactions of the same producer. */
  #writeJournal(partition: TopicPartition, entries: readonly JournalEntry[]): Promise<void> {
    const live = this.#partitions.get(partitionName(partition));
    assert(live !== undefined, `a mark of ${partitionName(partition)}, which is not owned`);
    const writing = this.#committing.then(() => {
      // The commit before may have shown that it is somebody else's.
      if (!this.#owns(live)) throw new LostPartitionError(givenUp(partition));
      return live.writeJournal(entries);
    });
    this.#committing = writing.catch(async (error) => {
      if (!(error instanceof LostPartitionError)) throw error;
      if (this.#owns(live)) await this.#recover([error.lost]);
    });
    // Whoever commits next hears of it.
    this.#committing.catch(() => {});
    return writing;
  }

  async #advanceIdle(): Promise<void> {
    if (this.#isAdvancingIdle) return;
    this.#isAdvancingIdle = true;
    try {
      await this.#idle.advance();
    } catch (error) {
      // A partition that was lost is acquired again, and then its marks are looked for.
      if (!(error instanceof LostPartitionError)) await this.#fail(error);
    } finally {
      this.#isAdvancingIdle = false;
    }
  }

  async #fail(error: unknown): Promise<void> {
    this.#failure ??= { error };
    await this.#reader.stop();
  }

  /** Every task has the same share of what the worker may hold. */
  #entitiesPerTask(): number {
    let tasks = 0;
    for (const { pipelines } of this.#partitions.values()) {
      for (const pipeline of pipelines) tasks += pipeline.tasks.length;
    }
    return Math.floor(this.#options.cacheEntities / Math.max(1, tasks));
  }

  async #giveUp(partition: LivePartition): Promise<void> {
    this.#idle.delete(partition);
    this.#partitions.delete(partitionName(partition));
    this.#retired.push(...retiredCounts(partition));
    await partition.release();
  }

  /** One commit after the other. Steps are taken between two batches; the rows that they cover go first. */
  #commit(): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const partitions = [...this.#partitions.values()];
      const changed = partitions.filter(({ hasChanged }) => hasChanged);
      if (changed.length === 0) return;
      const began = performance.now();
      let emptied: readonly LivePartition[] = [];
      const lost = await this.#durability.commit(changed, async () => {
        await this.#flusher.settled();
        emptied = await this.#losses.written(partitions);
      });
      this.#meter?.committed(performance.now() - began);
      await this.#recover(lost);
      for (const partition of this.#partitions.values()) partition.stored();
      await this.#refill(emptied);
    });
    return this.#committing;
  }

  /** Also when nothing is read the store may lose its data. */
  #checkStore(): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      await this.#refill(await this.#losses.written([...this.#partitions.values()]));
    });
    return this.#committing;
  }

  /**
   * Only who owns a partition sends its rows again: to a former owner the store looks the same when another worker has
   * taken the partition over.
   */
  async #refill(emptied: readonly LivePartition[]): Promise<void> {
    const owned = emptied.filter((each) => this.#owns(each));
    if (owned.length === 0) return;
    const positions = owned.map(({ topic, partition, committedOffset }) => {
      return { topic, partition, position: committedOffset };
    });
    await this.#recover(await this.#durability.confirm(positions));
    await this.#losses.refill(owned.filter((each) => this.#owns(each)));
  }

  #owns(live: LivePartition): boolean {
    return this.#partitions.get(partitionName(live)) === live;
  }

  async #recover(lost: readonly LostPartition[]): Promise<void> {
    for (const { topic, partition, reason, error } of lost) {
      this.#meter?.commitFailed(reason);
      this.#log.warn(
        { topic, partition, reason, err: error },
        'a commit failed; the partition is acquired again',
      );
      const live = this.#partitions.get(partitionName({ topic, partition }));
      if (live !== undefined) await this.#giveUp(live);
      // Whether it was fenced by the next owner or by a former one, the group knows, and the reader asks it.
      this.#reader.restart({ topic, partition });
    }
  }

  async #commitInBackground(): Promise<void> {
    // While the store is away one commit waits; more would only queue up behind it.
    if (this.#isCommittingInBackground) return;
    this.#isCommittingInBackground = true;
    try {
      await this.#commit();
      await this.#checkStore();
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#isCommittingInBackground = false;
    }
  }

  async #report(): Promise<void> {
    try {
      this.#lag = await this.#reader.lag();
      const distances = this.#lag.map(({ position, end }) => Math.max(0, end - position));
      // Without partitions, as before the first assignment, there is nothing to be behind of.
      const behind = distances.length === 0 ? null : distances.reduce((a, b) => a + b);
      this.#log.info({ lag: behind, ...this.#summary() }, 'progress');
    } catch (error) {
      this.#log.warn({ err: error }, 'lag is not known now');
    }
  }

  #summary(): WorkerSummary {
    return summarize(this.counts());
  }
}

function givenUp({ topic, partition }: TopicPartition): LostPartition {
  return { topic, partition, reason: 'unknown', error: new Error(`${topic}/${partition} was given up`) };
}
