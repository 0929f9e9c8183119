import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cellFile, readState, type StoredFile } from '../../src/offline/manifest.ts';
import type { ReplayTarget } from '../../src/replay/options.ts';
import { replay } from '../../src/replay/replay.ts';
import { JoinFolder, MIDNIGHT, minutes } from './a-join.ts';

/** Training sets out of rows that replays wrote: what is read of them, and what is refused. */

async function folderWithRows(output: Partial<ReplayTarget> = {}): Promise<JoinFolder> {
  const folder = new JoinFolder();
  const directory = folder.file('rows');
  await replay({
    definitionsFile: folder.file('definitions.ts'),
    groups: null,
    archive: folder.file('archive'),
    journal: null,
    output: { kind: 'store', directory, rows: 'all', buckets: null, ...output } as ReplayTarget,
    skipCorrupt: false,
  });
  folder.write('007.csv', `card,ts\n007,${minutes(3)}\n`);
  folder.write('both.csv', `card,ts\n007,${minutes(3)}\nb,${minutes(3)}\n`);
  folder.write('early.csv', `card,ts\n007,${MIDNIGHT}\n`);
  return folder;
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
