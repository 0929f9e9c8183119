import { parseArgs } from 'node:util';
import kafkajs, { type Kafka, type Message } from 'kafkajs';
import { describeError, TidemarkError } from '../src/errors.ts';
import { createKafkaClient, type Log } from '../src/sources/kafka-client.ts';
import { reasonOf } from '../src/sources/kafka-reachable.ts';
import { Disorder } from './disorder.ts';
import { readFlights } from './flights.ts';

/**
 * Loads the flights data set into a topic, as examples/flights.ts reads it: one record a flight, with
 * the origin airport as key, in the order in which the flights land; the record's timestamp is when it lands.
 */
const USAGE = `Usage: npm run load-flights -- --brokers HOST:PORT,… (or TIDEMARK_BROKERS) [--topic flights] [--partitions 4] [--limit N]

  --limit N   only the first N of the 3,000,000 flights`;

const BATCH = 5000;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function main(): Promise<void> {
  const { brokers, topic, partitions, limit } = readArguments();
  const kafka = createKafkaClient({ brokers: brokers.split(','), ssl: null, sasl: null }, SILENT);
  await makeTopic(kafka, topic, partitions);
  // Without retries that could store a batch twice.
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const disorders = new Map<number, Disorder>();
  let loaded = 0;
  let waiting: { readonly message: Message; readonly departedMs: number }[] = [];
  const send = async () => {
    const partitioned = new Map<number, Message[]>();
    for (const { message, departedMs } of waiting) {
      const partition = partitionOf(topic, message, partitions);
      const messages = partitioned.get(partition) ?? [];
      partitioned.set(partition, messages);
      messages.push({ ...message, partition });
      const disorder = disorders.get(partition) ?? new Disorder();
      disorders.set(partition, disorder);
      disorder.add(departedMs);
    }
    await producer.send({ topic, messages: [...partitioned.values()].flat() });
    loaded += waiting.length;
    waiting = [];
    if (loaded % (BATCH * 20) === 0) process.stderr.write(`${loaded.toLocaleString('en')} flights loaded\n`);
  };
  for await (const { flight, departedMs, landedMs } of readFlights(limit)) {
    const message = { key: flight.origin, value: JSON.stringify(flight), timestamp: String(landedMs) };
    if (waiting.push({ message, departedMs }) === BATCH) await send();
  }
  if (waiting.length > 0) await send();
  await producer.disconnect();
  printFacts(topic, loaded, disorders);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string', default: process.env['TIDEMARK_BROKERS'] ?? '' },
      topic: { type: 'string', default: 'flights' },
      partitions: { type: 'string', default: '4' },
      limit: { type: 'string', default: '3000000' },
    },
  });
  const [partitions, limit] = [Number(values.partitions), Number(values.limit)];
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  if (values.brokers === '' || !isCount(partitions) || !isCount(limit)) {
    throw new TidemarkError(USAGE, { code: 'USAGE', exitCode: 2 });
  }
  return { brokers: values.brokers, topic: values.topic, partitions, limit };
}

async function makeTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    // Kafka counts retention from the records' timestamps, and these are of 2001.
    const configEntries = [{ name: 'retention.ms', value: '-1' }];
    const topics = [{ topic, numPartitions, configEntries }];
    if (!(await admin.createTopics({ topics, waitForLeaders: true }))) {
      throw new TidemarkError(`the topic ${topic} exists already`, {
        code: 'TOPIC_EXISTS',
        remedy: 'Delete it, or name another one with --topic.',
      });
    }
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new TidemarkError(`cannot make the topic ${topic}: ${reasonOf(error)}`, {
      code: 'KAFKA_UNREACHABLE',
      remedy: 'Check --brokers and that the broker runs.',
      cause: error,
    });
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

const partition = kafkajs.Partitioners.DefaultPartitioner();

/** As every Kafka client places keys. */
function partitionOf(topic: string, message: Message, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return partition({ topic, message, partitionMetadata });
}

function printFacts(topic: string, loaded: number, disorders: ReadonlyMap<number, Disorder>): void {
  const lines = [
    `${loaded.toLocaleString('en')} flights in ${topic}. Share that departed before an earlier landed one, by more than:`,
  ];
  for (const [partition, disorder] of [...disorders].sort(([a], [b]) => a - b)) {
    const shares = [0, 2, 4, 6, 8, 12, 18].map((hours) => {
      return `${hours} h ${(100 * disorder.shareBeyond(60 * hours)).toFixed(3)} %`;
    });
    lines.push(`  partition ${partition}: ${shares.join(', ')}; at most ${disorder.mostMinutes} min`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = error instanceof TidemarkError ? error.exitCode : 1;
});
