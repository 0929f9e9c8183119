import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FeatureGroup, Scalar, Value } from '../../src/definitions/definition.ts';
import { compareElements } from '../../src/definitions/value.ts';
import { type OfflineOptions, OfflineStore } from '../../src/sinks/offline-store.ts';
import {
  expectedRows,
  groupOf,
  jsonRow,
  keyOf,
  type PlainRevision,
  plainRow,
  TaskBatch,
} from './offline-model.ts';
import { filesIn, parquet, query, readJsonl, readParquet } from './offline-reader.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidemark-offline-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

type Overrides = Partial<OfflineOptions>;

function open(options: Overrides = {}): Promise<OfflineStore> {
  return OfflineStore.open({ directory, rows: 'all', format: 'parquet', overwrite: false, ...options });
}

/** Writes the revisions in batches of `size`, from two tasks by turns, and returns the summary. */
async function write(
  group: FeatureGroup,
  revisions: readonly PlainRevision[],
  options: Overrides = {},
  size = 7,
) {
  const store = await open(options);
  const { revisions: writer } = await store.openGroup(group);
  const tasks = [new TaskBatch(group), new TaskBatch(group)];
  for (let at = 0, turn = 0; at < revisions.length; at += size, turn++) {
    writer.append(tasks[turn % 2]!.fill(revisions.slice(at, at + size)));
  }
  const [summary] = await store.finish();
  return summary!;
}

const groupDirectory = (): string => join(directory, 'card_risk', 'v=1');

const mixedGroup = groupOf(
  { card_id: 'string', merchant: 'long', online: 'boolean' },
  {
    n: 'integer',
    mean: 'number',
    last_geo: 'string',
    any: 'boolean',
    tags: { kind: 'list', of: 'string' },
    amounts: { kind: 'list', of: 'number' },
    by_geo: { kind: 'map', key: 'string', value: 'integer' },
    by_hour: { kind: 'map', key: 'integer', value: 'number' },
  },
);

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x));
const time = fc.oneof(
  fc.integer({ min: -3, max: 3 }).map((x) => x * 60_000),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 1_700_000_000_123, -1),
);
const text = fc.oneof(
  fc.constantFrom('', 'a', '\u{ffff}', '\u{10000}', 'é', 'a\0b', '"\n'),
  fc.string({ unit: 'binary' }),
);
const nullable = (arbitrary: fc.Arbitrary<Scalar>) => fc.option(arbitrary, { nil: null });
const list = (of: fc.Arbitrary<Scalar>): fc.Arbitrary<Value> => fc.array(of, { maxLength: 3 });
const map = <K extends string | number>(
  key: fc.Arbitrary<K>,
  value: fc.Arbitrary<number>,
): fc.Arbitrary<Value> =>
  fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([one]) => one })
    .map((entries) => new Map(entries.sort(([a], [b]) => compareElements(a, b))));

/**
 * In the order in which tasks make them: versions never fall, and a row's revisions are early ones, then at most
 * one on time, then late ones.
 */
const revisionLog: fc.Arbitrary<PlainRevision[]> = fc
  .record({
    entities: fc.array(fc.tuple(text, fc.maxSafeInteger(), fc.boolean()), { minLength: 1, maxLength: 6 }),
    steps: fc.array(
      fc.record({
        entity: fc.nat(),
        windowEnd: time,
        knownAt: time,
        timing: fc.integer({ min: 0, max: 2 }),
        deleted: fc.boolean(),
        gap: fc.constantFrom(1, 1, 1, 2 ** 43),
        values: fc.tuple(
          nullable(fc.maxSafeInteger()),
          nullable(double),
          nullable(text),
          nullable(fc.boolean()),
          list(text),
          list(double),
          map(fc.oneof(text, fc.constantFrom('__proto__', '10', '9')), fc.maxSafeInteger()),
          map(fc.maxSafeInteger(), double),
        ),
      }),
      { maxLength: 60 },
    ),
  })
  .map(({ entities, steps }) => {
    const closed = new Set<string>();
    let version = 0;
    return steps.flatMap(({ entity: index, gap, ...rest }) => {
      version += gap;
      const entity = entities[index % entities.length]!;
      const rowKey = `${keyOf(entity)} ${rest.windowEnd}`;
      const timing = closed.has(rowKey) ? 2 : rest.timing;
      if (timing > 0) closed.add(rowKey);
      const deleted = timing !== 1 && rest.deleted;
      const values = deleted ? rest.values.map(() => null) : rest.values;
      const revision = { ...rest, timing, entity, version, deleted, values };
      // Early, then on-time by a mark: two revisions of one version.
      return timing === 1 && index % 3 === 0 ? [{ ...revision, timing: 0 }, revision] : [revision];
    });
  });

