import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Scalar } from '../../src/definitions/definition.ts';
import { readState } from '../../src/offline/manifest.ts';
import { StoreAddition } from '../../src/offline/store-addition.ts';
import { entityText } from '../../src/sinks/entity-text.ts';
import type { OfflineRows } from '../../src/sinks/offline-store.ts';
import { expectedRows, groupOf, type PlainRevision, plainRow } from '../sinks/offline-model.ts';
import { parquet, query, readParquetFile } from '../sinks/offline-reader.ts';
import { addTo, filesOf, type PartitionSlice, storeFolder } from './a-store.ts';

/** A store that replays add to, against a list of all its rows. */

const GROUP = groupOf({ card_id: 'string', shop: 'long' }, { n: 'integer', geo: 'string' });
const BUCKETS = 3;
const POSITIONS = 40;

interface Drawn {
  readonly card: string;
  readonly shop: number;
  readonly day: number;
  readonly version: number;
  readonly timing: number;
  readonly n: number;
  readonly geo: string | null;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  card: fc.constantFrom('', 'a', 'b:c', '%{}', 'é', '\u{10000}'),
  shop: fc.constantFrom(0, -7, Number.MAX_SAFE_INTEGER),
  day: fc.integer({ min: -40, max: 40 }),
  version: fc.integer({ min: 1, max: POSITIONS }),
  timing: fc.nat({ max: 2 }),
  n: fc.nat({ max: 3 }),
  geo: fc.option(fc.constantFrom('x', '')),
});

const DAY_MS = 86_400_000;

/** What a replay makes: one revision of a row for each version at most, and no row twice in one timing on-time. */
function revisionsOf(partition: number, rows: readonly Drawn[]): PlainRevision[] {
  const made = new Map<string, PlainRevision>();
  for (const { card, shop, day, version, timing, n, geo } of rows) {
    const revision = {
      entity: [`${card}${partition}`, shop],
      windowEnd: day * DAY_MS,
      version,
      knownAt: version * 1000,
      timing,
      deleted: false,
      values: [n, geo],
    };
    made.set(JSON.stringify([revision.entity, day, version]), revision);
  }
  return [...made.values()].sort((a, b) => a.version - b.version);
}

const partitionSlice: fc.Arbitrary<PartitionSlice> = fc
  .record({
    partition: fc.nat({ max: 1 }),
    from: fc.constantFrom(1, 1, 1, 5, 20),
    length: fc.integer({ min: 1, max: POSITIONS }),
    rows: fc.array(drawn, { maxLength: 25 }),
  })
  .map(({ partition, from, length, rows }) => {
    const to = from + length;
    const mine = rows.filter(({ version }) => from <= version && version < to);
    const slice = { from, to, holes: [], logTime: to * 1000 };
    return { partition, slice, revisions: revisionsOf(partition, mine) };
  });

/** One addition after the other; in each a partition at most once. */
const additions = fc.array(
  fc.uniqueArray(partitionSlice, { minLength: 1, maxLength: 2, selector: ({ partition }) => partition }),
  { minLength: 1, maxLength: 4 },
);

/** The rows that a store has, position by position. */
class StoreModel {
  readonly #rows: OfflineRows;
  /** By partition and version. */
  readonly #histories = new Map<number, Map<number, number>>();
  #revisions: { readonly partition: number; readonly revision: PlainRevision }[] = [];

  constructor(rows: OfflineRows) {
    this.#rows = rows;
  }

  add({ partition, slice: { from, to }, revisions }: PartitionSlice): void {
    const histories = this.#histories.get(partition) ?? new Map<number, number>();
    this.#histories.set(partition, histories);
    const last = Math.max(...histories.keys());
    const accepted = new Set<number>();
    for (let version = from; version < to; version++) {
      if ((histories.get(version) ?? from) < from && version !== last) continue;
      histories.set(version, from);
      accepted.add(version);
    }
    const kept = this.#revisions.filter(
      (old) => old.partition !== partition || !accepted.has(old.revision.version),
    );
    const added = expectedRows(revisions, this.#rows).filter(({ version }) => accepted.has(version));
    this.#revisions = [...kept, ...added.map((revision) => ({ partition, revision }))];
  }

