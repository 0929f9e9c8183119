import { createRequire } from 'node:module';
import kafkajs, { type Cluster, type Kafka } from 'kafkajs';
import { assert } from '../errors.ts';

const load = createRequire(import.meta.url);

/** A module of kafkajs that it does not export, by its path in `src`: as its pinned version has it. */
export function kafkajsModule<T>(path: string): T {
  return load(`kafkajs/src/${path}`) as T;
}

/** A cluster of brokers, not connected yet, for requests that the library's own clients do not send. */
export function createCluster(kafka: Kafka): Cluster {
  let cluster: Cluster | null = null;
  // The only door to one is that of an assigner; this consumer never joins its group.
  kafka.consumer({
    groupId: 'tidemark-joins-no-group',
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
  });
  assert(cluster !== null, 'kafkajs hands its cluster to the assigners');
  return cluster;
}

/** What mends something in the library, at the first call only. */
export function once(mend: () => void): () => void {
  let isMended = false;
  return () => {
    if (isMended) return;
    isMended = true;
    mend();
  };
}
