import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Worker } from '../../src/live/worker.ts';
import { type OnlineStore, StoreAwayError } from '../../src/sinks/sink.ts';
import type { LogReader } from '../../src/sources/log-reader.ts';
import { click, durability, group, PARTITION } from './worker-parts.ts';

/** A worker that is to stop while its online store is away. */

const [COMMIT_MS, REPORT_MS, IDLE_CHECK_MS] = [10, 20, 500];

/** One partition with one record. */
function readerOfOne(): LogReader & { readonly taken: Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  return {
    taken: taken.promise,
    async run(handlers) {
      await handlers.assigned([PARTITION]);
      await handlers.positionOf(PARTITION);
      await handlers.records('clicks', { partition: 0, records: [click(0, 'ana', 2000)] }, 1);
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
      replaceableAfterMs: Number.POSITIVE_INFINITY,
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
