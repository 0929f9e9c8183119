import { join } from 'node:path';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { LocalDurability } from '../../src/live/local-durability.ts';
import { Worker } from '../../src/live/worker.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import type { OnlineStore, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';
import { KafkaLogReader } from '../../src/sources/kafka-log.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { parameters, tell } from './parameters.ts';

/**
 * A worker as `tidemark run` puts it together, over a topic that is filled already: from its first record to the
 * one after which everything is taken in, flushed and committed.
 */
const options = parameters<{
  definitionsFile: string;
  brokers: string;
  /** Null: a store that only counts. */
  redisUrl: string | null;
  folder: string;
  app: string;
  records: number;
  commitIntervalMs: number;
}>();

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
const store =
  options.redisUrl === null ? new CountingStore() : await openRedisStore({ url: options.redisUrl });
const state = LmdbStateStore.open(join(options.folder, 'state'));
const reader = new KafkaLogReader({
  kafka: { brokers: options.brokers.split(','), ssl: null, sasl: null },
  group: options.app,
  topics: [groups[0]!.source.topic],
  log,
});
const worker = new Worker({
  groups,
  reader,
  durability: new LocalDurability({
    groups,
    state,
    reader,
    deadLetterDir: join(options.folder, 'dead-letters'),
  }),
  store,
  log,
  options: {
    app: options.app,
    from: 'earliest',
    commitIntervalMs: options.commitIntervalMs,
    reportIntervalMs: 5000,
    maxBatchRecords: 10_000,
    cacheEntities: 250_000,
  },
});

let cpu: NodeJS.CpuUsage | null = null;
let start = 0;
let taken = 0;
const end = new AbortController();
const takeRecords = worker.records.bind(worker);
worker.records = async (topic, batch, highWatermark) => {
  if (cpu === null) {
    cpu = process.cpuUsage();
    start = performance.now();
  }
  await takeRecords(topic, batch, highWatermark);
  taken += batch.records.length;
  if (taken === options.records) end.abort();
};
const summary = await worker.run(end.signal);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu ?? undefined);
const upserts = summary.upserts.accepted + summary.upserts.equal + summary.upserts.stale;
const revisions = Object.values(summary.revisions).reduce((sum, count) => sum + count, 0);
tell({
  perSecond: taken / seconds,
  cpuUs: (user + system) / taken,
  revisionsPerEvent: revisions / taken,
  upsertsPerEvent: upserts / taken,
  rssMb: process.memoryUsage.rss() / 2 ** 20,
});
await store.close();
await state.close();
