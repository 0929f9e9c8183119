import { setImmediate as nextTurn } from 'node:timers/promises';
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';
import { expect, onTestFinished, test } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Durability, PartitionStore } from '../../src/live/durability.ts';
import { Worker } from '../../src/live/worker.ts';
import { type OnlineStore, StoreAwayError } from '../../src/sinks/sink.ts';
import type { LogReader } from '../../src/sources/log-reader.ts';

/** A worker that is to stop while its online store is away. */

const source = defineSource({
  name: 'clicks',
  schema: { user: field.string, at: field.timestampMillis },
  eventTime: { field: 'at' },
  watermark: { maxAhead: null, idleTimeout: '5s' },
});
const group = defineFeatureGroup({
  name: 'users',
  version: 1,
  source,
  entity: 'user',
  every: '10s',
  features: { clicks: count({ last: '10s' }) },
}) as unknown as FeatureGroup;
const PARTITION = { topic: 'clicks', partition: 0 };
const [COMMIT_MS, REPORT_MS, IDLE_CHECK_MS] = [10, 20, 1000];

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

const durability: Durability = {
  acquire: async () => partitionStore,
  commit: async (partitions, flush) => {
    for (const partition of partitions) partition.takeStep();
    await flush();
    return [];
  },
  confirm: async () => [],
  close: async () => {},
};

/** One partition with one record. */
function readerOfOne(): LogReader & { readonly taken: Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  return {
    taken: taken.promise,
    async run(handlers) {
      await handlers.assigned([PARTITION]);
      await handlers.positionOf(PARTITION);
      const value = Buffer.from(JSON.stringify({ user: 'ana', at: 2000 }));
      const records = [{ offset: 0, timestamp: 2000, key: null, value }];
      await handlers.records('clicks', { partition: 0, records }, 1);
      taken.resolve();
      await stopped.promise;
      // Whatever else is under way ends first.
      await nextTurn();
      await handlers.leaving?.();
    },
    commit: async () => {},
    restart: () => {},
    lag: async () => [{ ...PARTITION, position: 1, end: 1, isCurrent: true }],
    stop: async () => stopped.resolve(),
  };
}

/** It takes all in until it is away, and then nothing answers before it is given up. */
class AbsentStore implements OnlineStore {
  isAway = false;
  readonly givenUp = Promise.withResolvers<never>();
  async write() {
    return { accepted: 0, equal: 0, stale: 0 };
  }
  async remember() {
    return this.isAway ? this.givenUp.promise : [];
  }
  async latest() {
    return null;
  }
  async windows() {
    return [];
  }
  async close() {}
}

test('ends well, though a mark waits for the commit that waits for the store', async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));

  const store = new AbsentStore();
  const reader = readerOfOne();
  const timers = new Map<number, () => void>();
  const warnings: string[] = [];
  let now = 0;
  const worker = new Worker({
    groups: [group],
    reader,
    durability,
    store,
    log: { info: () => {}, warn: (_, text) => warnings.push(text) },
    options: {
      app: 'app',
      from: 'earliest',
      commitIntervalMs: COMMIT_MS,
      reportIntervalMs: REPORT_MS,
      maxBatchRecords: 100,
      cacheEntities: 100,
    },
    every: (intervalMs, call) => {
      timers.set(intervalMs, call);
      return () => {};
    },
    clock: { monotonic: () => now, wall: () => now },
  });
  const stop = new AbortController();
  const running = worker.run(stop.signal);
  await reader.taken;
  store.isAway = true;
  timers.get(COMMIT_MS)!();
  now = 60_000;
  timers.get(IDLE_CHECK_MS)!();
  for (let turns = 0; turns < 5; turns++) await nextTurn();

  stop.abort();
  store.givenUp.reject(new StoreAwayError('closed while the store was away', { code: 'STORE_AWAY' }));
  await expect(running).resolves.toMatchObject({ records: 1 });
  await nextTurn();
  expect(warnings).toEqual([expect.stringContaining('closed while the store was away')]);
  expect(unhandled).toEqual([]);
});
