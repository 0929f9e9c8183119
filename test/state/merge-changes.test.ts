import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import { mergeChanges } from '../../src/state/merge-changes.ts';
import type { EntityState, TaskChanges, TaskId } from '../../src/state/state-store.ts';

const PARTITION = { topic: 'clicks', partition: 7 };
const tasks: readonly TaskId[] = [
  { group: 'users', version: 1, ...PARTITION },
  { group: 'pages', version: 3, ...PARTITION },
];
// Few different bytes, so that keys are equal, begin alike, or with each other.
const key = fc
  .array(fc.constantFrom(0, 1, 97, 255), { maxLength: 10 })
  .map((bytes) => Uint8Array.from([7, ...bytes]));
const entries = fc.array(
  fc.record({ key, state: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: null }) }),
  { maxLength: 12 },
);
const changes: fc.Arbitrary<TaskChanges> = fc.record({
  task: fc.constantFrom(...tasks),
  progress: fc.option(
    fc.nat().map((nextOffset) => ({
      ...{ fingerprint: 'f', nextOffset, watermark: 0, logTime: 0, commit: 1, entities: 1, counters: {} },
    })),
    { nil: null },
  ),
  entities: entries,
  rows: entries,
});

async function storeWith(batches: readonly (readonly TaskChanges[])[]): Promise<unknown> {
  const store = new MemoryStateStore();
  for (const batch of batches) await store.commit(batch, new Map());
  return tasks.map((task) => [store.progress(task), [...store.entities(task)], [...store.rows(task)]]);
}

test('changes have the same effect merged as one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { maxLength: 8 }), async (all) => {
      const merged = mergeChanges(all);
      expect(new Set(merged.map(({ task }) => task.group)).size).toBe(merged.length);
      expect(await storeWith([merged])).toEqual(await storeWith(all.map((each) => [each])));
    }),
  );
});

test('entries come in the order of their keys, as far as six bytes tell it', () => {
  const keys = Array.from({ length: 5000 }, (_, index) => `card-${(index * 7919) % 5000}`);
  const entities = keys.map((each): EntityState => ({ key: Buffer.from(each), state: null }));
  const [merged] = mergeChanges([{ task: tasks[0]!, progress: null, entities }]);
  expect([...merged!.entities].map((each) => Buffer.from(each.key).toString())).toEqual(keys.toSorted());
});
