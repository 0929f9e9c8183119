import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProofSummary } from '../../src/proof/options.ts';
import { ArchiveWriter } from '../../src/sources/archive-writer.ts';
import { type Change, ServedCards } from './served-cards.ts';

/** What a proof says of an honest served log, and of faults that are planted. */

const ZONE: Change = ["zone: 'Asia/Kolkata'", "zone: 'UTC'"];
const CONSTANT: Change = ['> 50_000', '> 20_000'];
const LENGTH: Change = ["n_1h: count({ last: '1h' })", "n_1h: count({ last: '2h' })"];

interface EditedEntry {
  window_end: number;
  version: number;
  known_at: number;
  readonly values: Record<string, unknown>;
}

function total(summary: ProofSummary, name: 'proven' | 'withoutRow' | 'beyondEnd' | 'different'): number {
  return summary.groups.reduce((sum, group) => sum + group[name], 0);
}

/** The features that have differing values, of all groups. */
function differingFeatures({ groups }: ProofSummary): string[] {
  return groups.flatMap(({ features }) =>
    features.filter(({ different }) => different > 0).map(({ feature }) => feature),
  );
}

/** Changes the first line of the log that is of a row of the group, and says where it stands. */
function editLine(
  cards: ServedCards,
  group: string,
  edit: (entry: EditedEntry) => void,
): { file: string; line: number } {
  for (const name of readdirSync(cards.file('served')).sort()) {
    const file = join(cards.file('served'), name);
    const lines = readFileSync(file, 'utf8').split('\n');
    const index = lines.findIndex(
      (line) => line.includes(`"group":"${group}"`) && !line.includes('"version":null'),
    );
    if (index === -1) continue;
    const entry = JSON.parse(lines[index]!);
    edit(entry);
    lines[index] = JSON.stringify(entry);
    writeFileSync(file, lines.join('\n'));
    return { file, line: index + 1 };
  }
  throw new Error('the log has no such line');
}

test('what was served is what the log makes', async () => {
  const cards = await ServedCards.make();
  const summary = await cards.prove();
  expect(summary).toMatchObject({ isProven: true, differences: [], others: [], torn: [], answer: null });
  expect(readdirSync(cards.file('served')).length).toBeGreaterThan(3);
  expect(summary.answers).toBe(total(summary, 'proven') + total(summary, 'withoutRow'));
  for (const group of summary.groups) {
    expect(group.proven).toBeGreaterThan(500);
    expect(group.withoutRow).toBeGreaterThanOrEqual(30);
    for (const feature of group.features)
      expect(feature).toMatchObject({ compared: group.proven, different: 0 });
  }
});

test.each([
  ['a changed constant', CONSTANT, ['large_1h']],
  ['a shifted zone', ZONE, ['spent_today']],
  ['an older definition', LENGTH, ['n_1h']],
])('a worker with %s is found by its values', async (_, change, features) => {
  const cards = await ServedCards.make({ worker: change });
  const summary = await cards.prove();
  expect(summary.isProven).toBe(false);
  expect(differingFeatures(summary)).toEqual(features);
});

test.each([
  ['a changed constant', CONSTANT],
  ['a shifted zone', ZONE],
])('%s since then is another definition', async (_, change) => {
  const cards = await ServedCards.make();
  const honest = await cards.prove();
  cards.write('changed.ts', change);
  const summary = await cards.prove({ definitionsFile: cards.file('changed.ts') });
  expect(summary).toMatchObject({
    isProven: false,
    answers: honest.answers,
    groups: [honest.groups[1]],
    others: [{ group: 'cards', version: 1, answers: honest.groups[0]!.answers, first: { line: 1 } }],
    differences: [],
  });
  const [{ fingerprint, defined }] = summary.others as [ProofSummary['others'][number]];
  expect(defined).toMatch(/^[0-9a-f]{64}$/);
  expect(fingerprint).not.toBe(defined);
});

test('answers of a group that is no more are counted', async () => {
  const cards = await ServedCards.make();
  cards.write('changed.ts', ["name: 'outings'", "name: 'trips'"]);
  const summary = await cards.prove({ definitionsFile: cards.file('changed.ts') });
  expect(summary).toMatchObject({
    isProven: false,
    others: [{ group: 'outings', version: 2, defined: null }],
  });
});

test('a partition that the archive lacks is found', async () => {
  const cards = await ServedCards.make();
  const honest = await cards.prove();
  rmSync(cards.file('archive/transactions/1'), { recursive: true });
  const summary = await cards.prove();
  expect(summary.isProven).toBe(false);
  expect(total(summary, 'different')).toBeGreaterThan(300);
  expect(total(summary, 'proven')).toBeLessThan(total(honest, 'proven'));
  expect(summary.differences[0]).toMatchObject({
    problem: expect.stringContaining('the log makes no such row'),
    replayed: null,
  });
});

