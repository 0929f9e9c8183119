import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenRows } from '../../src/sinks/offline-open-rows.ts';

test('open rows hold what a map by entity and window end would hold, through any sets and deletes', () => {
  // Windows a day apart crowd some slots; a table that is never full still has runs of neighbours to move up.
  const step = fc.record({
    entity: fc.nat(40),
    window: fc.integer({ min: -20, max: 20 }),
    remove: fc.boolean(),
    deleted: fc.constantFrom(0, 1),
    value: fc.double({ noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
      const rows = new OpenRows(2);
      const model = new Map<string, number[]>();
      for (const [version, { entity, window, remove, deleted, value }] of steps.entries()) {
        const windowEnd = window * 86_400_000;
        const key = `${entity} ${windowEnd}`;
        if (remove) {
          rows.delete(entity, windowEnd);
          model.delete(key);
        } else {
          rows.set(
            entity,
            windowEnd,
            version,
            version + 5,
            deleted,
            Float64Array.of(9, value, Number.NaN),
            1,
          );
          model.set(key, [entity, windowEnd, version, version + 5, deleted, value, Number.NaN]);
        }
        expect(rows.size).toBe(model.size);
      }
      const drained = new Map<string, number[]>();
      rows.drain((entity, windowEnd, version, knownAt, deleted, values, at) =>
        drained.set(`${entity} ${windowEnd}`, [
          entity,
          windowEnd,
          version,
          knownAt,
          deleted,
          values[at]!,
          values[at + 1]!,
        ]),
      );
      expect(drained).toEqual(model);
      expect(rows.size).toBe(0);
    }),
    { numRuns: 30 },
  );
});
