import type { Producer } from 'kafkajs';
import { createKafkaClient, type Log } from '../sources/kafka-client.ts';
import type { KafkaOptions } from '../sources/kafka-options.ts';
import { OutageReport } from '../sources/kafka-outage.ts';
import { reachTopics } from '../sources/kafka-reachable.ts';
import type { ServedLogSink } from './served-log.ts';

/** At the start a broker that does not answer is more likely a wrong address than an outage. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A Kafka topic, an answer a record, without a key: the answers are spread over its partitions. */
export class ServedLogKafka implements ServedLogSink {
  readonly #producer: Producer;
  readonly #topic: string;

  private constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** @throws TidemarkError when the brokers cannot be reached, or have no such topic */
  static async open(options: {
    readonly kafka: KafkaOptions;
    readonly topic: string;
    readonly log: Log;
    readonly signal: AbortSignal;
  }): Promise<ServedLogKafka> {
    const { kafka, topic, log, signal } = options;
    const client = createKafkaClient(kafka, log);
    const outage = new OutageReport(kafka.brokers, log);
    await reachTopics(client, {
      brokers: kafka.brokers,
      topics: [topic],
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
      outage,
    });
    signal.throwIfAborted();
    const producer = client.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new ServedLogKafka(producer, topic);
  }

  async write(lines: readonly string[]): Promise<void> {
    await this.#producer.send({ topic: this.#topic, messages: lines.map((value) => ({ value })) });
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }
}
