import { expect, test, vi } from 'vitest';
import type { LostPartition } from '../../src/live/durability.ts';
import { Worker } from '../../src/live/worker.ts';
import type { OnlineStore } from '../../src/sinks/sink.ts';
import type { LogHandlers, LogReader, TopicPartition } from '../../src/sources/log-reader.ts';
import { click, durability, group, PARTITION } from './worker-parts.ts';

/** A worker that was paused for so long that it may have been replaced, with records already in its hands. */

const SILENCE_MS = 15_000;

class Cluster {
  now = 0;
  /** What others own by now. */
  taken: readonly TopicPartition[] = [];
  readonly confirmed: number[] = [];
  readonly restarted: TopicPartition[] = [];
  /** Users whose rows were written. */
  readonly written: unknown[] = [];
  readonly #stop = new AbortController();
  readonly #worker: Worker;

  constructor(work: (handlers: LogHandlers, cluster: Cluster) => Promise<void>) {
    const reader: LogReader = {
      run: async (handlers) => {
        await handlers.assigned([PARTITION]);
        await handlers.positionOf(PARTITION);
        await work(handlers, this);
      },
      commit: async () => {},
      restart: (partition) => this.restarted.push(partition),
      lag: async () => [],
      stop: async () => {},
    };
    const store: OnlineStore = {
      write: async (_, rows) => {
        this.written.push(...rows.map(({ entity }) => entity[0]));
        return { accepted: rows.length, equal: 0, stale: 0 };
      },
      remember: async () => [],
      latest: async () => null,
      windows: async () => [],
      close: async () => {},
    };
    this.#worker = new Worker({
      groups: [group],
      reader,
      durability: { ...durability, confirm: async (positions) => this.#confirm(positions.length) },
      store,
      log: { info: () => {}, warn: () => {} },
      options: {
        app: 'app',
        from: 'earliest',
        commitIntervalMs: 1000,
        reportIntervalMs: 1000,
        maxBatchRecords: 100,
        cacheEntities: 100,
        replaceableAfterMs: SILENCE_MS,
      },
      every: () => () => {},
      clock: { monotonic: () => this.now, wall: () => this.now },
    });
  }

  run(): Promise<unknown> {
    return this.#worker.run(this.#stop.signal);
  }

  #confirm(count: number): LostPartition[] {
    this.confirmed.push(count);
    return this.taken.map((each) => ({ ...each, reason: 'fenced', error: new Error('fenced') }));
  }
}

const batch = (offset: number, user: string) => ({
  partition: PARTITION.partition,
  records: [click(offset, user, 2000)],
});

test('sends no row of a partition that somebody else has by now', async () => {
  const cluster = new Cluster(async (handlers, cluster) => {
    await handlers.records(PARTITION.topic, batch(0, 'before'), 2);
    await vi.waitUntil(() => cluster.written.length > 0);
    cluster.now += SILENCE_MS;
    cluster.taken = [PARTITION];
    await handlers.records(PARTITION.topic, batch(1, 'after'), 2);
    await handlers.leaving?.();
  });
  await cluster.run();
  expect(cluster.written).toEqual(['before']);
  expect(cluster.restarted).toEqual([PARTITION]);
});

test('goes on with what is still its own', async () => {
  const cluster = new Cluster(async (handlers, cluster) => {
    cluster.now += SILENCE_MS;
    await handlers.records(PARTITION.topic, batch(0, 'after'), 1);
    await handlers.leaving?.();
  });
  await cluster.run();
  expect(cluster.written).toEqual(['after']);
  expect(cluster.confirmed).toEqual([1]);
});

test('asks nobody while it has turns', async () => {
  const cluster = new Cluster(async (handlers, cluster) => {
    for (let offset = 0; offset < 10; offset++) {
      cluster.now += SILENCE_MS / 3;
      await handlers.records(PARTITION.topic, batch(offset, 'ana'), 10);
    }
  });
  await cluster.run();
  expect(cluster.confirmed).toEqual([]);
});
