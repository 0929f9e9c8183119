import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Offset } from '../time.ts';
import type { Log } from './kafka-client.ts';
import type { KafkaMembership } from './kafka-membership.ts';
import { unlessAborted } from './kafka-patience.ts';
import { checkedPosition, fetchEnds, type PartitionEnds } from './kafka-positions.ts';
import { refusalOf } from './kafka-reachable.ts';
import { archivedRecords, logRecords } from './kafka-records.ts';
import { type LogHandlers, type PartitionLag, partitionName, type TopicPartition } from './log-reader.ts';

export interface AssignmentContext {
  readonly kafka: Kafka;
  readonly handlers: LogHandlers;
  readonly membership: Pick<KafkaMembership, 'partitions'>;
  readonly log: Log;
  /** Hears what a handler throws, and what waiting cannot mend. */
  readonly onFailure: (error: unknown) => void;
  readonly onTruncated?: 'fail' | 'skip';
  readonly withHeaders?: boolean;
  /** The reader is to end. */
  readonly signal: AbortSignal;
}

interface Owned extends TopicPartition {
  /** Offset of the next record; {@link UNKNOWN} until the handlers have said it. */
  position: Offset;
  end: Offset;
  /** How often its position was asked for: what was fetched before does not count. */
  starts: number;
}

const UNKNOWN = -1;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * The partitions that a member of a consumer group owns from one join to the next. Each is paused until its position
 * is known and sought; after {@link end} nothing comes out of it any more.
 */
export class KafkaAssignment {
  readonly #consumer: Consumer;
  readonly #context: AssignmentContext;
  readonly #owned: readonly Owned[];
  #isOpen = false;
  #isOver = false;
  #fetchingConfirmed: Promise<ReadonlySet<string>> | null = null;
  #fetchingEnds: Promise<ReadonlyMap<string, PartitionEnds>> | null = null;

