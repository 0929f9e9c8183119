import { assert } from '../errors.ts';
import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { JournalEntry } from '../watermark/mark.ts';
import { type Durability, type LostPartition, LostPartitionError } from './durability.ts';
import type { LivePartition } from './live-partition.ts';
import type { LossWatch } from './loss-watch.ts';
import type { OwnedPartitions } from './owned-partitions.ts';
import type { RowFlusher } from './row-flusher.ts';
import type { WorkerLog } from './worker.ts';
import type { WorkerMeter } from './worker-meter.ts';

/**
 * Makes durable what a worker's partitions did: steps, taken between two batches, whose rows go first, and marks,
 * written between two commits. One thing after the other, for they are transactions of the same producers.
 *
 * A partition whose step failed is given up and acquired again, whatever the reason: restoring it is what every start
 * does, and the only way to know what is durable. After any other failure everything that follows fails with it.
 */
export class Commits {
  readonly #partitions: OwnedPartitions;
  readonly #durability: Durability;
  readonly #flusher: RowFlusher;
  readonly #losses: LossWatch;
  readonly #restart: (partition: TopicPartition) => void;
  readonly #log: WorkerLog;
  readonly #meter: WorkerMeter | null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    partitions: OwnedPartitions;
    durability: Durability;
    flusher: RowFlusher;
    losses: LossWatch;
    /** Has a partition acquired again. */
    restart: (partition: TopicPartition) => void;
    log: WorkerLog;
    meter: WorkerMeter | null;
  }) {
    this.#partitions = parts.partitions;
    this.#durability = parts.durability;
    this.#flusher = parts.flusher;
    this.#losses = parts.losses;
    this.#restart = parts.restart;
    this.#log = parts.log;
    this.#meter = parts.meter;
  }

  /** Resolves when what the partitions did before the call is durable, or they were given up. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit());
  }

  /** The same; then the partitions that are not among `kept`, by name, are given up. */
  commitAndGiveUp(kept: ReadonlySet<string>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#commit();
      for (const partition of this.#partitions.all()) {
        if (!kept.has(partitionName(partition))) await this.#partitions.giveUp(partition);
      }
    });
  }

  /** Gives up the partitions that are somebody else's by now. */
  confirm(): Promise<void> {
    return this.#inTurn(() => this.#confirm(this.#partitions.all()));
  }

  /** Fills the online store again where it has lost its data, though nothing was sent to it. */
  checkStore(): Promise<void> {
    return this.#inTurn(async () => this.#refill(await this.#losses.written(this.#partitions.all())));
  }

  /** @throws LostPartitionError when the marks are not durable, or nobody knows */
  async writeJournal(partition: TopicPartition, entries: readonly JournalEntry[]): Promise<void> {
    const live = this.#partitions.get(partition);
    assert(live !== undefined, `a mark of ${partitionName(partition)}, which is not owned`);
    const lost = await this.#inTurn(async () => {
      // The commit before may have shown that it is somebody else's.
      if (!this.#partitions.owns(live)) return givenUp(partition);
      try {
        await live.writeJournal(entries);
        return null;
      } catch (error) {
        if (!(error instanceof LostPartitionError)) throw error;
        await this.#recover([error.lost]);
        return error.lost;
      }
    });
    if (lost !== null) throw new LostPartitionError(lost);
  }

  /** Resolves when nothing is under way. */
  async rest(): Promise<void> {
    await this.#last.catch(() => {});
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done;
    // Whoever comes next hears of it.
    done.catch(() => {});
    return done;
  }

  async #commit(): Promise<void> {
    const partitions = this.#partitions.all();
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
    for (const partition of this.#partitions.all()) partition.stored();
    await this.#refill(emptied);
  }

  /**
   * Only who owns a partition sends its rows again: to a former owner the store looks the same when another worker has
   * taken the partition over.
   */
  async #refill(emptied: readonly LivePartition[]): Promise<void> {
    const owned = emptied.filter((each) => this.#partitions.owns(each));
    await this.#confirm(owned);
    await this.#losses.refill(owned.filter((each) => this.#partitions.owns(each)));
  }

  async #confirm(partitions: readonly LivePartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const positions = partitions.map(({ topic, partition, committedOffset }) => {
      return { topic, partition, position: committedOffset };
    });
    await this.#recover(await this.#durability.confirm(positions));
  }

  async #recover(lost: readonly LostPartition[]): Promise<void> {
    for (const { topic, partition, reason, error } of lost) {
      this.#meter?.commitFailed(reason);
      this.#log.warn(
        { topic, partition, reason, err: error },
        'a commit failed; the partition is acquired again',
      );
      const live = this.#partitions.get({ topic, partition });
      if (live !== undefined) await this.#partitions.giveUp(live);
      // Whether it was fenced by the next owner or by a former one, the group knows, and the reader asks it.
      this.#restart({ topic, partition });
    }
  }
}

function givenUp({ topic, partition }: TopicPartition): LostPartition {
  return { topic, partition, reason: 'unknown', error: new Error(`${topic}/${partition} was given up`) };
}
