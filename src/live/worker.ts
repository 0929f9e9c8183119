import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeatureGroup } from '../definitions/definition.ts';
import type { Slices } from '../operators/source-partition.ts';
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
import { Acquisitions } from './acquisitions.ts';
import { Commits } from './commits.ts';
import { type AcquireOptions, type Durability, LostPartitionError } from './durability.ts';
import { IdlePartitions } from './idle-partitions.ts';
import { LivePartition, type PipelineMark } from './live-partition.ts';
import { LossWatch } from './loss-watch.ts';
import type { RunOptions } from './options.ts';
import { OwnedPartitions } from './owned-partitions.ts';
import { RowFlusher } from './row-flusher.ts';
import type { WorkerCounts } from './worker-counts.ts';
import type { WorkerMeter } from './worker-meter.ts';
import { summarize, type WorkerSummary } from './worker-summary.ts';

/** Where a worker tells what it does. */
export interface WorkerLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export interface WorkerOptions
  extends Pick<
    RunOptions,
    'app' | 'from' | 'commitIntervalMs' | 'reportIntervalMs' | 'maxBatchRecords' | 'cacheEntities'
  > {
  /** Others may have its partitions when it was silent for so long. */
  readonly replaceableAfterMs: DurationMs;
}

/** Calls again and again until the answer is called; a simulation has a time of its own. */
export type Every = (intervalMs: DurationMs, call: () => void) => () => void;

const everyInterval: Every = (intervalMs, call) => {
  const interval = setInterval(call, intervalMs);
  return () => clearInterval(interval);
};

/** The times by which idle partitions get marks, and a worker sees that it was paused; nothing else depends on a clock. */
export interface Clock {
  monotonic(): MonotonicMs;
  wall(): EventTimeMs;
}

const systemClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() };

const IDLE_CHECK_MS: DurationMs = 500;
/** About as many rows close before others have a turn: entities that are read from the state take 20 µs each. */
const ENTITIES_PER_SLICE = 1000;
/** Beyond so many bytes of outputs in memory a commit comes early, and records wait for it. */
const PENDING_BYTES = 32 << 20;

/**
 * A worker: follows the log, runs the tasks of its partitions and sends their rows to the online store.
 *
 * Rows go out batch by batch; what else happened becomes durable in steps, now and then, after the rows that they
 * cover are in the store (see {@link Durability}). Rows are idempotent by version, so a worker that stops anywhere
 * repeats at most what came after its last step, and changes nothing by it.
 */
