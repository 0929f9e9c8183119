import { KafkaLogReader } from '../../src/sources/kafka-log.ts';

/**
 * Follows a topic until it is killed, with a long session, and with heartbeats where a topic for them is named. Prints a
 * line when it has its partitions.
 */
const [brokers, group, topic, memberFile, heartbeats] = process.argv.slice(2) as [
  ...[string, string, string, string],
  string | undefined,
];
const silent = () => {};
await new KafkaLogReader({
  kafka: { brokers: brokers.split(','), ssl: null, sasl: null },
  group,
  topics: [topic],
  log: { debug: silent, info: silent, warn: silent, error: silent },
  sessionTimeoutMs: 300_000,
  memberFile,
  heartbeats: heartbeats === undefined ? null : { topic: heartbeats, isWatching: false },
}).run({
  assigned: async (partitions) => {
    process.stdout.write(`assigned ${partitions.length}\n`);
  },
  positionOf: async () => 'earliest',
  records: async () => {},
});
