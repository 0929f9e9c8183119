import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scalar, Value } from '../../src/definitions/definition.ts';
import type { ReplayOptions } from '../../src/replay/options.ts';
import { replay } from '../../src/replay/replay.ts';
import { join } from '../../src/training/join.ts';
import type { JoinKind } from '../../src/training/options.ts';
import { APP, canHold, hasMarks, writeArchive } from '../oracle/archive.ts';
import { type AsOf, servedAt, truthAt } from '../oracle/as-of.ts';
import { type Definition, definitionArbitrary, SAMPLE, TOPIC } from '../oracle/definition-arbitrary.ts';
import type { WindowKind } from '../oracle/frames.ts';
import { logArbitrary, type WrittenRecord } from '../oracle/log-arbitrary.ts';
import { Oracle } from '../oracle/oracle.ts';

/** Training sets, every row against the oracle's reading of S and P. */

interface SpineRow {
  readonly entity: readonly (Scalar | null)[];
  readonly time: number;
}

interface JoinCase {
  readonly definition: Definition;
  readonly log: readonly WrittenRecord[];
  readonly recordsPerFile: number;
  readonly servingDelayMs: number;
  readonly as: JoinKind;
  /** Where what was served comes from: a store was added to twice, first when the log was shorter. */
  readonly from: 'archive' | 'files' | 'store';
  /** How much of the log there was at first. */
  readonly firstRecords: number;
  readonly spine: readonly SpineRow[];
}

const choice = fc.nat({ max: 9999 });
const spineChoice = fc.record({
  record: choice,
  /** From which of the record's times on. */
  from: fc.constantFrom('event time' as const, 'log time' as const),
  /** How far from there, in thousandths of a step; exactly there quite often. */
  away: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 0, 1, -1).map((ms) => ({ ms, steps: 0 })) },
    { weight: 5, arbitrary: fc.integer({ min: -8000, max: 8000 }).map((steps) => ({ ms: 0, steps })) },
  ),
  unknown: fc.nat({ max: 30 }).map((drawn) => drawn === 0),
});

function joinCase(kind: WindowKind): fc.Arbitrary<JoinCase> {
  return fc
    .record({ definition: definitionArbitrary(kind), partitions: fc.integer({ min: 1, max: 3 }) })
    .chain(({ definition, partitions }) =>
      fc.record({
        definition: fc.constant(definition),
        log: logArbitrary(definition, { maxLength: kind === 'calendars' ? 50 : 100, partitions }),
        recordsPerFile: fc.integer({ min: 1, max: 50 }),
        servingDelayMs: fc.constantFrom(0, 1, 200),
        as: fc.constantFrom('served' as const, 'event-time' as const),
        from: fc.constantFrom('archive' as const, 'files' as const, 'store' as const),
        firstShare: fc.double({ min: 0, max: 1, noNaN: true }),
        chosen: fc.array(spineChoice, { minLength: 1, maxLength: 60, size: 'max' }),
      }),
    )
    .map(({ chosen, firstShare, ...rest }) => {
      const log = rest.log.filter((record) => canHold('avro', record));
      const spine = chosen.map((choice) => spineRow(rest.definition, log, choice));
      return { ...rest, log, spine, firstRecords: Math.max(1, Math.ceil(firstShare * log.length)) };
    })
    .filter(({ log }) => log.length > 0);
}

function spineRow(
  { stepMs, entityFields, idKind }: Definition,
  log: readonly WrittenRecord[],
  { record, from, away, unknown }: typeof spineChoice extends fc.Arbitrary<infer Choice> ? Choice : never,
): SpineRow {
  const { row, eventTime, timestamp } = log[record % log.length]!;
  const time = (from === 'event time' ? eventTime : null) ?? timestamp;
  const unknownId = idKind === 'string' ? 'nobody' : 4711;
  const entity = entityFields.map((field) => {
    if (typeof row === 'string' || unknown) return field === 'id' ? unknownId : 'a';
    return row[field] ?? null;
  });
  return { entity, time: time + away.ms + Math.round((away.steps / 1000) * stepMs) };
}

