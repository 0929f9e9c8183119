import type { SourcePartition } from '../operators/source-partition.ts';
import { type PartitionLag, partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { EventTimeMs } from '../time.ts';
import { Idleness, type MonotonicMs } from '../watermark/idleness.ts';
import type { JournalEntry } from '../watermark/mark.ts';
import { LostPartitionError } from './durability.ts';
import type { PipelineMark } from './live-partition.ts';

/** A partition that the worker owns, as far as marks concern it. */
export interface IdlePartition extends TopicPartition {
  readonly pipelines: readonly SourcePartition[];
  /** Takes in marks that are in the journal, and sends the rows that they make; it may be given up meanwhile. */
  mark(marks: readonly PipelineMark[]): Promise<void>;
}

export interface IdlePartitionsOptions {
  /** How far the owned partitions are read, and where their logs end. A position moves when its records are applied. */
  readonly lag: () => Promise<readonly PartitionLag[]>;
  /** Writes to the journal of the topic, in the same partition; resolves when that is durable. */
  readonly writeJournal: (partition: TopicPartition, entries: readonly JournalEntry[]) => Promise<void>;
  readonly clock: { monotonic(): MonotonicMs; wall(): EventTimeMs };
}

interface Watched {
  readonly partition: IdlePartition;
  /** Of the sources that have an idle time-out. */
  readonly idleness: ReadonlyMap<SourcePartition, Idleness>;
  /** The marks on their way to the journal and into the tasks; while they are, the partition takes in nothing else. */
  writing: Promise<void>;
}

/**
 * Advances the watermarks of the owned partitions that are idle.
 *
 * A mark is in the journal before it is applied: rows that it makes are never seen unless a restart and a replay repeat
 * it. So records wait while one is on its way: they come after it.
 */
export class IdlePartitions {
  readonly #options: IdlePartitionsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: IdlePartitionsOptions) {
    this.#options = options;
  }

  /** The partition is owned from now on, and its state is restored. */
  add(partition: IdlePartition): void {
    const now = this.#options.clock.monotonic();
    const idleness = new Map<SourcePartition, Idleness>();
    for (const pipeline of partition.pipelines) {
      const { idleTimeoutMs } = pipeline.source;
      if (idleTimeoutMs !== null) idleness.set(pipeline, new Idleness(idleTimeoutMs, now));
    }
    if (idleness.size === 0) return;
    this.#watched.set(partitionName(partition), { partition, idleness, writing: Promise.resolve() });
  }

  /** The partition belongs to somebody else. */
  delete(partition: TopicPartition): void {
    this.#watched.delete(partitionName(partition));
  }

  /** To be awaited right before records of the partition are applied; it may be given up meanwhile. */
  async records(partition: TopicPartition): Promise<void> {
    const watched = this.#watched.get(partitionName(partition));
    if (watched === undefined) return;
    // Before the wait, so that no other mark is taken.
    for (const idleness of watched.idleness.values()) idleness.records(this.#options.clock.monotonic());
    await watched.writing.catch((error) => {
      // Then it is given up, which whoever has its records sees.
      if (!(error instanceof LostPartitionError)) throw error;
    });
  }

  /** To be called about once a second, not again before it has resolved. Throws what the journal refused. */
  async advance(): Promise<void> {
    const { lag, clock } = this.#options;
    const asked = clock.monotonic();
    const isSilent = ({ idleness }: Watched) => [...idleness.values()].some((each) => each.isSilent(asked));
    // The brokers need not be asked while records come.
    if (![...this.#watched.values()].some(isSilent)) return;
    for (const { topic, partition, position, end, isCurrent } of await lag()) {
      const watched = this.#watched.get(partitionName({ topic, partition }));
      if (watched === undefined || !isCurrent || position < end) continue;
      for (const idleness of watched.idleness.values()) idleness.caughtUp(asked);
      watched.writing = this.#mark(watched);
      await watched.writing;
    }
  }

  async #mark({ partition, idleness }: Watched): Promise<void> {
    const marks: PipelineMark[] = [];
    for (const [pipeline, each] of idleness) {
      const { watermark } = pipeline.clock;
      const nextDue = Math.min(...pipeline.tasks.map((task) => task.nextDue));
      const due = each.takeMark({ watermark, nextDue }, this.#options.clock.wall());
      if (due !== null) marks.push({ pipeline, mark: { after: pipeline.nextOffset - 1, ...due } });
    }
    if (marks.length === 0) return;
    await this.#options.writeJournal(
      partition,
      marks.map(({ pipeline, mark }) => ({ source: pipeline.source.name, mark })),
    );
    await partition.mark(marks);
  }
}
