import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Message, Producer, Transaction } from 'kafkajs';
import { createKafkaClient, type Log } from '../sources/kafka-client.ts';
import type { KafkaOptions } from '../sources/kafka-options.ts';
import { isOutOfRange, KafkaPartitions } from '../sources/kafka-partitions.ts';
import { unlessAborted } from '../sources/kafka-patience.ts';
import { reasonOf, refusalOf } from '../sources/kafka-reachable.ts';
import {
  ensureTopics,
  KEEP_EVERYTHING,
  partitionCounts,
  reachCoordinator,
  type WantedTopic,
} from '../sources/kafka-topics.ts';
import type { TopicPartition } from '../sources/log-reader.ts';
import { changelogTopic, journalTopic } from '../state/internal-topics.ts';
import type { Offset } from '../time.ts';
import {
  type Changelog,
  type ChangelogRecord,
  ChangelogTruncatedError,
  type Commit,
  type CommitLog,
  type CommitLogs,
  CommitLostError,
  FencedError,
  type JournalRecord,
  type OutputRecord,
} from './commit-log.ts';

export interface KafkaCommitLogsOptions {
  readonly kafka: KafkaOptions;
  /** Consumer group, and part of the names of topics and transactions. */
  readonly app: string;
  /** Source topics. */
  readonly topics: readonly string[];
  /** Topics that commits write to for users; they are made where they are missing. */
  readonly outputs: readonly string[];
  readonly log: Log;
}

/** Whoever does not end a transaction within this is cut off: what holds up the readers of committed records. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** A batch of records stays below what brokers take unless they are told otherwise (`message.max.bytes`). */
const BATCH_BYTES = 900_000;
/** A broker that just restarts is not worth a line. */
const SILENT_MS = 10_000;
const NOT_ACQUIRED =
  'the partition cannot be acquired; trying again. Unless the brokers are away, see that transactions work ' +
  '(transaction.state.log.replication.factor is at most the number of brokers)';
/** What a record takes besides its key, value and headers. */
const RECORD_OVERHEAD = 40;
/** Before the name and the value of a header stands its length. */
const MOST_LENGTH_BYTES = 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const FENCED = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];

/** Commits as Kafka transactions; the transactional id of a partition fences its former owners. */
export class KafkaCommitLogs implements CommitLogs {
  readonly #options: KafkaCommitLogsOptions;
  readonly #kafka: Kafka;
  readonly #partitions: KafkaPartitions;
  /** How many partitions each source topic has, once all that commits need is there. */
  #ready: Promise<ReadonlyMap<string, number>> | null = null;

  constructor(options: KafkaCommitLogsOptions) {
    this.#options = options;
    this.#kafka = createKafkaClient(options.kafka, options.log);
    this.#partitions = new KafkaPartitions(this.#kafka);
  }

