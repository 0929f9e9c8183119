import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChangelogPacker, unpackChanges } from '../../src/state/changelog-pack.ts';
import { PartJoiner } from '../../src/state/changelog-parts.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import type { TaskId } from '../../src/state/state-store.ts';

const PARTITION = { topic: 'clicks', partition: 7 };
const tasks: readonly TaskId[] = [
  { group: 'users', version: 1, ...PARTITION },
  { group: 'users', version: 12, ...PARTITION },
  { group: 'pages', version: 3, ...PARTITION },
];
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const time = fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), fc.integer());
const progress = fc.record({
  fingerprint: fc.string(),
  nextOffset: fc.maxSafeNat(),
  watermark: time,
  logTime: time,
  commit: fc.nat(),
  entities: fc.nat(),
  counters: fc.dictionary(fc.constantFrom('late', 'dropped'), fc.nat()),
});
const entry = fc.record({
  kind: fc.constant('entry' as const),
  task: fc.constantFrom(...tasks),
  table: fc.constantFrom('chunks' as const, 'rows' as const),
  key: bytes(4),
  state: fc.option(fc.oneof({ weight: 9, arbitrary: bytes(50) }, bytes(400_000)), { nil: null }),
});
const step = fc.record({
  kind: fc.constant('progress' as const),
  task: fc.constantFrom(...tasks),
  progress,
});

function contents(store: MemoryStateStore): unknown {
  return tasks.map((task) => ({
    progress: store.progress(task),
    chunks: [...store.entities(task)],
    rows: [...store.rows(task)],
  }));
}

test('what is packed is unpacked in the same order, whatever the sizes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: entry }, step), { maxLength: 60 }),
      async (all) => {
        const packer = new ChangelogPacker();
        const direct = new MemoryStateStore();
        for (const each of all) {
          if (each.kind === 'progress') packer.progress(each.task, each.progress);
          else packer.put(each.task, each.table, each.key, each.state);
          const changes = each.kind === 'entry' ? [{ key: each.key, state: each.state }] : [];
          await direct.commit(
            [
              {
                task: each.task,
                progress: each.kind === 'progress' ? each.progress : null,
                entities: each.kind === 'entry' && each.table === 'chunks' ? changes : [],
                rows: each.kind === 'entry' && each.table === 'rows' ? changes : [],
              },
            ],
            new Map(),
          );
        }
        const unpacked = new MemoryStateStore();
        const joiner = new PartJoiner();
        for (const [offset, value] of packer.take().entries()) {
          const record = joiner.take({ offset, value });
          if (record !== null) await unpacked.commit(unpackChanges(record, PARTITION), new Map());
        }
        expect(joiner.begun).toBe(null);
        expect(contents(unpacked)).toEqual(contents(direct));
        expect(packer.take()).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test('large changes go in several records', () => {
  const packer = new ChangelogPacker();
  for (let index = 0; index < 30; index++) {
    packer.put(tasks[0]!, 'chunks', Buffer.from([index]), Buffer.alloc(100_000));
  }
  const records = packer.take();
  expect(records.length).toBeGreaterThan(4);
  for (const record of records) expect(record.length).toBeLessThan(700_000);
});

test('an entry of any size goes in parts that every broker takes', () => {
  for (const length of [0, 899_000, 900_000, 1_600_000, 20_000_000]) {
    const packer = new ChangelogPacker();
    const state = Buffer.alloc(length, 7);
    packer.put(tasks[0]!, 'chunks', Buffer.from('large'), state);
    packer.put(tasks[1]!, 'rows', Buffer.from('small'), null);
    const joiner = new PartJoiner();
    const changes = packer.take().flatMap((value, offset) => {
      expect(value.length).toBeLessThanOrEqual(900_000);
      const record = joiner.take({ offset: offset + 40, value });
      expect(joiner.begun).toBe(record === null ? 40 : null);
      return record === null ? [] : unpackChanges(record, PARTITION);
    });
    const [large, small] = changes;
    expect(large!.task).toEqual(tasks[0]);
    expect(state.equals([...large!.entities][0]!.state!)).toBe(true);
    expect(small).toMatchObject({ task: tasks[1], rows: [{ key: Buffer.from('small'), state: null }] });
  }
});

test('a record of another format is refused with what to do', () => {
  expect(() => unpackChanges(new Uint8Array([9, 1, 2]), PARTITION)).toThrow(
    /the changelog of clicks has format 9, this version reads 2/,
  );
});
