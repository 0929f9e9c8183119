import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_MAX_ENTITY_STATE, type FeatureGroup } from '../../src/definitions/definition.ts';
import { RowFlusher } from '../../src/live/row-flusher.ts';
import type { RevisionBatch } from '../../src/operators/revision.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import { OfflineStore } from '../../src/sinks/offline-store.ts';
import type { OnlineStore } from '../../src/sinks/sink.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { compileGroup } from '../oracle/compile-group.ts';
import { definitionArbitrary } from '../oracle/definition-arbitrary.ts';
import { typed } from '../oracle/lambdas.ts';
import { logArbitrary } from '../oracle/log-arbitrary.ts';
import { logRecordOf } from '../oracle/task-subject.ts';
import { aName } from '../sinks/online-store-contract.ts';

/** Runs a new task over the log; gives its revisions after so many records each, and what is left at the end. */
async function run(
  group: FeatureGroup,
  log: readonly LoggedRecord[],
  batchSizes: readonly number[],
  take: (revisions: RevisionBatch, watermark: number) => Promise<void> | void,
): Promise<void> {
  const task = new Task(group, 0, { dropped: () => {}, rejected: () => {} }, null);
  const { source } = group;
  const partition = new SourcePartition({
    source,
    partition: 0,
    decoder: createDecoder(source),
    tasks: [task],
    rejected: () => {},
  });
  for (let from = 0, batch = 0; from < log.length; batch++) {
    const to = from + batchSizes[batch % batchSizes.length]!;
    for (const { record, marks } of log.slice(from, to)) {
      finish(partition.process([record]));
      for (const mark of marks) finish(partition.mark({ after: record.offset, ...mark }));
    }
    await take(task.revisions, partition.clock.watermark);
    task.drained();
    from = to;
  }
}

/** A worker over the log, that starts with an empty state; each batch may be a write of its own. */
async function work(
  group: FeatureGroup,
  log: readonly LoggedRecord[],
  batches: readonly { readonly size: number; readonly isWritten: boolean }[],
  store: OnlineStore,
): Promise<void> {
  const flusher = new RowFlusher(store);
  let batch = 0;
  await run(
    group,
    log,
    batches.map(({ size }) => size),
    async (revisions, watermark) => {
      flusher.send(group, revisions, watermark);
      if (batches[batch++ % batches.length]!.isWritten) await flusher.settled();
    },
  );
  await flusher.settled();
}

/** A record, and the marks after it. */
interface LoggedRecord {
  readonly record: LogRecord;
  readonly marks: readonly Omit<Mark, 'after'>[];
}

interface Input {
  readonly group: FeatureGroup;
  readonly log: readonly LoggedRecord[];
}

function anyInput(kind: 'steps' | 'sessions'): fc.Arbitrary<Input> {
  return definitionArbitrary(kind).chain((definition) =>
    logArbitrary(definition, { maxLength: 80, partitions: 1 }).map((log) => ({
      group: compileGroup(definition),
      log: log.map((record) => ({ record: logRecordOf(record), marks: record.marks })),
    })),
  );
}

const GAP_MS = 10;

/** Two entities whose sessions grow, join and are corrected all the time. */
const busySessions: fc.Arbitrary<Input> = fc
  .record({
    emit: fc.constantFrom('change', 'close'),
    allowedLatenessMs: fc.constantFrom(0, 15, 60),
    maxOutOfOrdernessMs: fc.constantFrom(0, 8),
    maxDurationMs: fc.constantFrom(null, null, 35),
    records: fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b'),
        step: fc.integer({ min: 0, max: 8 }),
        behind: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
        mark: fc.oneof(
          { weight: 6, arbitrary: fc.constant(null) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 20 }) },
        ),
      }),
      { minLength: 1, maxLength: 80, size: 'max' },
    ),
  })
  .map(({ records, maxDurationMs, ...chosen }) => {
    const group = compileGroup({
      group: {
        ...chosen,
        grid: { kind: 'session', gapMs: GAP_MS, maxDurationMs },
        maxAheadMs: null,
        onNullEventTime: 'reject',
        epoch: 0,
        maxEntityState: DEFAULT_MAX_ENTITY_STATE,
        where: null,
        entity: (row) => [row['id'] ?? null],
        key: null,
        features: [
          {
            name: 'events',
            aggregate: 'count',
            range: { kind: 'session' },
            input: null,
            other: null,
            integer: true,
            parameters: {},
            where: null,
            default: null,
          },
        ],
      },
      lambdas: { where: null, features: [{ inputs: [], where: null }] },
      fields: new Map([
        ['id', typed('string')],
        ['at', typed('timestampMillis')],
      ]),
      entityFields: ['id'],
    });
    let clock = 1_700_000_000_000;
    const log = records.map(({ id, step, behind, mark }, offset): LoggedRecord => {
      clock += step;
      const value = Buffer.from(JSON.stringify({ id, at: clock - behind }));
      return {
        record: { offset, timestamp: clock, key: null, value },
        marks: mark === null ? [] : [{ watermark: clock + mark, logTime: clock + mark }],
      };
    });
    return { group, log };
  });

const batches = fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), isWritten: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

/** What every online store shows of a worker's rows in the end, whatever it stands on. */
export function onlineAgreesWithReplay(open: () => Promise<OnlineStore>): void {
  let online: OnlineStore;
  beforeAll(async () => {
    online = await open();
  });
  afterAll(() => online.close());

  it.each([
    ['windows', anyInput('steps')],
    ['sessions', anyInput('sessions')],
    ['sessions that grow and join', busySessions],
  ])(
    'whatever the batches, and though a worker begins anew, its rows are those of a replay: %s',
    async (_, input) => {
      const scenario = fc.record({
        input,
        // Not long before the end, where rows of before it can still be seen.
        lost: fc.integer({ min: 1, max: 20 }),
        before: batches,
        after: batches,
      });
      await fc.assert(
        fc.asyncProperty(scenario, async ({ input: { log, ...chosen }, lost, before, after }) => {
          const group = { ...chosen.group, name: aName() };
          const directory = mkdtempSync(join(tmpdir(), 'tidemark-agree-'));
          const offline = await OfflineStore.open({
            directory,
            rows: 'all',
            format: 'parquet',
            overwrite: false,
          });
          try {
            await work(group, log.slice(0, -lost), before, online);
            await work(group, log, after, online);
            const { revisions } = await offline.openGroup(group);
            await run(group, log, [log.length], (batch) => revisions.append(batch));
            const [summary] = await offline.finish();
            const { differences } = await compareOnline(group, summary!.directory, online);
            expect(differences).toEqual([]);
          } finally {
            offline.abort();
            rmSync(directory, { recursive: true });
          }
        }),
        { numRuns: 30, interruptAfterTimeLimit: 45_000 },
      );
    },
  );
}