describe.each(['final', 'revisions', 'all'] as const)('rows %s', (rows) => {
  test('are the ones that a plain filter and sort give, as Parquet', async () => {
    await fc.assert(
      fc.asyncProperty(revisionLog, fc.boolean(), async (log, tight) => {
        // With hardly any memory entities get several numbers, and early rows of `final` are stored and superseded.
        const limits = tight ? { maxEntities: 2, maxOpenRows: 3, maxRowsPerFile: 5 } : {};
        const summary = await write(mixedGroup, log, { rows, overwrite: true, limits });
        const expected = expectedRows(log, rows).map(plainRow);
        expect(await readParquet(summary.directory)).toEqual(expected);
        expect(summary.rows).toBe(expected.length);
      }),
      { numRuns: 40 },
    );
  });

  test('are the same as JSONL', async () => {
    await fc.assert(
      fc.asyncProperty(revisionLog, async (log) => {
        const summary = await write(mixedGroup, log, { rows, overwrite: true, format: 'jsonl' });
        expect(readJsonl(summary.directory).rows).toEqual(expectedRows(log, rows).map(jsonRow));
      }),
      { numRuns: 25 },
    );
  });
});

const revision = (change: Partial<PlainRevision> = {}): PlainRevision => ({
  entity: ['c1'],
  windowEnd: 60_000,
  version: 1,
  knownAt: 5,
  timing: 1,
  deleted: false,
  values: [1],
  ...change,
});

const plainGroup = groupOf({ card_id: 'string' }, { n: 'integer' });
const doubleGroup = groupOf({ card_id: 'string' }, { x: 'number' });

const COLUMNS = ['card_id', 'window_end', 'version', 'known_at', 'timing', 'deleted', 'n'];