  constructor(
    consumer: Consumer,
    assignment: Readonly<Record<string, readonly number[]>>,
    context: AssignmentContext,
  ) {
    this.#consumer = consumer;
    this.#context = context;
    this.#owned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      [...partitions]
        .sort((a, b) => a - b)
        .map((partition): Owned => ({ topic, partition, position: UNKNOWN, end: 0, starts: 0 })),
    );
    this.#pauseAll();
  }

  /** No further records; the partitions are still owned. */
  close(): void {
    this.#isOpen = false;
  }

  /** The partitions may belong to others now. */
  end(): void {
    this.#isOpen = false;
    this.#isOver = true;
  }

  owns(topic: string, partition: number): boolean {
    return !this.#isOver && this.#find(topic, partition) !== null;
  }

  /** Tells the handlers, and lets the records of each partition come when its position is known. */
  async announce(): Promise<void> {
    if (this.#isStale()) return;
    await this.#context.handlers.assigned(this.#owned.map(({ topic, partition }) => ({ topic, partition })));
    this.#isOpen = !this.#isStale();
    for (const entry of this.#owned) this.#start(entry);
  }

  /** Asks for the partition's position again, and goes on there. */
  restart({ topic, partition }: TopicPartition): void {
    const entry = this.#isOpen ? this.#find(topic, partition) : null;
    if (entry === null) return;
    entry.position = UNKNOWN;
    this.#consumer.pause([{ topic, partitions: [partition] }]);
    this.#start(entry);
  }

  #start(entry: Owned): void {
    this.#seekPosition(entry).catch(this.#context.onFailure);
  }

  async #seekPosition(entry: Owned): Promise<void> {
    const { topic, partition } = entry;
    const start = ++entry.starts;
    if (!(await this.#isConfirmed(entry))) return;
    const wanted = await this.#context.handlers.positionOf({ topic, partition });
    if (wanted === null) return;
    const ends = await this.#endsOf(entry);
    if (ends === null || entry.starts !== start) return;
    this.#seek(entry, checkedPosition(entry, wanted, ends, this.#context));
    entry.end = ends.high;
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  /** Hands over a batch of the library, and moves on when the handlers are done with it. */
  async take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const entry = this.#isOpen ? this.#find(batch.topic, batch.partition) : null;
    if (entry === null || entry.position === UNKNOWN) return;
    if (fetchedOffset(batch) !== entry.position) return this.#seekAgain(entry);
    entry.end = Number(batch.highWatermark);
    const { starts } = entry;
    const { handlers, withHeaders } = this.#context;
    const records = withHeaders ? archivedRecords(batch.messages) : logRecords(batch.messages);
    await handlers.records(batch.topic, { partition: batch.partition, records }, entry.end);
    if (this.#isOver || entry.starts !== starts) return;
    const last = batch.lastOffset();
    resolveOffset(last);
    this.#advance(entry, Number(last) + 1);
  }

  /** The library passes over a stretch of the log in which no record is for readers. */
  passOver(batch: SkippedBatch): void {
    const entry = this.#isOpen ? this.#find(batch.topic, batch.partition) : null;
    if (entry === null || entry.position === UNKNOWN) return;
    if (Number(batch.firstOffset ?? batch.lastOffset) < entry.position) return;
    this.#advance(entry, Number(batch.lastOffset) + 1);
  }

  /** Of the partitions whose positions are known. */
  async lag(): Promise<readonly PartitionLag[]> {
    const owned = this.#owned.filter(({ position }) => position !== UNKNOWN);
    const ends = await fetchEnds(this.#context.kafka, topicsOf(owned)).catch(() => null);
    return owned.map((entry) => {
      const { topic, partition, position } = entry;
      const told = ends?.get(`${topic}/${partition}`)?.high;
      entry.end = told ?? entry.end;
      const end = Math.max(position, entry.end);
      return { topic, partition, position, end, isCurrent: told !== undefined };
    });
  }

  #pauseAll(): void {
    for (const { topic, partition } of this.#owned) {
      this.#consumer.pause([{ topic, partitions: [partition] }]);
    }
  }

  #seek(entry: Owned, position: Offset): void {
    entry.position = position;
    const { topic, partition } = entry;
    this.#consumer.seek({ topic, partition, offset: String(position) });
  }

  /**
   * A batch came from elsewhere than the position: it was fetched before the last seek, or the library has jumped
   * because the broker no longer has the position.
   */
  async #seekAgain(entry: Owned): Promise<void> {
    const { position, starts } = entry;
    const ends = await this.#endsOf(entry);
    if (ends !== null && entry.starts === starts) {
      this.#seek(entry, checkedPosition(entry, position, ends, this.#context));
    }
  }

  #advance(entry: Owned, position: Offset): void {
    entry.position = position;
    this.#context.handlers.advanced?.(entry.topic, entry.partition, position);
  }

  #find(topic: string, partition: number): Owned | null {
    for (const entry of this.#owned) {
      if (entry.partition === partition && entry.topic === topic) return entry;
    }
    return null;
  }

  #isStale(): boolean {
    return this.#isOver || this.#context.signal.aborted;
  }

  /** Asks until the group gives the partition to this member; false when the assignment is over before. */
  async #isConfirmed(entry: TopicPartition): Promise<boolean> {
    const name = partitionName(entry);
    const mine = await this.#insist(async () => (await this.#fetchConfirmed()).has(name) || null);
    return mine !== null;
  }

  /** Asks until the brokers answer; null when the assignment is over before. */
  #endsOf(entry: TopicPartition): Promise<PartitionEnds | null> {
    const name = partitionName(entry);
    return this.#insist(async () => (await this.#fetchEnds()).get(name) ?? null);
  }

  /** Asks again and again until there is an answer that is not null; null when the assignment is over before. */
  async #insist<T>(ask: () => Promise<T | null>): Promise<T | null> {
    const { signal } = this.#context;
    for (let pause = FIRST_PAUSE_MS; !this.#isStale(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const answer = await unlessAborted(ask(), signal);
        if (answer !== null) return this.#isStale() ? null : answer;
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== null) throw refusal;
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
    return null;
  }

  #fetchConfirmed(): Promise<ReadonlySet<string>> {
    this.#fetchingConfirmed ??= nextTurn().then(() => {
      this.#fetchingConfirmed = null;
      return this.#context.membership.partitions();
    });
    return this.#fetchingConfirmed;
  }

  /** One request for all partitions that ask at about the same time; it is sent after the last of them asked. */
  #fetchEnds(): Promise<ReadonlyMap<string, PartitionEnds>> {
    this.#fetchingEnds ??= nextTurn().then(() => {
      this.#fetchingEnds = null;
      return fetchEnds(this.#context.kafka, topicsOf(this.#owned));
    });
    return this.#fetchingEnds;
  }
}

/** What the library tells of a batch without records. */
export interface SkippedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string | null;
  readonly lastOffset: string;
}

/** The offset that was asked for, which the library's type leaves out. */
function fetchedOffset(batch: Batch): Offset {
  return Number((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset);
}

function topicsOf(owned: readonly TopicPartition[]): ReadonlySet<string> {
  return new Set(owned.map(({ topic }) => topic));
}
