import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Kafka, KafkaMessage } from 'kafkajs';
import type { Offset } from '../time.ts';
import type { PartitionEnds } from './kafka-positions.ts';
import { refusalOf } from './kafka-reachable.ts';
import { createCluster, kafkajsModule } from './kafkajs-internals.ts';
import type { TopicPartition } from './log-reader.ts';

/** How long a request may wait for records that are on their way. */
const FETCH_WAIT_MS = 200;
/** Larger pieces live long enough to cost the garbage collector more than the requests that they save. */
const BYTES_PER_FETCH = 2 << 20;
const READ_COMMITTED = 1;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** What the library's own types leave out. */
interface FetchingBroker {
  fetch(request: object): Promise<{
    readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
  }>;
}
interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
}
interface FetchedBatch {
  readonly messages: readonly KafkaMessage[];
  isEmptyIncludingFiltered(): boolean;
  lastOffset(): string;
}
type FetchingCluster = Omit<Cluster, 'findBroker' | 'fetchTopicsOffset'> & {
  findBroker(node: { nodeId: string }): Promise<FetchingBroker>;
  fetchTopicsOffset(
    topics: readonly object[],
  ): Promise<readonly { partitions: readonly { offset: string }[] }[]>;
};

/** Leaves out control records and what was aborted. */
const Batch =
  kafkajsModule<new (topic: string, fetchedOffset: string, data: FetchedPartition) => FetchedBatch>(
    'consumer/batch.js',
  );
const { createErrorFromCode } = kafkajsModule<{ createErrorFromCode(code: number): Error }>(
  'protocol/error.js',
);

/**
 * Reads partitions from given offsets on, without a consumer group, which kafkajs does not offer by itself: joining a
 * group takes seconds, and a changelog belongs to whoever owns the source's partition.
 */
export class KafkaPartitions {
  readonly #kafka: Kafka;
  readonly #cluster: FetchingCluster;
  #connected: Promise<void> | null = null;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
    this.#cluster = createCluster(kafka) as unknown as FetchingCluster;
  }

  /** What a partition holds for readers of committed records: [low, high). Waits while the brokers are away. */
  ends(partition: TopicPartition, signal: AbortSignal): Promise<PartitionEnds> {
    return this.#patiently(signal, async () => {
      await this.#reach(partition.topic);
      const [low, high] = await Promise.all([this.#offset(partition, true), this.#offset(partition, false)]);
      return { low, high };
    });
  }

  /**
   * The committed records in [from, to), in batches as they come. Waits while the brokers are away.
   *
   * @throws what {@link isOutOfRange} knows when the partition begins later
   */
  async *read(
    partition: TopicPartition,
    from: Offset,
    to: Offset,
    signal: AbortSignal,
  ): AsyncGenerator<readonly KafkaMessage[], void> {
    for (let next = from; next < to; ) {
      const batch = await this.#patiently(signal, async () => {
        await this.#reach(partition.topic);
        return this.#fetch(partition, next);
      });
      const wanted = batch.messages.filter(({ offset }) => Number(offset) < to);
      if (wanted.length > 0) yield wanted;
      if (!batch.isEmptyIncludingFiltered()) next = Number(batch.lastOffset()) + 1;
    }
  }

  /** The broker may forget the records before the offset. */
  async deleteRecords({ topic, partition }: TopicPartition, before: Offset): Promise<void> {
    const admin = this.#kafka.admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      // The library looks for the partition's leader before it has asked for the topic's metadata.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#connected?.catch(() => {});
    await this.#cluster.disconnect().catch(() => {});
  }

  /** @throws what waiting cannot mend; the signal's reason when it is aborted */
  async #patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== null) throw refusal;
        if (isOutOfRange(error)) throw error;
        // A leader may have moved.
        await this.#cluster.refreshMetadata().catch(() => {});
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  async #reach(topic: string): Promise<void> {
    this.#connected ??= this.#cluster.connect();
    try {
      await this.#connected;
      await this.#cluster.addTargetTopic(topic);
    } catch (error) {
      this.#connected = null;
      throw error;
    }
  }

  async #offset({ topic, partition }: TopicPartition, fromBeginning: boolean): Promise<Offset> {
    const [found] = await this.#cluster.fetchTopicsOffset([
      { topic, partitions: [{ partition }], fromBeginning },
    ]);
    return Number(found!.partitions[0]!.offset);
  }

  async #fetch({ topic, partition }: TopicPartition, from: Offset): Promise<FetchedBatch> {
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    const broker = await this.#cluster.findBroker({ nodeId: nodeId! });
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: FETCH_WAIT_MS,
      maxBytes: BYTES_PER_FETCH,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: BYTES_PER_FETCH }] }],
    });
    const data = responses[0]!.partitions[0]!;
    if (data.errorCode !== 0) throw createErrorFromCode(data.errorCode);
    return new Batch(topic, String(from), data);
  }
}

/** The broker has not, or not any more, the offset that was to be read. */
export function isOutOfRange(error: unknown): boolean {
  return (error as { readonly type?: unknown }).type === 'OFFSET_OUT_OF_RANGE';
}
