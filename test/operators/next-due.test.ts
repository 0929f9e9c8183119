import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import { compileGroup } from '../oracle/compile-group.ts';
import { definitionArbitrary } from '../oracle/definition-arbitrary.ts';
import { logArbitrary } from '../oracle/log-arbitrary.ts';
import { logRecordOf } from '../oracle/task-subject.ts';

function taskOf(group: FeatureGroup): { task: Task; partition: SourcePartition } {
  const nowhere = { dropped: () => {}, rejected: () => {} };
  const task = new Task(group, 0, nowhere, null);
  const { source } = group;
  const decoder = createDecoder(source);
  const partition = new SourcePartition({
    source,
    partition: 0,
    decoder,
    tasks: [task],
    rejected: nowhere.rejected,
  });
  return { task, partition };
}

const YEAR_MS = 366 * 86_400_000;

it.each([
  ['steps', 60, 100],
  ['calendars', 20, 20],
  ['sessions', 60, 100],
] as const)(
  'marks at what is due make every row that time alone makes, and none before it: %s',
  (windows, maxLength, numRuns) => {
    const scenario = definitionArbitrary(windows).chain((definition) =>
      fc.record({
        group: fc.constant(compileGroup(definition)),
        log: logArbitrary(definition, { maxLength, partitions: 1 }),
      }),
    );
    fc.assert(
      fc.property(scenario, ({ group, log }) => {
        const { task, partition } = taskOf(group);
        finish(partition.process(log.map(logRecordOf)));
        const { clock } = partition;
        const after = log.at(-1)!.offset;
        const rowsOfMark = (watermark: number): number => {
          task.drained();
          finish(partition.mark({ after, watermark, logTime: clock.logTime }));
          return task.revisions.length;
        };
        while (task.nextDue < Number.POSITIVE_INFINITY) {
          const due = task.nextDue;
          expect(due).toBeGreaterThan(clock.watermark);
          expect(rowsOfMark(due - 1)).toBe(0);
          rowsOfMark(due);
        }
        if (clock.watermark === Number.NEGATIVE_INFINITY) return;
        expect(rowsOfMark(clock.watermark + YEAR_MS)).toBe(0);
      }),
      { numRuns },
    );
  },
);
