import { count, defineFeatureGroup, defineSource, field } from 'tidemark';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Durability, PartitionStore } from '../../src/live/durability.ts';
import type { LogRecord } from '../../src/sources/record.ts';

/** What a worker needs besides what a test is about: a group, and a durability that keeps nothing. */

export function groupOver(name: string, idleTimeout: string | null): FeatureGroup {
  const source = defineSource({
    name,
    topic: 'clicks',
    schema: { user: field.string, at: field.timestampMillis },
    eventTime: { field: 'at' },
    watermark: { maxAhead: null, idleTimeout },
  });
  return defineFeatureGroup({
    name: `${name}_group`,
    version: 1,
    source,
    entity: 'user',
    every: '10s',
    features: { clicks: count({ last: '10s' }) },
  }) as unknown as FeatureGroup;
}

export const group = groupOver('clicks', '5s');
export const PARTITION = { topic: 'clicks', partition: 0 };

export function click(offset: number, user: string, at: number): LogRecord {
  return { offset, timestamp: at, key: null, value: Buffer.from(JSON.stringify({ user, at })) };
}

const partitionStore: PartitionStore = {
  progress: () => null,
  entities: () => [],
  copies: () => [],
  journal: { read: async function* () {}, write: async () => 1 },
  rejectedBySource: () => {},
  rejectedByGroup: () => {},
  dropped: () => {},
  revised: () => {},
  pendingBytes: 0,
  release: async () => {},
};

export const durability: Durability = {
  acquire: async () => partitionStore,
  commit: async (partitions, flush) => {
    for (const partition of partitions) partition.takeStep();
    await flush();
    return [];
  },
  confirm: async () => [],
  close: async () => {},
};