  rows(): PlainRevision[] {
    const revisions = this.#revisions.map(({ revision }) => revision).sort((a, b) => a.version - b.version);
    if (this.#rows !== 'final') return revisions;
    return [...new Map(revisions.map((row) => [JSON.stringify([row.entity, row.windowEnd]), row])).values()];
  }
}

function texts(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** Where a row belongs, said without the store. */
function folderOf(partition: number, entity: readonly Scalar[], windowEnd: number): string {
  const hash = createHash('md5').update(entityText(entity)).digest('hex').slice(0, 8);
  const bucket = String(Number.parseInt(hash, 16) % BUCKETS).padStart(4, '0');
  const month = new Date(windowEnd).toISOString().slice(0, 7);
  return `source_partition=${partition}/entity_bucket=${bucket}/window_month=${month}`;
}

describe.each(['all', 'revisions', 'final'] as const)('a store of rows %s', (rows) => {
  it('has every row once, of the last replay with the most history, where it belongs', async () => {
    await fc.assert(
      fc.asyncProperty(additions, async (added) => {
        const directory = storeFolder();
        const model = new StoreModel(rows);
        for (const slices of added) {
          await addTo(directory, GROUP, slices, { rows, buckets: BUCKETS });
          for (const slice of slices) model.add(slice);
        }
        const files = filesOf(directory, GROUP);
        const found = await Promise.all(files.map(readParquetFile));
        expect(texts(found.flat())).toEqual(texts(model.rows().map(plainRow)));
        const link = join(directory, GROUP.name, 'v=1');
        for (const [index, file] of files.entries()) {
          const folder = relative(link, dirname(file));
          for (const [card, shop, windowEnd] of found[index] as [string, number, number][]) {
            expect(folderOf(Number(card.at(-1)), [card, shop], windowEnd)).toBe(folder);
          }
        }
        const { manifest } = readState(link)!;
        expect(manifest.files.reduce((sum, file) => sum + file.rows, 0)).toBe(found.flat().length);
        // The same once more changes nothing.
        const again = await addTo(directory, GROUP, added.at(-1)!);
        expect(again.files).toEqual({ written: 0, kept: files.length });
      }),
      { numRuns: 12 },
    );
  });
});

const revision = (version: number, day: number, card = 'a'): PlainRevision => ({
  entity: [card, 1],
  windowEnd: day * DAY_MS,
  version,
  knownAt: version,
  timing: 1,
  deleted: false,
  values: [version, null],
});

function sliceOf(from: number, revisions: readonly PlainRevision[], to: number): PartitionSlice {
  return { partition: 0, slice: { from, to, holes: [], logTime: to }, revisions };
}

test('what comes later is written, and what stays is not written again', async () => {
  const directory = storeFolder();
  const first = [revision(1, 1), revision(2, 40), revision(3, 40, 'b')];
  const { files } = await addTo(directory, GROUP, [sliceOf(1, first, 4)], { buckets: 1 });
  expect(files).toEqual({ written: 2, kept: 0 });
  const longer = await addTo(directory, GROUP, [sliceOf(1, [...first, revision(5, 41)], 6)]);
  expect(longer.files).toEqual({ written: 1, kept: 1 });
  expect(longer.rows).toBe(4);
});

test('the rows of a file are sorted by entity, window_end and version', async () => {
  const directory = storeFolder();
  const rows = [revision(1, 9, 'b'), revision(2, 9, 'a'), revision(3, 2, 'b'), revision(4, 2, 'b')];
  await addTo(directory, GROUP, [sliceOf(1, rows, 5)], { buckets: 1 });
  const [file] = filesOf(directory, GROUP);
  const found = await readParquetFile(file!);
  expect(found.map(([card, , windowEnd, version]) => [card, windowEnd, version])).toEqual([
    ['a', 9 * DAY_MS, 2],
    ['b', 2 * DAY_MS, 3],
    ['b', 2 * DAY_MS, 4],
    ['b', 9 * DAY_MS, 1],
  ]);
});

test('rows of partitions that a replay did not read stay', async () => {
  const directory = storeFolder();
  const other = { ...sliceOf(1, [revision(1, 1, 'b')], 2), partition: 7 };
  await addTo(directory, GROUP, [sliceOf(1, [revision(1, 1)], 2), other]);
  const { rows } = await addTo(directory, GROUP, [sliceOf(1, [revision(1, 1)], 2)]);
  expect(rows).toBe(2);
});

test('an addition that is given up leaves the store as it was, and nothing behind', async () => {
  const directory = storeFolder();
  await addTo(directory, GROUP, [sliceOf(1, [revision(1, 1)], 2)]);
  const before = readState(join(directory, GROUP.name, 'v=1'));
  const addition = await StoreAddition.open({ directory, rows: null, buckets: null }, [GROUP]);
  const opened = await addition.openPartition(GROUP.source, 0);
  await opened.close({ from: 1, to: 9, holes: [], logTime: 9 });
  addition.abort();
  expect(readState(join(directory, GROUP.name, 'v=1'))).toEqual(before);
  expect(readdirSync(join(directory, '.adding'))).toEqual(['lock', 'lock.pid']);
});

test('the state before stays readable until the next addition', async () => {
  const directory = storeFolder();
  const slice = [sliceOf(1, [revision(1, 1)], 2)];
  const states: string[] = [];
  for (let run = 0; run < 3; run++) {
    await addTo(directory, GROUP, slice);
    states.push(readState(join(directory, GROUP.name, 'v=1'))!.folder);
  }
  expect(readdirSync(join(directory, GROUP.name)).sort()).toEqual(['.v=1.000002', '.v=1.000003', 'v=1']);
  expect(new Set(states).size).toBe(3);
});

test('a reader sees one addition or another, also when they are killed', async () => {
  const directory = storeFolder();
  const group = groupOf({ card_id: 'string' }, { n: 'integer' });
  const script = new URL('./adding-process.ts', import.meta.url).pathname;
  const link = join(directory, group.name, 'v=1');
  for (const delayMs of [0, 70, 150]) {
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    for (let read = 0; read < 5; read++) {
      const { folder } = readState(link)!;
      const rows = await query(
        `SELECT count(*)::INTEGER, count(DISTINCT n)::INTEGER FROM ${parquet(`${folder}/*/*/*/*.parquet`)}`,
      );
      expect(rows).toEqual([[300, 1]]);
    }
    await setTimeout(delayMs);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const rows = await query(
      `SELECT count(*)::INTEGER, count(DISTINCT n)::INTEGER FROM ${parquet(`${link}/*/*/*/*.parquet`)}`,
    );
    expect(rows).toEqual([[300, 1]]);
  }
});

describe('a store refuses', () => {
  const slices = [sliceOf(1, [revision(1, 1)], 2)];

  test.each([
    [
      'rows of another definition',
      { ...GROUP, fingerprint: 'ff' },
      {},
      'STORE_DEFINITION',
      /another definition of card_risk:1/,
    ],
    ['other revisions', GROUP, { rows: 'final' }, 'STORE_REFUSED', /keeps --rows all/],
    ['another number of buckets', GROUP, { buckets: 5 }, 'STORE_REFUSED', /has --buckets 16/],
    [
      'other revisions of a new group',
      groupOf({ card_id: 'string', shop: 'long' }, { n: 'integer', geo: 'string' }, 'other'),
      { rows: 'final' },
      'STORE_REFUSED',
      /keeps --rows all/,
    ],
  ] as const)('%s', async (_, group, options, code, message) => {
    const directory = storeFolder();
    await addTo(directory, GROUP, slices);
    await expect(addTo(directory, group, slices, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a folder that holds rows which no addition wrote', async () => {
    const directory = storeFolder();
    mkdirSync(join(directory, 'card_risk/v=1'), { recursive: true });
    writeFileSync(join(directory, 'card_risk/v=1/00000.parquet'), '');
    await expect(addTo(directory, GROUP, slices)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  test('two additions at once', async () => {
    const directory = storeFolder();
    const first = await StoreAddition.open({ directory, rows: null, buckets: null }, [GROUP]);
    await expect(addTo(directory, GROUP, slices)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      message: expect.stringContaining(`by process ${process.pid}`),
    });
    first.abort();
    await addTo(directory, GROUP, slices);
  });

  test.each([
    ['whose link leads nowhere', (link: string) => rmSync(realpathSync(link), { recursive: true })],
    ['whose manifest is torn', (link: string) => writeFileSync(join(link, '_manifest.json'), '{"format":')],
  ])('a state %s', async (_, damage) => {
    const directory = storeFolder();
    await addTo(directory, GROUP, slices);
    const link = join(directory, 'card_risk/v=1');
    damage(link);
    const damaged = { code: 'STORE_DAMAGED', place: { file: link } };
    await expect(addTo(directory, GROUP, slices)).rejects.toMatchObject(damaged);
    expect(() => readState(link)).toThrow(expect.objectContaining(damaged));
  });

  test('a state of another format', async () => {
    const directory = storeFolder();
    await addTo(directory, GROUP, slices);
    writeFileSync(join(directory, 'card_risk/v=1/_manifest.json'), '{"format":2}');
    await expect(addTo(directory, GROUP, slices)).rejects.toMatchObject({ code: 'STORE_FORMAT' });
  });
});