test('a Parquet file has the named columns, with times as UTC milliseconds', async () => {
  await write(plainGroup, [revision()]);
  const [file] = filesIn(groupDirectory(), '.parquet');
  const schema = await query(
    `SELECT name, type, converted_type, logical_type FROM parquet_schema('${file}')`,
  );
  const columns = schema.slice(1);
  expect(columns.map(([name]) => name)).toEqual(COLUMNS);
  const types = Object.fromEntries(columns.map(([name, type, converted]) => [name, [type, converted]]));
  expect(types).toEqual({
    card_id: ['BYTE_ARRAY', 'UTF8'],
    window_end: ['INT64', 'TIMESTAMP_MILLIS'],
    version: ['INT64', 'INT_64'],
    known_at: ['INT64', 'TIMESTAMP_MILLIS'],
    timing: ['BYTE_ARRAY', 'UTF8'],
    deleted: ['BOOLEAN', null],
    n: ['INT64', 'INT_64'],
  });
  for (const column of columns.filter(([, , converted]) => converted === 'TIMESTAMP_MILLIS')) {
    expect(column[3]).toMatch(/isAdjustedToUTC=1, unit=TimeUnit\(MILLIS=MilliSeconds/);
  }
});

test('a JSONL line holds integer milliseconds and the shortest doubles', async () => {
  const group = groupOf(
    { card_id: 'string', at: 'timestampMillis' },
    { x: 'number', geo: 'string', n: 'integer' },
  );
  await write(
    group,
    [revision({ entity: ['c"1', -5], version: 2 ** 43 + 1, values: [1e21, null, Number.MAX_SAFE_INTEGER] })],
    { format: 'jsonl' },
  );
  expect(readFileSync(join(groupDirectory(), '00000.jsonl'), 'utf8')).toBe(
    '{"card_id":"c\\"1","at":-5,"window_end":60000,"version":8796093022209,"known_at":5,"timing":"on-time",' +
      '"deleted":false,"x":1e+21,"geo":null,"n":9007199254740991}\n',
  );
});

test.each(['parquet', 'jsonl'] as const)('doubles survive to the bit in %s', async (format) => {
  const values = [
    5e-324,
    0.1 + 0.2,
    Number.MAX_VALUE,
    -Number.MIN_VALUE,
    1 / 3,
    2 ** 53 + 2,
    1e-7,
    123456789.123,
  ];
  const log = values.map((x, index) => revision({ version: index + 1, values: [x] }));
  await write(doubleGroup, log, { format });
  const rows = format === 'parquet' ? await readParquet(groupDirectory()) : readJsonl(groupDirectory()).rows;
  expect(rows.map((row) => row.at(-1))).toEqual(values);
});

const vectorGroup = groupOf(
  { card_id: 'string' },
  {
    ns: { kind: 'list', of: 'integer' },
    xs: { kind: 'list', of: 'number' },
    tags: { kind: 'list', of: 'string' },
    flags: { kind: 'list', of: 'boolean' },
    by_geo: { kind: 'map', key: 'string', value: 'integer' },
    by_x: { kind: 'map', key: 'number', value: 'boolean' },
  },
);
const vectors = [
  [9007199254740991, -9007199254740991],
  [5e-324, 0.1 + 0.2, Number.MAX_VALUE, 1e21],
  ['', 'a\0b', '\u{feff}x', '"\\]', 'null'],
  [true, false],
  new Map([
    ['', 1],
    ['10', 2],
    ['9', 3],
    ['__proto__', 4],
  ]),
  new Map([
    [5e-324, true],
    [0.1 + 0.2, false],
  ]),
];
const emptyVectors = [[], [], [], [], new Map(), new Map()];

test('lists and maps are columns of their own kinds in Parquet', async () => {
  await write(vectorGroup, [revision({ values: vectors }), revision({ version: 2, values: emptyVectors })]);
  const [file] = filesIn(groupDirectory(), '.parquet');
  const described = await query(`DESCRIBE SELECT * EXCLUDE (card_id) FROM ${parquet(file!)}`);
  expect(described.slice(5).map(([name, type]) => [name, type])).toEqual([
    ['ns', 'BIGINT[]'],
    ['xs', 'DOUBLE[]'],
    ['tags', 'VARCHAR[]'],
    ['flags', 'BOOLEAN[]'],
    ['by_geo', 'MAP(VARCHAR, BIGINT)'],
    ['by_x', 'MAP(DOUBLE, BOOLEAN)'],
  ]);
  // What reads the rows here drops a byte order mark in front of a text.
  const asRead = vectors.with(2, ['', 'a\0b', 'x', '"\\]', 'null']);
  expect((await readParquet(groupDirectory())).map((row) => row.slice(6))).toEqual([asRead, emptyVectors]);
  expect(await query(`SELECT hex(tags[3]) FROM ${parquet(file!)} WHERE version = 1`)).toEqual([['EFBBBF78']]);
});

test('lists and maps are arrays and objects in JSONL, maps in the order of their keys', async () => {
  await write(vectorGroup, [revision({ values: vectors }), revision({ version: 2, values: emptyVectors })], {
    format: 'jsonl',
  });
  const features = readFileSync(join(groupDirectory(), '00000.jsonl'), 'utf8')
    .split('\n')
    .map((line) => line.slice(line.indexOf('"ns"')));
  expect(features).toEqual([
    '"ns":[9007199254740991,-9007199254740991],"xs":[5e-324,0.30000000000000004,1.7976931348623157e+308,1e+21],' +
      '"tags":["","a\\u0000b","\u{feff}x","\\"\\\\]","null"],"flags":[true,false],' +
      '"by_geo":{"":1,"10":2,"9":3,"__proto__":4},"by_x":{"5e-324":true,"0.30000000000000004":false}}',
    '"ns":[],"xs":[],"tags":[],"flags":[],"by_geo":{},"by_x":{}}',
    '',
  ]);
});

test('a row that was deleted stays among the final ones, marked, whenever it was deleted', async () => {
  const log = [
    // Early, and no more before its window closed.
    revision({ windowEnd: 1, version: 1, timing: 0 }),
    revision({ windowEnd: 1, version: 2, timing: 0, deleted: true, values: [null] }),
    // On time, and no more after that.
    revision({ windowEnd: 2, version: 3 }),
    revision({ windowEnd: 2, version: 4, timing: 2, deleted: true, values: [null] }),
    // Deleted and made again.
    revision({ windowEnd: 3, version: 5, timing: 0 }),
    revision({ windowEnd: 3, version: 6, timing: 0, deleted: true, values: [null] }),
    revision({ windowEnd: 3, version: 7, timing: 1 }),
  ];
  await write(plainGroup, log, { rows: 'final' });
  const rows = await readParquet(groupDirectory());
  expect(
    rows.map(([, windowEnd, version, , timing, deleted, n]) => [windowEnd, version, timing, deleted, n]),
  ).toEqual([
    [1, 2, 'early', true, null],
    [2, 4, 'late', true, null],
    [3, 7, 'on-time', false, 1],
  ]);
});

test('entities are sorted by their UTF-8 bytes, not by UTF-16 units', async () => {
  const names = ['\u{10000}', '\u{ffff}', 'Z', 'a', 'ab', '', '\u{e9}'];
  await write(
    plainGroup,
    names.map((name, index) => revision({ entity: [name], version: index + 1 })),
  );
  const rows = await readParquet(groupDirectory());
  expect(rows.map(([name]) => name)).toEqual(['', 'Z', 'a', 'ab', '\u{e9}', '\u{ffff}', '\u{10000}']);
});

test('a byte order mark at the start of a text is part of it', async () => {
  const names = ['a', '\u{feff}a'];
  await write(
    plainGroup,
    names.map((name, index) => revision({ entity: [name], version: index + 1 })),
    { format: 'jsonl' },
  );
  expect(readJsonl(groupDirectory()).rows.map(([name]) => name)).toEqual(names);
});

test('numbers and booleans of an entity keep their type and sort by value', async () => {
  const group = groupOf({ a: 'int', b: 'boolean', c: 'double', d: 'timestampMillis' }, { n: 'integer' });
  const entities: Scalar[][] = [
    [10, true, 0.5, -1],
    [9, true, 2, 0],
    [10, false, 9, 0],
    [-1, false, 0, 0],
    [10, true, -0.5, 0],
  ];
  await write(
    group,
    entities.map((entity, index) => revision({ entity, version: index + 1 })),
  );
  const file = filesIn(groupDirectory(), '.parquet')[0];
  const types = await query(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${parquet(file!)}) LIMIT 4`,
  );
  expect(types.map(([, type]) => type)).toEqual(['INTEGER', 'BOOLEAN', 'DOUBLE', 'TIMESTAMP WITH TIME ZONE']);
  expect(await query(`SELECT a, b, c, epoch_ms(d)::INTEGER FROM ${parquet(file!)}`)).toEqual([
    [-1, false, 0, 0],
    [9, true, 2, 0],
    [10, false, 9, 0],
    [10, true, -0.5, 0],
    [10, true, 0.5, -1],
  ]);
});

test('a group without rows still has a file with the schema, and empty dead-letter files', async () => {
  const summary = await write(plainGroup, []);
  expect(readdirSync(groupDirectory()).sort()).toEqual(['00000.parquet', 'dropped.jsonl', 'rejected.jsonl']);
  expect(readFileSync(join(groupDirectory(), 'dropped.jsonl'), 'utf8')).toBe('');
  expect(readFileSync(join(groupDirectory(), 'rejected.jsonl'), 'utf8')).toBe('');
  const described = await query(`DESCRIBE SELECT * FROM ${parquet(`${groupDirectory()}/00000.parquet`)}`);
  expect(described.map(([name]) => name)).toEqual(COLUMNS);
  expect(summary).toMatchObject({ rows: 0, revisions: { early: 0, 'on-time': 0, late: 0 } });
});

test('many rows go to several files; an entity is never split, and the order goes on from file to file', async () => {
  const log = Array.from({ length: 200 }, (_, index) =>
    revision({ entity: [`c${index % 23}`], version: index + 1, windowEnd: index * 60_000 }),
  );
  const summary = await write(plainGroup, log, { limits: { maxRowsPerFile: 30 } });
  expect(summary.files.length).toBeGreaterThan(3);
  expect(await readParquet(groupDirectory())).toEqual(expectedRows(log, 'all').map(plainRow));
  const spread = await query(
    `SELECT max(n) FROM (SELECT count(DISTINCT filename) n FROM read_parquet('${groupDirectory()}/*.parquet', filename = true) GROUP BY card_id)`,
  );
  expect(spread).toEqual([[1n]]);
});

test('rows that do not fit into memory are sorted through the disk', async () => {
  const group = groupOf({ card_id: 'string' }, { x: 'number', y: 'number', z: 'number' });
  const store = await open({ memoryLimitBytes: 48 * 2 ** 20, threads: 1 });
  const { revisions } = await store.openGroup(group);
  const task = new TaskBatch(group);
  const rows = 1_200_000;
  const entities = 5_000;
  const step = task.fill(
    Array.from({ length: entities }, (_, index) =>
      revision({ entity: [`card-${index}`], values: [0, 0, 0] }),
    ),
  );
  for (let version = 1; version <= rows; ) {
    for (let row = 0; row < entities; row++, version++) {
      step.version[row] = version;
      step.windowEnd[row] = ((version * 7919) % 1000) * 60_000;
      for (let i = 0; i < 3; i++) step.values[row * 3 + i] = Math.sin(version + i);
    }
    revisions.append(step);
  }
  await store.finish();
  // Rows are compared with the one before them, in file order.
  const [[count, wrong, sum]] = (await query(`
    SELECT count(*), count(*) FILTER (before > this), sum(version)::DOUBLE
    FROM (SELECT version, (card_id, window_end, version) AS this, lag((card_id, window_end, version)) OVER () AS before
          FROM ${parquet(`${groupDirectory()}/*.parquet`)})`)) as [[bigint, bigint, number]];
  expect([count, wrong, sum]).toEqual([BigInt(rows), 0n, (rows * (rows + 1)) / 2]);
});

describe('the output directory', () => {
  test('holds nothing of a run before it is finished, nor after it is given up', async () => {
    const store = await open();
    const { revisions, dropped } = await store.openGroup(plainGroup);
    revisions.append(new TaskBatch(plainGroup).fill([revision()]));
    dropped.write({
      partition: 0,
      offset: 1,
      timestamp: 2,
      eventTime: 3,
      watermark: 4,
      missedFirst: 5,
      missedLast: 6,
      missedCount: 1,
    });
    expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual([]);
    store.abort();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('with rows is refused, and left as it is', async () => {
    await write(plainGroup, [revision()]);
    const before = readFileSync(join(groupDirectory(), '00000.parquet'));
    const store = await open();
    await expect(store.openGroup(plainGroup)).rejects.toMatchObject({
      code: 'OFFLINE_OUTPUT_EXISTS',
      place: { file: groupDirectory() },
      remedy: expect.stringContaining('--overwrite'),
    });
    store.abort();
    expect(readFileSync(join(groupDirectory(), '00000.parquet'))).toEqual(before);
  });

  test('is replaced as a whole when that is allowed', async () => {
    await write(plainGroup, [revision(), revision({ entity: ['c2'] })], { limits: { maxRowsPerFile: 1 } });
    expect(filesIn(groupDirectory(), '.parquet')).toHaveLength(2);
    await write(plainGroup, [revision({ entity: ['c3'] })], { overwrite: true });
    expect((await readParquet(groupDirectory())).map(([entity]) => entity)).toEqual(['c3']);
    expect(readdirSync(directory)).toEqual(['card_risk']);
  });

  test('keeps other groups and versions', async () => {
    await write(plainGroup, [revision()]);
    await write(groupOf({ card_id: 'string' }, { n: 'integer' }, 'other'), [revision()]);
    await write({ ...plainGroup, version: 2 }, [revision()]);
    expect(readdirSync(directory).sort()).toEqual(['card_risk', 'other']);
    expect(readdirSync(join(directory, 'card_risk')).sort()).toEqual(['v=1', 'v=2']);
  });

  test('is cleaned of what a killed run left, but not of what a living one writes', async () => {
    const gone = join(directory, '.partial-2147483647-0');
    mkdirSync(gone);
    writeFileSync(join(gone, 'x'), 'x');
    const living = await open();
    const other = await open();
    expect(readdirSync(directory)).toHaveLength(2);
    living.abort();
    other.abort();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a run that is killed holds everything or nothing, and takes the next run', async () => {
    const script = new URL('./offline-writing-process.ts', import.meta.url).pathname;
    for (let delayMs = 0; delayMs < 500; delayMs += 70) {
      const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await setTimeout(delayMs);
      child.kill('SIGKILL');
      await once(child, 'close');
      if (existsSync(groupDirectory())) {
        expect(await query(`SELECT count(*) FROM ${parquet(`${groupDirectory()}/*.parquet`)}`)).toEqual([
          [100_000n],
        ]);
      }
      await write(plainGroup, [revision()], { overwrite: true });
      expect(readdirSync(directory)).toEqual(['card_risk']);
      rmSync(groupDirectory(), { recursive: true });
    }
  });

  test('that cannot be made is named', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(open({ directory: join(file, 'out') })).rejects.toMatchObject({
      code: 'OFFLINE_WRITE_FAILED',
      place: { file: join(file, 'out') },
    });
  });
});

test('a group of several sources and groups share one store', async () => {
  const other = groupOf({ card_id: 'string' }, { geo: 'string' }, 'other');
  const store = await open();
  const first = await store.openGroup(plainGroup);
  const second = await store.openGroup(other);
  const { rejected } = store.openSource(plainGroup.source);
  first.revisions.append(new TaskBatch(plainGroup).fill([revision({ values: [7] })]));
  second.revisions.append(new TaskBatch(other).fill([revision({ values: ['IN'] })]));
  expect(rejected.count).toBe(0);
  const summaries = await store.finish();
  expect(summaries.map(({ group, rows }) => [group.name, rows])).toEqual([
    ['card_risk', 1],
    ['other', 1],
  ]);
  expect((await readParquet(join(directory, 'other', 'v=1'))).map((row) => row.at(-1))).toEqual(['IN']);
  expect(readFileSync(join(directory, '_sources', 'transactions', 'rejected.jsonl'), 'utf8')).toBe('');
});
