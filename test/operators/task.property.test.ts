import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Revision } from '../../src/operators/revision.ts';
import { compileGroup } from '../oracle/compile-group.ts';
import { definitionArbitrary } from '../oracle/definition-arbitrary.ts';
import { logArbitrary } from '../oracle/log-arbitrary.ts';
import { Oracle } from '../oracle/oracle.ts';
import { type DriverStep, TaskSubject } from '../oracle/task-subject.ts';

interface Driving {
  /** What the driver does after a record. */
  readonly after: readonly DriverStep[];
  /** The task forgets entities that are stored when it holds more; null: it holds all. */
  readonly maxEntities: number | null;
  /** Entities are woken one by one, and this is done in between; absent: all at once. */
  readonly between?: readonly DriverStep[];
}

const batches = (...steps: DriverStep[]) =>
  fc.array(fc.constantFrom(...steps), { maxLength: 30, size: 'max' });

const drivings: readonly (readonly [string, fc.Arbitrary<Driving>])[] = [
  ['in one batch', fc.constant({ after: [], maxEntities: null })],
  ['record by record', fc.constant({ after: ['drain'], maxEntities: null })],
  ['stopped and started after every record', fc.constant({ after: ['restore'], maxEntities: null })],
  [
    'in batches, with stops',
    fc.record({
      after: batches('go on', 'drain', 'commit', 'restore'),
      maxEntities: fc.constant(null),
    }),
  ],
  [
    'holding few entities, committed after every record',
    fc.record({ after: fc.constant(['commit', 'drain'] as const), maxEntities: fc.nat(2) }),
  ],
  [
    'holding few entities, in batches, with commits on their way and stops',
    fc.record({
      after: batches('go on', 'drain', 'take', 'store', 'commit', 'restore'),
      maxEntities: fc.nat(2),
    }),
  ],
  [
    'waking entities one by one, stopped and started in between',
    fc.constant({ after: ['commit'], maxEntities: 0, between: ['restore'] } as const),
  ],
  [
    'holding few entities, waking them one by one, with commits on their way and stops in between',
    fc.record({
      after: batches('go on', 'drain', 'take', 'store', 'commit', 'restore'),
      maxEntities: fc.nat(2),
      between: batches('go on', 'drain', 'take', 'store', 'commit', 'restore'),
    }),
  ],
];

/** Calendars cost the oracle much more: it looks at every window. */
const FRAMES = [
  { windows: 'steps', maxLength: 80, numRuns: 250 },
  { windows: 'calendars', maxLength: 50, numRuns: 40 },
  { windows: 'sessions', maxLength: 80, numRuns: 250 },
] as const;
type Frames = (typeof FRAMES)[number];

function caseArbitrary(drivingArbitrary: fc.Arbitrary<Driving>, frames: Frames) {
  const { windows, maxLength } = frames;
  return definitionArbitrary(windows).chain((definition) =>
    fc.record({
      definition: fc.constant(definition),
      log: logArbitrary(definition, { maxLength, partitions: 1 }),
      driving: drivingArbitrary,
    }),
  );
}

function mapsAsEntries(_: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}

/** As texts in a fixed order: the revisions of one record are a set. */
function asSet(revisions: readonly Revision[]): string[] {
  return revisions.map((revision) => JSON.stringify(revision, mapsAsEntries)).sort();
}

describe.each(FRAMES)(
  'with $windows a task makes the revisions that the oracle makes, record by record',
  (frames) => {
    it.each(drivings)('%s', (_, drivingArbitrary) => {
      fc.assert(
        fc.property(caseArbitrary(drivingArbitrary, frames), ({ definition, log, driving }) => {
          const oracle = new Oracle(definition.group);
          const { after, maxEntities, between } = driving;
          let slice = 0;
          const task = new TaskSubject(compileGroup(definition), {
            ...(maxEntities === null ? {} : { maxEntities }),
            ...(between === undefined
              ? {}
              : {
                  entitiesPerSlice: 1,
                  betweenSlices: () => between[slice++ % between.length] ?? 'go on',
                }),
          });
          for (const [index, record] of log.entries()) {
            const { offset } = record;
            const expected = asSet(oracle.process(record));
            expect({ offset, made: asSet(task.process(record)) }).toEqual({ offset, made: expected });
            const step = after[index % after.length] ?? 'go on';
            if (step !== 'go on') task[step]();
          }
          task.end();
          expect(task.dropped).toEqual(oracle.dropped);
          expect(task.rejected).toEqual(oracle.rejected);
          expect(task.counters).toEqual({
            records: oracle.counters.accepted - oracle.counters.filtered - oracle.counters.rejectedByGroup,
            rejected: oracle.counters.rejectedByGroup,
            late: oracle.counters.late,
            partlyLate: oracle.counters.partlyLate,
            dropped: oracle.counters.dropped,
          });
        }),
        { numRuns: frames.numRuns },
      );
    });
  },
);
