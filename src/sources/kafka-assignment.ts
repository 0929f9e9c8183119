import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { assert } from '../errors.ts';
import type { Offset } from '../time.ts';
import type { Log } from './kafka-client.ts';
import { unlessAborted } from './kafka-patience.ts';
import { checkedPosition, fetchEnds, type PartitionEnds } from './kafka-positions.ts';
import { refusalOf } from './kafka-reachable.ts';
import { archivedRecords, logRecords } from './kafka-records.ts';
import type { LogHandlers, PartitionLag, TopicPartition } from './log-reader.ts';

export interface AssignmentContext {
  readonly kafka: Kafka;
  readonly handlers: LogHandlers;
  readonly log: Log;
  readonly onTruncated?: 'fail' | 'skip';
  readonly withHeaders?: boolean;
  /** The reader is to end. */
  readonly signal: AbortSignal;
}

interface Owned extends TopicPartition {
  /** Offset of the next record; −1 until the handlers have said it. */
  position: Offset;
  end: Offset;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * The partitions that a member of a consumer group owns from one join to the next. They are paused until
 * {@link announce} has sought their positions; after {@link end} nothing comes out of it any more.
 */
export class KafkaAssignment {
  readonly #consumer: Consumer;
  readonly #context: AssignmentContext;
  readonly #owned: readonly Owned[];
  #isOpen = false;
  #isOver = false;

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
        .map((partition): Owned => ({ topic, partition, position: -1, end: 0 })),
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

  /** Tells the handlers, seeks the positions that they answer, and lets records come. */
  async announce(): Promise<void> {
    if (this.#isStale()) return;
    const names = this.#owned.map(({ topic, partition }) => ({ topic, partition }));
    const positions = await this.#context.handlers.assigned(names);
    assert(positions.length === names.length, 'one position for each assigned partition');
    const ends = await this.#endsOf(this.#owned);
    if (ends === null) return;
    for (const [index, entry] of this.#owned.entries()) {
      this.#seek(entry, checkedPosition(entry, positions[index]!, ends[index]!, this.#context));
      entry.end = ends[index]!.high;
    }
    this.#isOpen = true;
    for (const { topic, partition } of names) this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  /** Hands over a batch of the library, and moves on when the handlers are done with it. */
  async take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const entry = this.#isOpen ? this.#find(batch.topic, batch.partition) : null;
    if (entry === null) return;
    if (fetchedOffset(batch) !== entry.position) return this.#seekAgain(entry);
    entry.end = Number(batch.highWatermark);
    const { handlers, withHeaders } = this.#context;
    const records = withHeaders ? archivedRecords(batch.messages) : logRecords(batch.messages);
    await handlers.records(batch.topic, { partition: batch.partition, records }, entry.end);
    if (this.#isOver) return;
    const last = batch.lastOffset();
    resolveOffset(last);
    this.#advance(entry, Number(last) + 1);
  }

  /** The library passes over a stretch of the log in which no record is for readers. */
  passOver(batch: SkippedBatch): void {
    const entry = this.#isOpen ? this.#find(batch.topic, batch.partition) : null;
    if (entry === null || Number(batch.firstOffset ?? batch.lastOffset) < entry.position) return;
    this.#advance(entry, Number(batch.lastOffset) + 1);
  }

  /** Of the partitions whose positions are known. */
  async lag(): Promise<readonly PartitionLag[]> {
    const owned = this.#owned.filter(({ position }) => position >= 0);
    const ends = await fetchEnds(this.#context.kafka, topicsOf(owned)).catch(() => null);
    return owned.map((entry) => {
      const { topic, partition, position } = entry;
      entry.end = ends?.get(`${topic}/${partition}`)?.high ?? entry.end;
      return { topic, partition, position, end: Math.max(position, entry.end) };
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
    const ends = await this.#endsOf([entry]);
    if (ends !== null) this.#seek(entry, checkedPosition(entry, entry.position, ends[0]!, this.#context));
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

  /** Asks until the brokers answer; null when the assignment is over before. */
  async #endsOf(owned: readonly Owned[]): Promise<readonly PartitionEnds[] | null> {
    const { kafka, signal } = this.#context;
    for (let pause = FIRST_PAUSE_MS; !this.#isStale(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const known = await unlessAborted(fetchEnds(kafka, topicsOf(owned)), signal);
        if (known === null) return null;
        const ends = owned.flatMap(({ topic, partition }) => known.get(`${topic}/${partition}`) ?? []);
        if (ends.length === owned.length) return this.#isStale() ? null : ends;
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== null) throw refusal;
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
    return null;
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
