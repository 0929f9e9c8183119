import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { cellFile, readState, type StoredFile } from '../../src/offline/manifest.ts';
import type { ReplayTarget } from '../../src/replay/options.ts';
import { replay } from '../../src/replay/replay.ts';
import { ScratchDatabase } from '../../src/sinks/scratch-database.ts';
import type { JoinedGroup } from '../../src/training/options.ts';
import { JoinFolder, MIDNIGHT, minutes } from './a-join.ts';

/** Training sets out of rows that replays wrote: what is read of them, and what is refused. */

afterEach(() => {
  vi.restoreAllMocks();
});

async function folderWithRows(output: Partial<ReplayTarget> = {}): Promise<JoinFolder> {
  const folder = new JoinFolder();
  await replayRows(folder, output);
  folder.write('007.csv', `card,ts\n007,${minutes(3)}\n`);
  folder.write('both.csv', `card,ts\n007,${minutes(3)}\nb,${minutes(3)}\n`);
  folder.write('early.csv', `card,ts\n007,${MIDNIGHT}\n`);
  return folder;
}

async function replayRows(folder: JoinFolder, output: Partial<ReplayTarget> = {}): Promise<void> {
  const directory = folder.file('rows');
  await replay({
    definitionsFile: folder.file('definitions.ts'),
    groups: null,
    archive: folder.file('archive'),
    journal: null,
    output: { kind: 'store', directory, rows: 'all', buckets: null, ...output } as ReplayTarget,
    skipCorrupt: false,
  });
}

/** What the archive and the rows of its replay, in files and in a store, all say of a spine. */
async function joinAllWays(
  folder: JoinFolder,
  spine: string,
): Promise<{ readonly group: JoinedGroup; readonly lines: readonly Record<string, unknown>[] }> {
  folder.write('spine.csv', spine);
  const ways = [];
  for (const output of [null, { ...files, rows: 'all' }, {}] as const) {
    if (output !== null) {
      rmSync(folder.file('rows'), { recursive: true, force: true });
      await replayRows(folder, output);
    }
    const from = folder.file(output === null ? 'archive' : 'rows');
    const { groups } = await folder.join({ spine: 'spine.csv', from, overwrite: true });
    const lines = readFileSync(folder.file('train.jsonl'), 'utf8').trimEnd().split('\n');
    ways.push({ group: groups[0]!, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) });
  }
  const [archive, inFiles, inStore] = ways;
  expect(inFiles).toEqual(archive);
  expect(inStore).toEqual(archive);
  return archive!;
}

const files = { kind: 'files', format: 'parquet', overwrite: false } as const;

/** Removes the files of the group's rows of which this is so. */
function loseFiles(folder: JoinFolder, isLost: (file: StoredFile) => boolean): void {
  const state = readState(folder.file('rows/cards/v=1'))!;
  const lost = state.manifest.files.filter(isLost);
  expect(lost.length).toBeGreaterThan(0);
  for (const file of lost) rmSync(join(state.folder, cellFile(file)));
}

/** Enough that the two cards are not in one. */
const BUCKETS = 1000;

function bucketOf(card: string): number {
  return Number.parseInt(createHash('md5').update(card).digest('hex').slice(0, 8), 16) % BUCKETS;
}

test.each([
  ['files', { ...files, rows: 'all' }],
  ['a store', {}],
] as const)('%s say where their log ends', async (_, output) => {
  const folder = await folderWithRows(output);
  folder.write('late.csv', `card,ts\n007,${minutes(10)}\n007,${minutes(11)}\n`);
  const from = folder.file('rows');
  const { groups } = await folder.join({ spine: 'late.csv', from });
  expect(groups[0]).toMatchObject({ answered: 2, nullEntity: 0, afterEnd: 1 });
});

test('rows without an answer are counted by their reason as they are out of the archive', async () => {
  const rows = [
    ['nobody', 5],
    ['', 5],
    ['007', 0],
    ['007', 69],
    ['007', 70],
    ['b', 62],
  ] as const;
  const spine = `card,ts\n${rows.map(([card, minute]) => `${card},${minutes(minute)}`).join('\n')}\n`;
  const { group, lines } = await joinAllWays(new JoinFolder(), spine);
  expect(group).toMatchObject({ answered: 2, withoutRow: 2, expired: 1, nullEntity: 1, afterEnd: 3 });
  expect(lines.map(({ n }) => n)).toEqual([null, null, null, 1, null, 0]);
});

/** A folder whose group `cards` has these options, and whose log these records: times are minutes. */
function folderWith(
  options: string,
  log: readonly { readonly card: string; readonly at: number; readonly known: number }[],
): JoinFolder {
  const folder = new JoinFolder();
  folder.write(
    'definitions.ts',
    `import { count, defineFeatureGroup, defineSource, field } from 'tidemark';
     export const payments = defineSource({
       name: 'payments', key: 'card', schema: { card: field.string, at: field.timestampMillis },
       eventTime: { field: 'at' },
     });
     export const cards = defineFeatureGroup({
       name: 'cards', version: 1, source: payments, entity: 'card', ${options},
     });`,
  );
  const records = log.map(({ card, at, known }, offset) =>
    JSON.stringify({ offset, timestamp: minutes(known), key: card, value: { card, at: minutes(at) } }),
  );
  folder.write(`archive/payments/0/${'0'.repeat(20)}.jsonl`, `${records.join('\n')}\n`);
  return folder;
}

