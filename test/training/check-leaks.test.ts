import { existsSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { replay } from '../../src/replay/replay.ts';
import { EventTable } from '../../src/training/event-collector.ts';
import { FeatureRows } from '../../src/training/feature-rows.ts';
import type { JoinOptions, JoinSummary } from '../../src/training/options.ts';
import { ServedFromArchive } from '../../src/training/served-from-archive.ts';
import { ServedFromOffline } from '../../src/training/served-from-offline.ts';
import { JoinFolder, minutes } from './a-join.ts';

/** What `--check-leaks` says of joins that know too much: each is made to, in one place. */

afterEach(() => {
  vi.restoreAllMocks();
});

/** Rows at 1:30, 2:30 and 9:30 of a card that pays at 1, 2 and 10 minutes. */
async function joinChecked(
  options: Partial<JoinOptions> = {},
): Promise<JoinSummary & { readonly isThere: boolean }> {
  const folder = new JoinFolder();
  folder.write(
    'spine.csv',
    `card,ts\n${[1.5, 2.5, 9.5].map((minute) => `007,${minutes(minute)}`).join('\n')}\n`,
  );
  if (options.from === 'rows') {
    await replay({
      definitionsFile: folder.file('definitions.ts'),
      groups: null,
      archive: folder.file('archive'),
      journal: null,
      output: { kind: 'store', directory: folder.file('rows'), rows: 'all', buckets: null },
      skipCorrupt: false,
    });
  }
  const from = folder.file(options.from ?? 'archive');
  const summary = await folder.join({ spine: 'spine.csv', checkLeaks: true, ...options, from });
  return { ...summary, isThere: existsSync(folder.file('train.jsonl')) };
}

const MINUTE = 60_000;

/** A join out of the archive that takes in what is known a minute later. */
function leakFromArchive(): void {
  const { advanceWhile } = ServedFromArchive.prototype;
  vi.spyOn(ServedFromArchive.prototype, 'advanceWhile').mockImplementation(function (
    this: ServedFromArchive,
    isIn,
  ) {
    return advanceWhile.call(this, (version, knownAt) => isIn(version, knownAt - MINUTE));
  });
}

test.each([
  ['as served, from the archive', {}],
  ['as served, from a store', { from: 'rows' }],
  ['by event time', { as: 'event-time' }],
] as const)('a join %s has no leaks', async (_, options) => {
  const { leaks, isThere } = await joinChecked(options);
  expect(leaks).toEqual({ checked: 3, found: 0, first: [] });
  expect(isThere).toBe(true);
});

test('what is taken in too early is found in the archive, and nothing is written', async () => {
  leakFromArchive();
  const { leaks, isThere, out } = await joinChecked();
  expect(leaks).toEqual({
    checked: 3,
    found: 2,
    first: [
      {
        group: 'cards',
        row: 1,
        time: minutes(1.5),
        problem: `revision 2 was known 30000 ms after the row, at ${minutes(2)}`,
      },
      {
        group: 'cards',
        row: 3,
        time: minutes(9.5),
        problem: `revision 4 was known 30000 ms after the row, at ${minutes(10)}`,
      },
    ],
  });
  expect({ isThere, out }).toEqual({ isThere: false, out: null });
});

test('what is taken in too early is found in the rows of a replay', async () => {
  const open = ServedFromOffline.open.bind(ServedFromOffline);
  vi.spyOn(ServedFromOffline, 'open').mockImplementation((database, asked, folder, delay) =>
    open(database, asked, folder, delay - MINUTE),
  );
  const { leaks, isThere } = await joinChecked({ from: 'rows' });
  expect(leaks).toMatchObject({ checked: 3, found: 2, first: [{ row: 1 }, { row: 3 }] });
  expect(isThere).toBe(false);
});

test('values of later that are said to be of then are found', async () => {
  const add = FeatureRows.prototype.add;
  vi.spyOn(FeatureRows.prototype, 'add').mockImplementation(function (this: FeatureRows, key, row) {
    // Only answers are numbered from the second row of the spine on: the only entity is number 0.
    add.call(this, key, key === 1 ? { ...row, values: [3, row.values[1]!] } : row);
  });
  const { leaks } = await joinChecked();
  expect(leaks).toMatchObject({
    found: 1,
    first: [{ group: 'cards', row: 2, problem: 'revision 2 has other values' }],
  });
});

test('a revision that the log does not make is found', async () => {
  const add = FeatureRows.prototype.add;
  vi.spyOn(FeatureRows.prototype, 'add').mockImplementation(function (this: FeatureRows, key, row) {
    add.call(this, key, key === 1 ? { ...row, version: 77 } : row);
  });
  const { leaks } = await joinChecked();
  expect(leaks).toMatchObject({
    found: 1,
    first: [{ row: 2, problem: 'the log makes no revision 77 of this window' }],
  });
});

test('events that were counted before they happened are found', async () => {
  const read = EventTable.prototype.read;
  vi.spyOn(EventTable.prototype, 'read').mockImplementation(async function* (this: EventTable, database) {
    for await (const events of read.call(this, database)) {
      yield events.map((event) => ({ ...event, eventTime: event.eventTime - MINUTE }));
    }
  });
  const { leaks, isThere } = await joinChecked({ as: 'event-time' });
  expect(leaks).toEqual({
    checked: 3,
    found: 2,
    first: [
      {
        group: 'cards',
        row: 1,
        time: minutes(1.5),
        problem: 'it was told of 2 events, but 1 were before it',
      },
      {
        group: 'cards',
        row: 3,
        time: minutes(9.5),
        problem: 'it was told of 3 events, but 2 were before it',
      },
    ],
  });
  expect(isThere).toBe(false);
});
