import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { TidemarkError } from '../errors.ts';

/** A topic as a worker needs it. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Set when the topic is made. */
  readonly config: Readonly<Record<string, string>>;
  /** What of {@link config} a topic that is there already must have, too. */
  readonly required: readonly string[];
}

/** Nothing may be lost of it by age or size. */
export const KEEP_EVERYTHING = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
} as const;

/** How many partitions each topic has. */
export async function partitionCounts(
  kafka: Kafka,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  return withAdmin(kafka, async (admin) => {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
    return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
  });
}

/**
 * Makes the topics that are missing, with the brokers' replication, and adds partitions where there are too few. One
 * attempt.
 *
 * @throws TidemarkError `TOPIC_UNFIT` for a topic that loses what must be kept
 */
export async function ensureTopics(kafka: Kafka, wanted: readonly WantedTopic[]): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    const missing = wanted.filter(({ name }) => !present.has(name));
    if (missing.length > 0) await create(admin, missing);
    const old = wanted.filter(({ name }) => present.has(name));
    if (old.length === 0) return;
    await checkConfig(admin, old);
    await addPartitions(admin, old);
  });
}

/** Fails while the coordinator of the consumer group is not there. One attempt. */
export async function reachCoordinator(kafka: Kafka, group: string): Promise<void> {
  await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId: group }));
}

async function create(admin: Admin, missing: readonly WantedTopic[]): Promise<void> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: -1,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    })),
  });
}

async function checkConfig(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  const checked = topics.filter(({ required }) => required.length > 0);
  if (checked.length === 0) return;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: checked.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  for (const { name, config, required } of checked) {
    const found = resources.find(({ resourceName }) => resourceName === name);
    for (const key of required) {
      const value = found?.configEntries.find(({ configName }) => configName === key)?.configValue;
      if (value === config[key]) continue;
      throw new TidemarkError(
        `the topic ${name} has ${key}=${value}, and would lose what a worker needs to go on`,
        {
          code: 'TOPIC_UNFIT',
          remedy: `Set it: kafka-configs --alter --topic ${name} --add-config ${key}=${config[key]}`,
        },
      );
    }
  }
}

async function addPartitions(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  const short = topics.filter(
    ({ name, partitions }) => found.find((topic) => topic.name === name)!.partitions.length < partitions,
  );
  if (short.length === 0) return;
  await admin.createPartitions({
    topicPartitions: short.map(({ name, partitions }) => ({ topic: name, count: partitions })),
  });
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    // Of a broken connection nothing is left to close.
    await admin.disconnect().catch(() => {});
  }
}