test.each<[string, string, (entry: EditedEntry) => void, string, string[]]>([
  ['a value', 'cards', ({ values }) => (values['n_1h'] = 99), 'the log makes other values of n_1h', ['n_1h']],
  ['a null', 'outings', ({ values }) => (values['n'] = null), 'the log makes other values of n', ['n']],
  [
    'an entry of a map',
    'cards',
    ({ values }) => (values['by_status_1h'] = { settled: 99 }),
    'the log makes other values of by_status_1h',
    ['by_status_1h'],
  ],
  [
    'the window',
    'cards',
    (entry) => (entry.window_end += 300_000),
    'the log makes no such row at version',
    [],
  ],
  ['the version', 'cards', (entry) => (entry.version += 1), 'the log makes no such row at version', []],
  ['the log time', 'cards', (entry) => (entry.known_at += 1), 'the log makes the row at log time', []],
])('%s that was edited by hand is found, and shown beside what the log makes', async (...fault) => {
  const [, group, edit, problem, differing] = fault;
  const cards = await ServedCards.make();
  const place = editLine(cards, group, edit);
  const summary = await cards.prove();
  expect(total(summary, 'different')).toBe(1);
  const [difference] = summary.differences;
  expect(difference).toMatchObject({ ...place, group, differing, problem: expect.stringContaining(problem) });
  const alone = await cards.prove({ answer: place });
  expect(alone).toMatchObject({ answers: 1, isProven: false, answer: difference, differences: [difference] });
});

test('an answer that is right is shown when it is asked for', async () => {
  const cards = await ServedCards.make();
  const place = editLine(cards, 'cards', () => {});
  const summary = await cards.prove({ answer: place });
  expect(summary).toMatchObject({ answers: 1, isProven: true, differences: [] });
  const { served, replayed, ...answer } = summary.answer!;
  expect(answer).toMatchObject({ ...place, outcome: 'proven', problem: null });
  expect(replayed).toEqual(served);
  await expect(cards.prove({ answer: { ...place, line: 1_000_000 } })).rejects.toMatchObject({
    code: 'SERVED_LOG_ANSWER',
  });
});

test('a row that is gone is found, unless it may have expired', async () => {
  const cards = await ServedCards.make();
  const served = cards.file('served');
  const last = join(served, readdirSync(served).sort().at(-1)!);
  const lines = readFileSync(last, 'utf8').trimEnd().split('\n');
  const entry = JSON.parse(lines.at(-1)!);
  Object.assign(entry, { window_end: null, version: null, known_at: null, values: null });
  writeFileSync(last, `${[...lines.slice(0, -1), JSON.stringify(entry)].join('\n')}\n`);
  const summary = await cards.prove();
  expect(total(summary, 'different')).toBe(1);
  expect(summary.differences[0]).toMatchObject({
    file: last,
    line: lines.length,
    problem: expect.stringContaining('its entity had a row before'),
    served: null,
  });
  const place = { file: last, line: lines.length };
  expect((await cards.prove({ answer: place })).answer).toEqual(summary.differences[0]);

  cards.write('changed.ts', ["session: '20m',", "session: '20m',\n  ttl: '1s',"]);
  const definitionsFile = cards.file('changed.ts');
  expect(await cards.prove({ definitionsFile })).toMatchObject({ isProven: true });
});

test('answers beyond the end of the archive are counted, and prove nothing', async () => {
  const cards = await ServedCards.make();
  const honest = await cards.prove();
  await cards.archive('shorter', 2000);
  const summary = await cards.prove({ from: cards.file('shorter') });
  expect(summary).toMatchObject({ isProven: false, differences: [], answers: honest.answers });
  expect(total(summary, 'beyondEnd')).toBeGreaterThan(100);
  expect(total(summary, 'proven') + total(summary, 'beyondEnd')).toBe(total(honest, 'proven'));
});

test('a log that was a topic is read from its archive', async () => {
  const cards = await ServedCards.make();
  const honest = await cards.prove();
  const { file, line } = editLine(cards, 'cards', ({ values }) => (values['n_1h'] = 99));
  const files = readdirSync(cards.file('served')).sort();
  for (const [partition, name] of files.entries()) {
    const writer = new ArchiveWriter(cards.file('archive'), 'answers', partition);
    const lines = readFileSync(join(cards.file('served'), name), 'utf8')
      .trimEnd()
      .split('\n');
    await writer.append(
      lines.map((text, offset) => ({ offset, timestamp: 0, key: null, value: Buffer.from(text) })),
    );
    await writer.close();
  }
  const served = cards.file('archive/answers');
  const summary = await cards.prove({ served });
  expect(summary).toMatchObject({ isProven: false, answers: honest.answers });
  const place = { file: join(served, String(files.indexOf(basename(file)))), line: line - 1 };
  expect(summary.differences).toEqual([expect.objectContaining({ ...place, differing: ['n_1h'] })]);
  expect((await cards.prove({ served, answer: place })).answer).toEqual(summary.differences[0]);
});

test('a torn last line is passed over, and told', async () => {
  const cards = await ServedCards.make();
  const honest = await cards.prove();
  const served = cards.file('served');
  const file = join(served, readdirSync(served).sort()[0]!);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -10));
  const summary = await cards.prove();
  expect(summary).toMatchObject({
    isProven: true,
    answers: honest.answers - 1,
    torn: [{ file, line: text.trimEnd().split('\n').length }],
  });
});