async function joinedRows({ definition, spine, ...options }: JoinCase): Promise<Record<string, unknown>[]> {
  const directory = mkdtempSync(joinPath(tmpdir(), 'tidemark-join-test-'));
  try {
    const archive = joinPath(directory, 'archive');
    await archiveOf(archive, options.log, options);
    const definitionsFile = joinPath(directory, 'definitions.ts');
    writeFileSync(definitionsFile, definition.text);
    const file = joinPath(directory, 'spine.jsonl');
    const lines = spine.map(({ entity, time }, number) => {
      const fields = definition.entityFields.map((field, index) => [field, entity[index]] as const);
      return JSON.stringify({ number, ...Object.fromEntries(fields), asked_at: time });
    });
    writeFileSync(file, `${lines.join('\n')}\n`);
    const out = joinPath(directory, 'train.jsonl');
    const isOffline = options.as === 'served' && options.from !== 'archive';
    const rows = joinPath(directory, 'rows');
    const journal = hasMarks(options.log) ? APP : null;
    if (isOffline && options.from === 'files') {
      const output = { kind: 'files', directory: rows, format: 'parquet', overwrite: false } as const;
      await replayAll({ definitionsFile, archive, journal, output: { ...output, rows: 'all' } });
    } else if (isOffline) {
      const output = { kind: 'store', directory: rows, rows: 'all', buckets: 3 } as const;
      const shorter = joinPath(directory, 'shorter');
      const first = options.log.slice(0, options.firstRecords);
      await archiveOf(shorter, first, options);
      await replayAll({ definitionsFile, archive: shorter, journal: hasMarks(first) ? APP : null, output });
      await replayAll({ definitionsFile, archive, journal, output });
    }
    const { leaks } = await join({
      definitionsFile,
      spine: file,
      entityTime: 'asked_at',
      spineZone: null,
      from: isOffline ? rows : archive,
      journal: isOffline ? null : journal,
      out,
      as: options.as,
      servingDelayMs: options.servingDelayMs,
      features: [SAMPLE.name],
      fullNames: true,
      withAge: true,
      checkLeaks: true,
      skipCorrupt: false,
      overwrite: false,
    });
    expect(leaks).toMatchObject({ found: 0, first: [] });
    const text = readFileSync(out, 'utf8').trimEnd();
    return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A value as a line of JSON has it. */
function asJson(value: Value | null): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

async function archiveOf(
  folder: string,
  log: readonly WrittenRecord[],
  { recordsPerFile }: { readonly recordsPerFile: number },
): Promise<void> {
  mkdirSync(joinPath(folder, TOPIC), { recursive: true });
  await writeArchive(folder, log, { layout: 'avro', recordsPerFile });
}

async function replayAll(
  options: Pick<ReplayOptions, 'definitionsFile' | 'archive' | 'journal' | 'output'>,
): Promise<void> {
  await replay({ ...options, groups: null, skipCorrupt: false });
}

function ageOf(found: AsOf | null, time: number): number | null {
  return found === null || found.windowEnd === null ? null : time - found.windowEnd;
}

function expectedRows({ definition, spine, log, as, servingDelayMs }: JoinCase): Record<string, unknown>[] {
  const partitions = [...new Set(log.map(({ partition }) => partition))];
  const oracles = partitions.map((partition) => {
    const oracle = new Oracle(definition.group);
    for (const record of log) if (record.partition === partition) oracle.process(record);
    return oracle;
  });
  const revisions = oracles.flatMap((oracle) => oracle.revisions);
  const entities = oracles.flatMap((oracle) => oracle.entities);
  return spine.map(({ entity, time }, number) => {
    const fields = definition.entityFields.map((field, index) => [field, entity[index]] as const);
    let found: AsOf | null = null;
    if (!entity.includes(null)) {
      const key = entity as readonly Scalar[];
      const events = entities.find((each) => each.key.every((field, index) => field === key[index]))?.events;
      found =
        as === 'served'
          ? servedAt(revisions, key, time, servingDelayMs)
          : truthAt(definition.group, events ?? [], time);
    }
    const values = definition.group.features.map(({ name }, index) => [
      `${SAMPLE.name}__${name}`,
      asJson(found?.values[index] ?? null),
    ]);
    return {
      number,
      ...Object.fromEntries(fields),
      asked_at: time,
      ...Object.fromEntries(values),
      [`${SAMPLE.name}__window_end`]: found?.windowEnd ?? null,
      [`${SAMPLE.name}__version`]: found?.version ?? null,
      [`${SAMPLE.name}__known_at`]: found?.knownAt ?? null,
      [`${SAMPLE.name}__age_ms`]: ageOf(found, time),
    };
  });
}

describe.each([
  { kind: 'steps', numRuns: 16 },
  { kind: 'calendars', numRuns: 6 },
  { kind: 'sessions', numRuns: 10 },
] as const)('a training set %o', ({ kind, numRuns }) => {
  it('has in every row what the oracle says', async () => {
    await fc.assert(
      fc.asyncProperty(joinCase(kind), async (joined) => {
        expect(await joinedRows(joined)).toEqual(expectedRows(joined));
      }),
      { numRuns },
    );
  });
});
