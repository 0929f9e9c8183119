import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiedRows, RowCopies } from '../../src/live/row-copies.ts';
import type { Upsert } from '../../src/sinks/sink.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import { aGroup } from '../sinks/a-group.ts';

/** What is kept of the rows that were sent, to fill a store again that has lost them. */

const group = aGroup({ name: 'g', allowedLatenessMs: 100, features: { n: 'integer' } });
const task = { group: 'g', version: group.version, topic: 't', partition: 0 };

const sentRow = fc.record({
  entity: fc.constantFrom('a', 'a,b', 'ä"\n').map((text) => [text]),
  windowEnd: fc.integer({ min: -3, max: 20 }).map((step) => step * group.allowedLatenessMs),
  leave: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null }),
  deleted: fc.boolean(),
});

test('after any steps the copies are the latest row of an entity and those that can still be revised, deleted or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(sentRow, { maxLength: 8 }), { maxLength: 6 }), async (steps) => {
      const state = new MemoryStateStore();
      const copies = new RowCopies(state);
      /** By entity, by window_end. */
      const model = new Map<string, Map<number, Upsert>>();
      let version = 0;
      for (const [index, step] of steps.entries()) {
        const watermark = index * 4 * group.allowedLatenessMs;
        const rows = step.map(({ deleted, ...row }): Upsert => {
          version++;
          const common = { ...row, version, knownAt: version, watermark };
          return deleted ? { ...common, deleted: true, values: [null] } : { ...common, values: [version] };
        });
        for (const row of rows) {
          const name = row.entity[0] as string;
          const ofEntity = model.get(name) ?? new Map<number, Upsert>();
          ofEntity.set(row.windowEnd, row.deleted === true ? { ...row, leave: null } : row);
          model.set(name, ofEntity);
        }
        for (const name of new Set(rows.map(({ entity }) => entity[0] as string))) {
          const ofEntity = model.get(name)!;
          const live = [...ofEntity.values()].filter((row) => row.deleted !== true);
          const latest = Math.max(...live.map(({ windowEnd }) => windowEnd));
          for (const end of ofEntity.keys()) {
            if (end <= watermark - group.allowedLatenessMs && end !== latest) ofEntity.delete(end);
          }
        }
        const progress = {
          fingerprint: '',
          nextOffset: version,
          watermark,
          logTime: version,
          commit: index,
          entities: 0,
          counters: {},
        };
        const changes = await copies.complete({
          topic: 't',
          partition: 0,
          position: version,
          changes: [{ task, progress, entities: [] }],
          sent: [{ task, group, rows }],
        });
        await state.commit(changes, new Map());
        const kept = [...copiedRows(state, task, group)].flat();
        const expected = [...model.values()].flatMap((ofEntity) => [...ofEntity.values()]);
        expect(inOrder(kept)).toEqual(inOrder(expected.map((row) => ({ ...row, watermark }))));
      }
    }),
  );
});

function inOrder(rows: readonly Upsert[]): readonly Upsert[] {
  return [...rows].sort(
    (a, b) =>
      (a.entity[0]! < b.entity[0]! ? -1 : a.entity[0]! > b.entity[0]! ? 1 : 0) || a.windowEnd - b.windowEnd,
  );
}
