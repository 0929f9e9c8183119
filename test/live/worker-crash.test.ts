import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { count, defineFeatureGroup, defineSource, distinctCount, field, rate } from 'tidemark';
import { afterAll, expect, test } from 'vitest';
import type { FeatureGroup, Scalar } from '../../src/definitions/definition.ts';
import { encodeJson } from '../../src/demo/encode.ts';
import { generateTransactions, TRANSACTION_DEFAULTS } from '../../src/demo/transactions.ts';
import { LocalDurability } from '../../src/live/local-durability.ts';
import { type Every, Worker } from '../../src/live/worker.ts';
import type {
  OnlineRow,
  OnlineStore,
  RememberedPosition,
  Upsert,
  UpsertCounts,
} from '../../src/sinks/sink.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import type { LogHandlers, LogReader, TopicPartition } from '../../src/sources/log-reader.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import type { StateStore, TaskChanges } from '../../src/state/state-store.ts';

/**
 * The commit protocol under crashes at each of its points: rows are written before the state that covers them is
 * committed, so whatever is repeated changes nothing.
 */

const source = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema: {
    card_id: field.string,
    merchant_id: field.string,
    status: field.enum('initiated', 'settled', 'failed'),
    event_ts: field.timestampMillis,
  },
  eventTime: { field: 'event_ts' },
  watermark: { maxOutOfOrderness: '30s', maxAhead: '1m' },
});
const cardRisk = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source,
  entity: 'card_id',
  every: '5m',
  allowedLateness: '10m',
  features: {
    transactions_6h: count({ last: '6h' }),
    failed_rate_1h: rate((t) => t.status === 'failed', { last: '1h' }),
    merchants_6h: distinctCount((t) => t.merchant_id, { last: '6h' }),
  },
}) as unknown as FeatureGroup;
const outing = defineFeatureGroup({
  name: 'outing',
  version: 1,
  source,
  entity: 'card_id',
  session: '25m',
  maxDuration: '2h',
  allowedLateness: '10m',
  features: { transactions: count(), merchants: distinctCount((t) => t.merchant_id) },
}) as unknown as FeatureGroup;
const groups = [cardRisk, outing];