export class Worker implements LogHandlers {
  readonly #groups: readonly FeatureGroup[];
  readonly #reader: LogReader;
  readonly #durability: Durability;
  readonly #log: WorkerLog;
  readonly #options: WorkerOptions;
  readonly #flusher: RowFlusher;
  readonly #losses: LossWatch;
  readonly #idle: IdlePartitions;
  readonly #every: Every;
  readonly #entitiesPerSlice: number;
  readonly #partitions = new OwnedPartitions((partition) => this.#idle.delete(partition));
  readonly #acquisitions: Acquisitions;
  readonly #commits: Commits;
  /** Names of the partitions that are this worker's; null before the first assignment. */
  #assigned: ReadonlySet<string> | null = null;
  #lag: readonly PartitionLag[] = [];
  /** Resolved when what a restored partition had begun is finished, or it was given up. */
  readonly #resumed = new WeakMap<LivePartition, Promise<void>>();
  readonly #clock: Clock;
  #lastTurn: MonotonicMs;
  #confirmed: Promise<void> = Promise.resolve();
  #isStopping = false;
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
    entitiesPerSlice?: number;
  }) {
    this.#groups = parts.groups;
    this.#reader = parts.reader;
    this.#durability = parts.durability;
    this.#log = parts.log;
    this.#options = parts.options;
    this.#clock = parts.clock ?? systemClock;
    this.#lastTurn = this.#clock.monotonic();
    this.#idle = new IdlePartitions({
      lag: () => parts.reader.lag(),
      writeJournal: (...marks) => this.#commits.writeJournal(...marks),
      clock: this.#clock,
    });
    this.#every = parts.every ?? everyInterval;
    this.#entitiesPerSlice = parts.entitiesPerSlice ?? ENTITIES_PER_SLICE;
    const meter = parts.meter ?? null;
    this.#flusher = new RowFlusher(parts.store, meter);
    this.#losses = new LossWatch(parts.store, parts.options.app, parts.log);
    this.#commits = new Commits({
      partitions: this.#partitions,
      durability: parts.durability,
      flusher: this.#flusher,
      losses: this.#losses,
      restart: (partition) => parts.reader.restart(partition),
      log: parts.log,
      meter,
    });
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
      this.#isStopping = true;
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
      await this.#commits.rest();
      await this.#durability.close();
    }
    return this.#summary();
  }

  /** What it did since it started, and how it stands now. */
  counts(): WorkerCounts {
    return {
      partitions: this.#partitions.counts(),
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
    await this.#commits.commitAndGiveUp(kept);
    this.#assigned = kept;
    this.#log.info({ partitions: [...kept] }, 'partitions assigned');
  }

  async positionOf(partition: TopicPartition): Promise<LogPosition | null> {
    const owned = this.#partitions.get(partition);
    if (owned !== undefined) return owned.position;
    const acquired = await this.#acquisitions.restored(partition);
    return acquired?.position ?? null;
  }

  async records(topic: string, { partition, records }: RecordBatch, _highWatermark: Offset): Promise<void> {
    const live = this.#partitions.get({ topic, partition });
    if (live === undefined) return;
    await this.#takeTurn();
    await this.#resumed.get(live);
    const step = this.#options.maxBatchRecords;
    for (let from = 0; from < records.length; from += step) {
      await this.#idle.records({ topic, partition });
      if (!this.#mayWorkOn(live)) return;
      const to = Math.min(from + step, records.length);
      await this.#work(live, live.process(records, from, to, this.#flusher));
    }
  }

  /**
   * Between two slices there is room for a heartbeat, for batches of other partitions come at once; a commit is made when
   * too much waits for it.
   */
  async #work(live: LivePartition, slices: Slices): Promise<void> {
    for (const _ of slices) {
      await nextTurn();
      await this.#takeTurn();
      await this.#flusher.room();
      if (live.pendingBytes > PENDING_BYTES) await this.#commits.commit();
      if (!this.#mayWorkOn(live)) return;
    }
  }

  /**
   * Rows are not fenced as commits are. So who had no turn for so long that it may have been replaced (it was stopped, or
   * swapped out) sends none before it has asked whether its partitions are still its own.
   */
  async #takeTurn(): Promise<void> {
    const now = this.#clock.monotonic();
    // The last heartbeat was some time before the last turn.
    if (now - this.#lastTurn > this.#options.replaceableAfterMs / 2)
      this.#confirmed = this.#commits.confirm();
    this.#lastTurn = now;
    await this.#confirmed;
  }

  /** One that was given up is acquired again, and the log asked for its position; so it is after a stop. */
  #mayWorkOn(live: LivePartition): boolean {
    return !this.#isStopping && this.#partitions.owns(live);
  }

  /** Finishes what a restored partition had begun, and then watches whether it is idle. */
  async #resume(live: LivePartition): Promise<void> {
    await this.#work(live, live.resume(this.#flusher));
    if (this.#mayWorkOn(live)) this.#watchIdle(live);
  }

  async leaving(): Promise<void> {
    this.#acquisitions.abort();
    for (const partition of this.#partitions.all()) this.#idle.delete(partition);
    await this.#commits.commit();
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
        entitiesPerSlice: this.#entitiesPerSlice,
      });
      await this.#losses.takenOver(live);
      options.signal.throwIfAborted();
      await live.readMarks();
      options.signal.throwIfAborted();
      this.#partitions.add(live);
      const resumed = this.#resume(live);
      this.#resumed.set(live, resumed);
      resumed.catch((error) => this.#fail(error));
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
    const mark = (marks: readonly PipelineMark[]) => this.#work(live, live.mark(marks, this.#flusher));
    this.#idle.add({ topic, partition, pipelines, mark });
  }

  async #advanceIdle(): Promise<void> {
    if (this.#isAdvancingIdle) return;
    this.#isAdvancingIdle = true;
    try {
      await this.#takeTurn();
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
    for (const { pipelines } of this.#partitions.all()) {
      for (const pipeline of pipelines) tasks += pipeline.tasks.length;
    }
    return Math.floor(this.#options.cacheEntities / Math.max(1, tasks));
  }

  async #commitInBackground(): Promise<void> {
    // While the store is away one commit waits; more would only queue up behind it.
    if (this.#isCommittingInBackground) return;
    this.#isCommittingInBackground = true;
    try {
      await this.#commits.commit();
      await this.#commits.checkStore();
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