const spineOf007 = (times: readonly number[]) =>
  `card,ts\n${times.map((minute) => `007,${minutes(minute)}`).join('\n')}\n`;

test('a late revision of an older row keeps the latest one from expiring', async () => {
  const folder = folderWith(
    "every: '1m', allowedLateness: '30m', ttl: '1h', features: { n: count({ last: '5m' }) }",
    [
      { card: '007', at: 10, known: 10 },
      { card: 'b', at: 20, known: 20 },
      { card: '007', at: 5, known: 25 },
    ],
  );
  const { group, lines } = await joinAllWays(folder, spineOf007([21, 84, 85]));
  expect(group).toMatchObject({ answered: 2, expired: 1 });
  const latest = minutes(16);
  expect(lines.map(({ cards__window_end }) => cards__window_end)).toEqual([latest, latest, null]);
});

test('while a session that grew after it closed is open, the row before it answers', async () => {
  // At minute 26 the session of minute 20 is closed, at 27 it grows to 29, and at 40 it closes again.
  const folder = folderWith(
    "session: '5m', allowedLateness: '10m', emit: 'close', features: { n: count() }",
    [
      { card: '007', at: 0, known: 0 },
      { card: '007', at: 20, known: 20 },
      { card: 'b', at: 26, known: 26 },
      { card: '007', at: 24, known: 27 },
      { card: 'b', at: 40, known: 40 },
    ],
  );
  const { lines } = await joinAllWays(folder, spineOf007([10, 21, 26.5, 27.5, 39, 41]));
  expect(lines.map(({ cards__window_end, n }) => [cards__window_end, n])).toEqual([
    [null, null],
    [minutes(5), 1],
    [minutes(25), 1],
    [minutes(5), 1],
    [minutes(5), 1],
    [minutes(29), 2],
  ]);
});

test('features may be called as DuckDB calls the places of rows in files', async () => {
  const folder = new JoinFolder();
  const text = readFileSync(folder.file('definitions.ts'), 'utf8')
    .replace('n: count(', 'file_row_number: count(')
    .replace('spent: sum(', 'file_index: sum(');
  folder.write('definitions.ts', text);
  const { lines } = await joinAllWays(folder, `card,ts\n007,${minutes(2)}\n007,${minutes(10)}\n`);
  expect(lines).toMatchObject([
    { file_row_number: 2, file_index: 3.75 },
    { file_row_number: 1, file_index: 4 },
  ]);
});

test('a join that is told to stop writes nothing and says why', async () => {
  const folder = await folderWithRows();
  const stop = new AbortController();
  const run = ScratchDatabase.prototype.run;
  vi.spyOn(ScratchDatabase.prototype, 'run').mockImplementation(function (this: ScratchDatabase, sql) {
    const done = run.call(this, sql);
    if (sql.includes('CREATE TABLE picks_0')) stop.abort(new Error('stopped by SIGINT'));
    return done;
  });
  const joined = folder.join({ spine: '007.csv', from: folder.file('rows'), signal: stop.signal });
  await expect(joined).rejects.toThrow('stopped by SIGINT');
  expect(existsSync(folder.file('train.jsonl'))).toBe(false);
});

test('of a store only the buckets of the entities are read', async () => {
  const folder = await folderWithRows({ buckets: BUCKETS });
  loseFiles(folder, ({ bucket }) => bucket !== bucketOf('007'));
  const from = folder.file('rows');
  expect(await folder.join({ spine: '007.csv', from })).toMatchObject({ groups: [{ answered: 1 }] });
  const failure = { code: 'OFFLINE_ROWS', message: expect.stringMatching(/rows cannot be read: IO Error/) };
  await expect(folder.join({ spine: 'both.csv', from, overwrite: true })).rejects.toMatchObject(failure);
});

test('of a store only what was known in time is read', async () => {
  const folder = await folderWithRows();
  loseFiles(folder, () => true);
  const { groups } = await folder.join({ spine: 'early.csv', from: folder.file('rows') });
  expect(groups[0]).toMatchObject({ withoutRow: 1 });
});

test.each([
  ['files of final rows', { ...files, rows: 'final' }],
  ['a store of final rows', { rows: 'final' }],
] as const)('%s are refused: they do not say what was served when', async (_, output) => {
  const folder = await folderWithRows(output);
  await expect(folder.join({ spine: '007.csv', from: folder.file('rows') })).rejects.toMatchObject({
    code: 'OFFLINE_ROWS',
    message: expect.stringMatching(/rows of --rows final/),
  });
});

test.each([
  ['files', { ...files, rows: 'all' }],
  ['a store', {}],
] as const)('%s of another definition are refused', async (_, output) => {
  const folder = await folderWithRows(output);
  const text = readFileSync(folder.file('definitions.ts'), 'utf8').replace("every: '1m'", "every: '5m'");
  folder.write('others.ts', text);
  const others = { definitionsFile: folder.file('others.ts'), from: folder.file('rows') };
  await expect(folder.join({ spine: '007.csv', ...others })).rejects.toMatchObject({
    code: 'OFFLINE_ROWS',
    message: expect.stringMatching(/another definition of cards:1/),
  });
});

test('rows as JSON lines are refused', async () => {
  const folder = await folderWithRows({ ...files, rows: 'all', format: 'jsonl' });
  await expect(folder.join({ spine: '007.csv', from: folder.file('rows') })).rejects.toMatchObject({
    code: 'OFFLINE_ROWS',
    message: expect.stringMatching(/no rows of cards:1 in Parquet/),
  });
});