const CARDS = 30;
const PARTITIONS = 2;
const log: LogRecord[][] = [[], []];
for (const transaction of generateTransactions({
  ...TRANSACTION_DEFAULTS,
  seed: 7,
  count: 1200,
  cards: CARDS,
  merchants: 20,
  partitions: PARTITIONS,
  perSecond: 0.02,
  defects: 0.01,
})) {
  const { offset, timestamp, key } = transaction;
  log[transaction.partition]!.push({ offset, timestamp, key, value: encodeJson(transaction) });
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A log in memory, handed over in small batches; now and then the partitions are assigned anew, which commits. */
class MemoryLog implements LogReader {
  async run(handlers: LogHandlers): Promise<void> {
    const partitions: TopicPartition[] = log.map((_, partition) => ({ topic: 'transactions', partition }));
    const assign = async () => {
      await handlers.assigned(partitions);
      const positions = await Promise.all(partitions.map((partition) => handlers.positionOf(partition)));
      return positions.map((position) => (position === 'earliest' ? 0 : Number(position)));
    };
    let positions = await assign();
    for (let batch = 1; positions.some((position, partition) => position < log[partition]!.length); batch++) {
      const partition = batch % PARTITIONS;
      const records = log[partition]!.slice(positions[partition]!, positions[partition]! + 20);
      if (records.length > 0) {
        await handlers.records('transactions', { partition, records }, log[partition]!.length);
        // Time passes until a broker brings the next ones: rows are written meanwhile.
        await nextTurn();
        await nextTurn();
        positions[partition]! += records.length;
      }
      if (batch % 12 === 0) positions = await assign();
    }
    await handlers.leaving?.();
  }
  async commit(): Promise<void> {}
  restart(): void {}
  async lag(): Promise<[]> {
    return [];
  }
  async stop(): Promise<void> {}
}

class Crash extends Error {}

/** Dies at its n-th step; a step is the time just before or just after a write or a commit. */
class Fuse {
  steps = 0;
  readonly #burnsAt: number;
  constructor(burnsAt: number) {
    this.#burnsAt = burnsAt;
  }
  step(): void {
    // What is dead does nothing more.
    if (++this.steps >= this.#burnsAt) throw new Crash();
  }
}

function fragileStore(store: OnlineStore, fuse: Fuse): OnlineStore {
  return {
    async write(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
      fuse.step();
      const counts = await store.write(group, rows);
      fuse.step();
      return counts;
    },
    remember: (positions) => store.remember(positions),
    latest: (group, entity) => store.latest(group, entity),
    windows: (group, entity) => store.windows(group, entity),
    close: async () => {},
  };
}

function fragileState(state: StateStore, fuse: Fuse): StateStore {
  return {
    progress: (task) => state.progress(task),
    entities: (task, range) => state.entities(task, range),
    rows: (task, range) => state.rows(task, range),
    rowsAt: (task, keys) => state.rowsAt(task, keys),
    tasks: (partition) => state.tasks(partition),
    fact: (name) => state.fact(name),
    clear: (partition) => state.clear(partition),
    async commit(changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>): Promise<void> {
      fuse.step();
      await state.commit(changes, facts);
      fuse.step();
    },
    close: async () => {},
  };
}

/** @param every by default a worker commits only when its partitions are assigned */
function worker(state: StateStore, store: OnlineStore, deadLetterDir: string, every?: Every): Worker {
  const reader = new MemoryLog();
  return new Worker({
    groups,
    reader,
    durability: new LocalDurability({ groups, state, reader, deadLetterDir }),
    store,
    log: { info: () => {}, warn: () => {} },
    options: {
      app: 'crashes',
      from: 'earliest',
      commitIntervalMs: 3_600_000,
      reportIntervalMs: 3_600_000,
      maxBatchRecords: 15,
      cacheEntities: 2,
      replaceableAfterMs: 15_000,
    },
    ...(every === undefined ? {} : { every }),
  });
}

/** The rows of each group, card by card. */
async function contents(store: OnlineStore): Promise<(readonly OnlineRow[])[][]> {
  const cards = Array.from({ length: CARDS }, (_, card) => [`c${card}`]);
  return Promise.all(groups.map((group) => Promise.all(cards.map((entity) => store.windows(group, entity)))));
}

/** Partitions take turns as it happens; within one, lines stand in the order of offsets. */
function deadLetters(dir: string): string[][] {
  const names = [
    '_sources/transactions/rejected.jsonl',
    'card_risk/v=1/dropped.jsonl',
    'card_risk/v=1/rejected.jsonl',
    'outing/v=1/dropped.jsonl',
  ];
  return names.flatMap((name) => {
    const lines = readFileSync(join(dir, name), 'utf8').split('\n');
    return log.map((_, partition) => lines.filter((line) => line.includes(`"partition":${partition},`)));
  });
}

const never = new AbortController().signal;

async function undisturbed() {
  const store = new SqliteOnlineStore({ file: ':memory:' });
  const fuse = new Fuse(Number.POSITIVE_INFINITY);
  const dir = join(folder, 'undisturbed');
  await worker(fragileState(new MemoryStateStore(), fuse), fragileStore(store, fuse), dir).run(never);
  return {
    rows: await contents(store),
    latest: await latestRows(store),
    lines: deadLetters(dir),
    steps: fuse.steps,
  };
}

test('a worker that dies at any step of writing and committing leaves what an undisturbed one does', {
  timeout: 240_000,
}, async () => {
  const expected = await undisturbed();
  expect(expected.steps).toBeGreaterThan(50);
  for (const rows of expected.rows) expect(rows.flat().length).toBeGreaterThan(CARDS);
  expect(expected.lines[0]).not.toEqual([]);

  for (let burnsAt = 1; burnsAt <= expected.steps; burnsAt++) {
    const store = new SqliteOnlineStore({ file: ':memory:' });
    const state = new MemoryStateStore();
    const dir = join(folder, `dies-at-${burnsAt}`);
    const fuse = new Fuse(burnsAt);
    await expect(
      worker(fragileState(state, fuse), fragileStore(store, fuse), dir).run(never),
    ).rejects.toThrow(Crash);
    await worker(state, store, dir).run(never);
    expect(await contents(store), `died at step ${burnsAt}`).toEqual(expected.rows);
    expect(deadLetters(dir), `died at step ${burnsAt}`).toEqual(expected.lines);
    await store.close();
  }
});

/** A store whose data can be taken away. */
class ForgetfulStore implements OnlineStore {
  #store = new SqliteOnlineStore({ file: ':memory:' });
  writes = 0;
  remembers = 0;
  forgetsAtRemember = 0;
  readonly #forgetsAt: readonly number[];

  constructor(forgetsAt: readonly number[]) {
    this.#forgetsAt = forgetsAt;
  }
  forget(): void {
    this.#store = new SqliteOnlineStore({ file: ':memory:' });
  }
  async write(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
    if (this.#forgetsAt.includes(++this.writes)) this.forget();
    return this.#store.write(group, rows);
  }
  async remember(positions: readonly RememberedPosition[]) {
    // Meanwhile the worker goes on.
    for (let turns = 0; turns < 3; turns++) await nextTurn();
    if (++this.remembers === this.forgetsAtRemember) this.forget();
    return this.#store.remember(positions);
  }
  latest(group: FeatureGroup, entity: readonly Scalar[]) {
    return this.#store.latest(group, entity);
  }
  windows(group: FeatureGroup, entity: readonly Scalar[]) {
    return this.#store.windows(group, entity);
  }
  close() {
    return this.#store.close();
  }
}

/** The latest row of each card: what a store is filled with again; older ones that are final need not come back. */
async function latestRows(store: OnlineStore) {
  const cards = Array.from({ length: CARDS }, (_, card) => [`c${card}`]);
  return Promise.all(groups.map((group) => Promise.all(cards.map((entity) => store.latest(group, entity)))));
}

test('a store that has lost its data while a worker ran has all rows again', async () => {
  const expected = await undisturbed();
  const { writes } = await runOver(new ForgetfulStore([]), 'remembers');
  expect(writes).toBeGreaterThan(50);
  for (const forgetsAt of [[1], [7], [20, 21], [Math.floor(writes / 2)], [writes - 1], [writes]]) {
    const store = await runOver(new ForgetfulStore(forgetsAt), `forgets-${forgetsAt.join('-')}`);
    expect(await latestRows(store), `lost at write ${forgetsAt}`).toEqual(expected.latest);
  }
});

test('a store has all rows again, too, that were sent between the step that met the loss and the loss', async () => {
  const expected = await undisturbed();
  const busily: Every = (_, commit) => {
    const interval = setInterval(commit, 1);
    return () => clearInterval(interval);
  };
  let losses = 0;
  for (let forgetsAt = 2; losses === forgetsAt - 2; forgetsAt++) {
    const store = new ForgetfulStore([]);
    store.forgetsAtRemember = forgetsAt;
    await worker(new MemoryStateStore(), store, join(folder, `meanwhile-${forgetsAt}`), busily).run(never);
    expect(await latestRows(store), `lost when asked for the ${forgetsAt}th time`).toEqual(expected.latest);
    if (store.remembers >= forgetsAt) losses++;
  }
  expect(losses).toBeGreaterThan(10);
});

test('a store that has lost its data while no worker ran has all rows again when one starts', async () => {
  const expected = await undisturbed();
  const state = new MemoryStateStore();
  const dir = join(folder, 'between');
  const store = new ForgetfulStore([]);
  await worker(state, store, dir).run(never);
  store.forget();
  await worker(state, store, dir).run(never);
  expect(await latestRows(store)).toEqual(expected.latest);
  const { writes } = store;
  await worker(state, store, dir).run(never);
  // What has lost nothing is not filled again.
  expect(store.writes).toBe(writes);
});

async function runOver(store: ForgetfulStore, name: string): Promise<ForgetfulStore> {
  await worker(new MemoryStateStore(), store, join(folder, name)).run(never);
  return store;
}

test('a worker that dies again and again gets through', { timeout: 120_000 }, async () => {
  const expected = await undisturbed();
  const store = new SqliteOnlineStore({ file: ':memory:' });
  const state = new MemoryStateStore();
  const dir = join(folder, 'again');
  let deaths = 0;
  for (;;) {
    const fuse = new Fuse(45 + (deaths % 7));
    try {
      await worker(fragileState(state, fuse), fragileStore(store, fuse), dir).run(never);
      break;
    } catch (error) {
      expect(error).toBeInstanceOf(Crash);
      deaths++;
    }
  }
  expect(deaths).toBeGreaterThan(3);
  expect(await contents(store)).toEqual(expected.rows);
  expect(deadLetters(dir)).toEqual(expected.lines);
});

test('what a worker tells at its end is how its partitions stood', async () => {
  const store = new SqliteOnlineStore({ file: ':memory:' });
  const told = await worker(new MemoryStateStore(), store, join(folder, 'told')).run(never);
  expect(told.watermark).not.toBeNull();
  expect(told.entities).toBeGreaterThan(0);
});