  async acquire(partition: TopicPartition, signal: AbortSignal): Promise<CommitLog> {
    const { app, log } = this.#options;
    const began = performance.now();
    let isTold = false;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      const producer = this.#kafka.producer({
        transactionalId: `tidemark.${app}.${partition.topic}.${partition.partition}`,
        maxInFlightRequests: 1,
        transactionTimeout: TRANSACTION_TIMEOUT_MS,
        allowAutoTopicCreation: false,
        retry: { retries: 8, initialRetryTime: 30, maxRetryTime: 1000 },
      });
      try {
        await unlessAborted(this.#begin(producer), signal);
        signal.throwIfAborted();
        return new KafkaCommitLog(app, partition, producer, this.#partitions, signal, log);
      } catch (error) {
        await disconnect(producer);
        const refusal = refusalOf(error);
        if (refusal !== null) throw refusal;
        const fields = { ...partition, reason: reasonOf(error) };
        if (isTold || performance.now() - began < SILENT_MS) {
          log.debug(fields, 'the partition cannot be acquired now');
        } else {
          isTold = true;
          log.warn(fields, NOT_ACQUIRED);
        }
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  async changelogs(signal: AbortSignal): Promise<ReadonlyMap<TopicPartition, Changelog>> {
    const { app } = this.#options;
    const changelogs = new Map<TopicPartition, Changelog>();
    for (const [topic, count] of await this.#clusterReady()) {
      for (let partition = 0; partition < count; partition++) {
        const source = { topic, partition };
        changelogs.set(source, new KafkaChangelog(app, source, this.#partitions, signal));
      }
    }
    return changelogs;
  }

  async close(): Promise<void> {
    await this.#partitions.close();
  }

  async #begin(producer: Producer): Promise<void> {
    await this.#clusterReady();
    await producer.connect();
    // kafkajs asks for the producer's epoch, which fences others, at the first transaction.
    const transaction = await producer.transaction();
    await transaction.abort();
  }

  /** Asked once, unless it fails: each question takes a connection, and a worker may acquire many partitions. */
  async #clusterReady(): Promise<ReadonlyMap<string, number>> {
    this.#ready ??= this.#prepareCluster();
    try {
      return await this.#ready;
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  async #prepareCluster(): Promise<ReadonlyMap<string, number>> {
    const { app, topics, outputs } = this.#options;
    const counts = await partitionCounts(this.#kafka, topics);
    const required = Object.keys(KEEP_EVERYTHING);
    const wanted = topics.flatMap((topic): WantedTopic[] => {
      const partitions = counts.get(topic)!;
      return [
        { name: changelogTopic(app, topic), partitions, config: KEEP_EVERYTHING, required },
        { name: journalTopic(app, topic), partitions, config: KEEP_EVERYTHING, required },
      ];
    });
    const partitions = Math.max(...counts.values());
    for (const name of outputs)
      wanted.push({ name, partitions, config: { 'retention.ms': '-1' }, required: [] });
    await ensureTopics(this.#kafka, wanted);
    // A cluster that never had a consumer group makes its topic for them now, and commits would fail meanwhile.
    await reachCoordinator(this.#kafka, app);
    return counts;
  }
}

class KafkaChangelog implements Changelog {
  protected readonly partitions: KafkaPartitions;
  protected readonly signal: AbortSignal;
  protected readonly changelogPartition: TopicPartition;

  constructor(
    app: string,
    { topic, partition }: TopicPartition,
    partitions: KafkaPartitions,
    signal: AbortSignal,
  ) {
    this.partitions = partitions;
    this.signal = signal;
    this.changelogPartition = { topic: changelogTopic(app, topic), partition };
  }

  changelogEnds(): Promise<{ low: Offset; high: Offset }> {
    return this.partitions.ends(this.changelogPartition, this.signal);
  }

  async *changelog(from: Offset, to: Offset): AsyncGenerator<readonly ChangelogRecord[], void> {
    try {
      for await (const messages of this.partitions.read(this.changelogPartition, from, to, this.signal)) {
        yield messages.map(({ offset, value }) => ({ offset: Number(offset), value: value! }));
      }
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      throw new ChangelogTruncatedError('the changelog was truncated while it was read', { cause: error });
    }
  }
}

class KafkaCommitLog extends KafkaChangelog implements CommitLog {
  readonly #app: string;
  readonly #partition: TopicPartition;
  readonly #producer: Producer;
  readonly #log: Log;
  readonly #journal: TopicPartition;

  constructor(
    app: string,
    source: TopicPartition,
    producer: Producer,
    partitions: KafkaPartitions,
    signal: AbortSignal,
    log: Log,
  ) {
    super(app, source, partitions, signal);
    this.#app = app;
    this.#partition = source;
    this.#producer = producer;
    this.#log = log;
    this.#journal = { topic: journalTopic(app, source.topic), partition: source.partition };
  }

  async *journal(from: Offset): AsyncGenerator<JournalRecord, void> {
    const { low, high } = await this.partitions.ends(this.#journal, this.signal);
    for await (const messages of this.partitions.read(
      this.#journal,
      Math.max(from, low),
      high,
      this.signal,
    )) {
      for (const { offset, value } of messages) yield { offset: Number(offset), text: value!.toString() };
    }
  }

  appendJournal(records: readonly OutputRecord[]): Promise<Offset> {
    return this.#inTransaction((transaction) =>
      send(transaction, this.#journal.topic, records, this.#journal.partition),
    );
  }

  commit({ position, changelog, outputs }: Commit): Promise<Offset> {
    const { topic, partition } = this.#partition;
    return this.#inTransaction(async (transaction) => {
      const changelogPartition = this.changelogPartition;
      let end = 0;
      // One by one: a batch of the library's has the limit of one record.
      for (const value of changelog) {
        end = await send(
          transaction,
          changelogPartition.topic,
          [{ key: null, value }],
          changelogPartition.partition,
        );
      }
      for (const [name, records] of outputs) await send(transaction, name, records);
      await transaction.sendOffsets({
        consumerGroupId: this.#app,
        topics: [{ topic, partitions: [{ partition, offset: String(position) }] }],
      });
      return end;
    });
  }

  async #inTransaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { topic, partition } = this.#partition;
    try {
      const transaction = await this.#producer.transaction();
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      this.#log.debug({ topic, partition, reason: reasonOf(error) }, 'a commit failed');
      const refusal = refusalOf(error);
      if (refusal !== null) throw refusal;
      if (isFenced(error)) {
        throw new FencedError(`another worker owns ${topic}/${partition}`, { cause: error });
      }
      throw new CommitLostError(`the commit of ${topic}/${partition} failed: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  async truncate(before: Offset): Promise<void> {
    const { topic, partition } = this.changelogPartition;
    try {
      await this.partitions.deleteRecords({ topic, partition }, before);
    } catch (error) {
      // They are in nobody's way but take room; the next sweep asks again.
      this.#log.debug({ topic, partition, reason: reasonOf(error) }, 'old changes were not deleted');
    }
  }

  close(): Promise<void> {
    return disconnect(this.#producer);
  }
}

/** Answers the offset after the last record, where all go to one partition. */
async function send(
  transaction: Transaction,
  topic: string,
  records: readonly OutputRecord[],
  partition?: number,
): Promise<Offset> {
  let messages: Message[] = [];
  let bytes = 0;
  let end = 0;
  const flush = async () => {
    if (messages.length === 0) return;
    const [sent] = await transaction.send({ topic, messages });
    end = Number(sent!.baseOffset) + messages.length;
    messages = [];
    bytes = 0;
  };
  for (const record of records) {
    const { key, value, headers } = record;
    const size = sizeOf(record);
    if (bytes + size > BATCH_BYTES) await flush();
    bytes += size;
    messages.push({
      key: asMessage(key),
      value: asMessage(value),
      ...(headers === undefined ? {} : { headers }),
      ...(partition === undefined ? {} : { partition }),
    });
  }
  await flush();
  return end;
}

/** At most: what a record takes in a batch. */
function sizeOf({ key, value, headers = {} }: OutputRecord): number {
  const texts = Object.entries(headers).flat();
  return (
    texts.reduce((sum, text) => sum + bytesIn(text) + MOST_LENGTH_BYTES, RECORD_OVERHEAD) +
    bytesIn(key) +
    bytesIn(value)
  );
}

function bytesIn(part: OutputRecord['key']): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : (part?.length ?? 0);
}

function asMessage(part: OutputRecord['key']): string | Buffer | null {
  return part === null || typeof part === 'string' ? part : asBuffer(part);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** kafkajs wraps what the broker answered, once or more. */
function isFenced(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const type = (cause as { readonly type?: unknown }).type;
    if (FENCED.includes(String(type)) || /Unknown error code 90\b/.test(cause.message)) return true;
  }
  return false;
}

async function disconnect(producer: Producer): Promise<void> {
  await Promise.race([producer.disconnect().catch(() => {}), sleep(2000, undefined, { ref: false })]);
}
