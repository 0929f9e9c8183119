import { join } from 'node:path';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { createDurability } from '../../src/live/create-durability.ts';
import type { Durability } from '../../src/live/durability.ts';
import type { DurabilityOptions } from '../../src/live/options.ts';
import { Worker } from '../../src/live/worker.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import type { OnlineStore, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';
import { KafkaLogReader } from '../../src/sources/kafka-log.ts';
import { deadLettersTopic, lateTopic } from '../../src/state/internal-topics.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import type { WorkerParameters } from '../worker-process.ts';
import { NoDurability } from './no-durability.ts';
import { parameters, tell } from './parameters.ts';

/**
 * A worker as `tidemark run` puts it together: from its first record after those that warm it up to the one after
 * which everything is taken in, flushed and committed. It says when it is warm.
 */
const options = parameters<WorkerParameters>();
const { app, folder, warmUp, records } = options;
/** The longest interval that timers know. */
const NEVER_MS = 2 ** 31 - 1;

/** Takes rows as a store does and forgets them: what a worker costs without a sink. */
class CountingStore implements OnlineStore {
  async write(_: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
    return { accepted: rows.length, equal: 0, stale: 0 };
  }
  async remember(): Promise<[]> {
    return [];
  }
  async latest(): Promise<null> {
    return null;
  }
  async windows(): Promise<readonly []> {
    return [];
  }
  async close(): Promise<void> {}
}

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const { groups } = await loadDefinitions(options.definitionsFile);
const topics = [groups[0]!.source.topic];
const kafka = { brokers: options.brokers.split(','), ssl: null, sasl: null };
const store =
  options.redisUrl === null ? new CountingStore() : await openRedisStore({ url: options.redisUrl });
const state = LmdbStateStore.open(join(folder, 'state'));
const reader = new KafkaLogReader({ kafka, group: app, topics, log });
const worker = new Worker({
  groups,
  reader,
  durability: durabilityOf(options.durability),
  store,
  log,
  options: {
    app,
    from: 'earliest',
    commitIntervalMs: options.durability === 'none' ? NEVER_MS : options.commitIntervalMs,
    reportIntervalMs: 5000,
    maxBatchRecords: 10_000,
    cacheEntities: 250_000,
    replaceableAfterMs: 15_000,
  },
});

function durabilityOf(kind: WorkerParameters['durability']): Durability {
  if (kind === 'none') return new NoDurability();
  const local: DurabilityOptions = { kind: 'local', deadLetterDir: join(folder, 'dead-letters') };
  const shared: DurabilityOptions = {
    kind: 'kafka',
    deadLettersTopic: deadLettersTopic(app),
    lateTopic: lateTopic(app),
    revisionsTopic: null,
    standby: false,
  };
  const durability = kind === 'local' ? local : shared;
  return createDurability({ app, kafka, durability }, { groups, state, reader, topics, log });
}

function usageNow(): { atMs: number; cpuUs: number } {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), cpuUs: user + system };
}

let before: ReturnType<typeof usageNow> | null = null;
let lastTaken: ReturnType<typeof usageNow> | null = null;
let taken = 0;
const end = new AbortController();
const takeRecords = worker.records.bind(worker);
worker.records = async (topic, batch, highWatermark) => {
  if (taken === warmUp) before ??= usageNow();
  await takeRecords(topic, batch, highWatermark);
  taken += batch.records.length;
  if (taken === warmUp) tell({ warm: true });
  if (taken < warmUp + records) return;
  lastTaken = usageNow();
  end.abort();
};
const summary = await worker.run(end.signal);
// What keeps nothing encodes the whole state at its end all the same, which is no part of the work.
const after = options.durability === 'none' ? lastTaken! : usageNow();
const { accepted, equal, stale } = summary.upserts;
const revisions = Object.values(summary.revisions).reduce((sum, count) => sum + count, 0);
tell({
  perSecond: (records * 1000) / (after.atMs - before!.atMs),
  cpuUs: (after.cpuUs - before!.cpuUs) / records,
  revisionsPerEvent: revisions / taken,
  upsertsPerEvent: (accepted + equal + stale) / taken,
  rssMb: process.memoryUsage.rss() / 2 ** 20,
});
await store.close();
await state.close();
