import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FeatureGroup, Value } from '../../src/definitions/definition.ts';
import { isVectorValue, VectorJson, vectorText } from '../../src/definitions/value.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import { OfflineStore } from '../../src/sinks/offline-store.ts';
import type { Upsert } from '../../src/sinks/sink.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { groupOf, type PlainRevision, TaskBatch } from '../sinks/offline-model.ts';

/** An online store held against replay's rows where rows are deleted and values are lists and maps. */

const group: FeatureGroup = {
  ...groupOf(
    { card_id: 'string' },
    {
      n: 'integer',
      amounts: { kind: 'list', of: 'number' },
      by_geo: { kind: 'map', key: 'string', value: 'integer' },
      by_rate: { kind: 'map', key: 'number', value: 'string' },
    },
  ),
  grid: { kind: 'session', gapMs: 60_000, maxDurationMs: null },
};

const valuesAt = (n: number): Value[] => [
  n,
  [0.1, 5e-324, 1e21, n],
  new Map([
    ['', n],
    ['10', 1],
    ['9', 2],
    ['__proto__', 3],
    ['\u{feff}a\0"', 4],
  ]),
  new Map([
    [5e-324, '\u{feff}]'],
    [1 / 3, ','],
  ]),
];
const made = (card: string, windowEnd: number, version: number): PlainRevision => ({
  entity: [card],
  windowEnd,
  version,
  knownAt: version,
  timing: 0,
  deleted: false,
  values: valuesAt(version),
});
const deleted = (card: string, windowEnd: number, version: number): PlainRevision => ({
  ...made(card, windowEnd, version),
  deleted: true,
  values: [null, null, null, null],
});

/** c1's session grows; c2's ends anew, and its new row is not made yet; c3's stays. */
const REVISIONS = [
  made('c1', 100, 1),
  made('c2', 100, 2),
  made('c3', 100, 3),
  deleted('c1', 100, 4),
  made('c1', 200, 4),
  deleted('c2', 100, 5),
];

const folder = mkdtempSync(join(tmpdir(), 'tidemark-compare-sessions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let rows: string;
beforeAll(async () => {
  const offline = await OfflineStore.open({
    directory: folder,
    rows: 'all',
    format: 'parquet',
    overwrite: false,
  });
  const { revisions } = await offline.openGroup(group);
  revisions.append(new TaskBatch(group).fill(REVISIONS));
  const [summary] = await offline.finish();
  rows = summary!.directory;
});

async function differencesWith(revisions: readonly PlainRevision[]): Promise<readonly string[]> {
  const store = new SqliteOnlineStore({ file: ':memory:' });
  const upserts = revisions.map(({ timing: _, values, deleted: isDeleted, ...row }): Upsert => {
    const sent = values.map((value) =>
      value !== null && isVectorValue(value) ? new VectorJson(vectorText(value)) : value,
    );
    return {
      ...row,
      ...(isDeleted ? { deleted: true } : {}),
      leave: null,
      values: sent,
      watermark: -Infinity,
    };
  });
  await store.write(group, upserts);
  const { differences } = await compareOnline(group, rows, store);
  await store.close();
  return differences;
}

test('a store that was sent every revision agrees', async () => {
  expect(await differencesWith(REVISIONS)).toEqual([]);
});

test('a row that should be no more is found, whether or not another came in its place', async () => {
  const found = await differencesWith(REVISIONS.filter((revision) => !revision.deleted));
  expect(found).toEqual([
    expect.stringMatching(
      /^card_risk c1 window_end 100 version 1: online .*, replay's final known_at 4 deleted$/,
    ),
    expect.stringMatching(
      /^card_risk c2 window_end 100 version 2: online .*, replay's final known_at 5 deleted$/,
    ),
    expect.stringContaining('card_risk c2 window_end 100 version 2'),
  ]);
});

test('a row that is gone and should not be is found', async () => {
  expect(await differencesWith([...REVISIONS, deleted('c3', 100, 6)])).toEqual([
    'card_risk c3 is not in the online store',
  ]);
});

test.each([
  ['an element', 1, [0.1, 5e-324, 1e21, 4.000000000000001]],
  ['an element too many', 1, [0.1, 5e-324, 1e21, 4, 4]],
  ['a key', 2, new Map([['x', 4]])],
  ['a value of a key', 3, new Map([[5e-324, 'other']])],
] as const)('%s that differs is found', async (_, feature, value) => {
  const found = await differencesWith(
    REVISIONS.map((revision) =>
      revision.windowEnd === 200
        ? { ...revision, values: revision.values.with(feature, value as Value) }
        : revision,
    ),
  );
  expect(found.length).toBeGreaterThan(0);
  expect(found[0]).toMatch(
    /^card_risk c1 window_end 200 version 4: online known_at 4 .*, replay known_at 4 /,
  );
});
