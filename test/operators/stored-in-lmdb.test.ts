import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count, defineFeatureGroup, defineSource, distinctCount, field, max, sum } from 'tidemark';
import { expect, test } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Random } from '../../src/demo/random.ts';
import { Task } from '../../src/operators/task.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { PartitionClock } from '../../src/watermark/partition-clock.ts';

const MINUTE = 60_000;
const CARDS = 400;
const BATCHES = 120;
const BATCH = 100;

const source = defineSource({
  name: 'payments',
  schema: { card: field.string, shop: field.string, amount: field.long, at: field.timestampMillis },
  eventTime: { field: 'at' },
  watermark: { maxOutOfOrderness: '1m', maxAhead: null },
});
const shared = { version: 1, source, entity: 'card', allowedLateness: '10m' } as const;
const windows = defineFeatureGroup({
  ...shared,
  name: 'windows',
  every: '5m',
  features: {
    payments: count({ last: '24h' }),
    spent: sum((p) => p.amount, { last: '1h' }),
    shops: distinctCount((p) => p.shop, { last: '24h' }),
    ever: max((p) => p.amount, { lifetime: true }),
  },
});
const sessions = defineFeatureGroup({
  ...shared,
  name: 'sessions',
  session: '2h',
  features: { payments: count(), shops: distinctCount((p) => p.shop) },
});

test.each([windows, sessions])(
  'a task that holds few of its entities, with commits on their way and stops, makes the rows of one that holds all: $name',
  async (definition) => {
    const group = definition as unknown as FeatureGroup;
    const directory = mkdtempSync(join(tmpdir(), 'tidemark-state-'));
    const id = { group: group.name, version: 1, topic: 'payments', partition: 0 };
    const nowhere = { dropped() {}, rejected() {} };
    let store = LmdbStateStore.open(directory);
    const newTask = () => {
      const { entities } = store;
      return new Task(group, 0, nowhere, { read: entities.bind(store, id), maxEntities: CARDS / 20 });
    };
    const all = new Task(group, 0, nowhere, null);
    let few = newTask();
    let committing: Promise<void> = Promise.resolve();
    const random = new Random(1);
    const clock = new PartitionClock(MINUTE);
    for (let offset = 0; offset < BATCHES * BATCH; offset++) {
      const at = offset * MINUTE - random.below(3) * random.below(8 * MINUTE);
      const row = {
        card: `c${random.below(CARDS)}`,
        shop: `s${random.below(50)}`,
        amount: random.below(1000),
        at,
      };
      const log = { offset, timestamp: offset * MINUTE, key: null, value: null };
      clock.observe(log.timestamp);
      const watermarkBefore = clock.watermark;
      clock.accept(at);
      const { watermark, logTime } = clock;
      for (const task of [all, few]) {
        task.process({ log, row, eventTime: at, watermarkBefore, watermark, logTime });
      }
      if ((offset + 1) % BATCH > 0) continue;

      expect(drain(few)).toEqual(drain(all));
      expect(few.entityCount).toBe(all.entityCount);
      await committing;
      few.stored();
      const progress = few.progress({});
      committing = store.commit([{ task: id, progress, entities: few.takeChanges() }], new Map());
      if ((offset + 1) % (20 * BATCH) > 0) continue;
      await committing;
      await store.close();
      store = LmdbStateStore.open(directory);
      few = newTask();
      few.restore(store.progress(id)!);
    }
    await committing;
    await store.close();
    rmSync(directory, { recursive: true });
  },
);

function drain(task: Task): string[] {
  const { revisions } = task;
  const made = Array.from({ length: revisions.length }, (_, row) => JSON.stringify(revisions.at(row)));
  task.drained();
  return made.sort();
}
