import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { mendRequestQueue } from '../../src/sources/kafka-request-queue.ts';
import { until } from './until.ts';

export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** Further settings of the topic, as `{ 'message.timestamp.type': 'LogAppendTime' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface ProducedRecord {
  readonly partition?: number;
  readonly key?: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  /** Epoch milliseconds; default the producer's clock. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function client(brokers: string): Kafka {
  mendRequestQueue();
  return new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}

/**
 * Makes a topic under a name of its own that starts with `prefix`, and returns the name. Nothing is ever deleted
 * from it: Kafka counts retention from the records' timestamps, and tests write old ones.
 */
export async function createTopic(
  brokers: string,
  prefix: string,
  options: TopicOptions = {},
): Promise<string> {
  const topic = `${prefix}-${randomUUID().slice(0, 8)}`;
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const entries = Object.entries({ 'retention.ms': '-1', ...options.config });
    await admin.createTopics({
      // Its own wait fails where the broker does not know the topic yet, and ends before the leaders are there.
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: options.partitions ?? 1,
          configEntries: entries.map(([name, value]) => ({ name, value })),
        },
      ],
    });
    await until(
      () => isReady(admin, topic),
      () => `no leader answers for the topic ${topic}`,
    );
  } finally {
    await admin.disconnect();
  }
  return topic;
}

/** Whether its leaders answer: a producer that finds one of them missing sends the records of all partitions again. */
async function isReady(admin: Admin, topic: string): Promise<boolean> {
  const ends = await admin.fetchTopicOffsets(topic).catch(whileNotReady(null));
  return ends !== null;
}

/** What counts when a broker that starts, or is busy, does not know yet. */
function whileNotReady<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as { retriable?: boolean }).retriable === true) return value;
    throw error;
  };
}

/**
 * Appends the records to a topic, in order, `perRequest` to a request, and returns how many there were. A
 * generator can give millions.
 */
export async function produce(
  brokers: string,
  topic: string,
  records: Iterable<ProducedRecord>,
  perRequest = 2000,
): Promise<number> {
  const producer = client(brokers).producer({ maxInFlightRequests: 1 });
  await producer.connect();
  let count = 0;
  let waiting: ProducedRecord[] = [];
  const send = async () => {
    const messages = waiting.map(({ key, value, timestamp, partition, headers }) => ({
      value: asBuffer(value),
      ...(key === undefined ? {} : { key: asBuffer(key) }),
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      ...(partition === undefined ? {} : { partition }),
      ...(headers === undefined ? {} : { headers }),
    }));
    waiting = [];
    await producer.send({ topic, messages, acks: -1 });
  };
  try {
    for (const record of records) {
      count++;
      if (waiting.push(record) === perRequest) await send();
    }
    if (waiting.length > 0) await send();
  } finally {
    await producer.disconnect();
  }
  return count;
}

function asBuffer(bytes: string | Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** Up to where a consumer group has committed, summed over the partitions; 0 while a broker that starts does not know. */
export async function committedRecords(brokers: string, group: string, topic: string): Promise<number> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] }).catch(whileNotReady([]));
    const partitions = offsets?.partitions ?? [];
    return partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  } finally {
    await admin.disconnect();
  }
}

/** How many records have been written to a topic, those that it has deleted too. */
export async function writtenRecords(brokers: string, topic: string): Promise<number> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

/** Deletes the records below `before`, as retention would. */
export async function deleteRecords(
  brokers: string,
  topic: string,
  partition: number,
  before: number,
): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    // Loads the topic's metadata, without which the next call fails.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  } finally {
    await admin.disconnect();
  }
}
