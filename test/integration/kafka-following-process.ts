import { KafkaLogReader } from '../../src/sources/kafka-log.ts';

/** Follows a topic until it is killed, with a long session. Prints a line when it has its partitions. */
const [brokers, group, topic, memberFile] = process.argv.slice(2) as [string, string, string, string];
const silent = () => {};
await new KafkaLogReader({
  kafka: { brokers: brokers.split(','), ssl: null, sasl: null },
  group,
  topics: [topic],
  log: { debug: silent, info: silent, warn: silent, error: silent },
  sessionTimeoutMs: 300_000,
  memberFile,
}).run({
  assigned: async (partitions) => {
    process.stdout.write(`assigned ${partitions.length}\n`);
  },
  positionOf: async () => 'earliest',
  records: async () => {},
});
