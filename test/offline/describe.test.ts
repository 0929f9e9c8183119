import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeStore } from '../../src/offline/describe.ts';
import { groupOf, type PlainRevision } from '../sinks/offline-model.ts';
import { addTo, filesOf, storeFolder } from './a-store.ts';

/** What is said of a store: what it has, and what it has not. */

const DAY_MS = 86_400_000;
const EPOCH = 2 ** 43;
const GROUP = groupOf({ card_id: 'string' }, { n: 'integer' });

/** A window that ends at noon so many days after 1970-01-01, known an hour later. */
const revision = (version: number, day: number): PlainRevision => ({
  entity: ['a'],
  windowEnd: (day + 0.5) * DAY_MS,
  version,
  knownAt: (day + 0.5) * DAY_MS + 3_600_000,
  timing: 1,
  deleted: false,
  values: [1],
});

test('a store says which records it covers, from where they were made, and what is missing', async () => {
  const directory = storeFolder();
  // Offsets 0 to 9 without 3 and 4; 20 to 29, of an archive that begins there; offsets 5 to 6 of the next epoch.
  const slices = [
    { from: 1, to: 11, holes: [{ from: 4, to: 6 }], revisions: [revision(2, -2), revision(3, -1)] },
    { from: 21, to: 31, holes: [], revisions: [revision(21, 3), revision(22, 3)] },
    { from: EPOCH + 6, to: EPOCH + 8, holes: [], revisions: [revision(EPOCH + 6, 40)] },
  ];
  for (const { revisions, ...slice } of slices) {
    await addTo(directory, GROUP, [{ partition: 3, slice: { ...slice, logTime: 0 }, revisions }], {
      buckets: 2,
    });
  }
  const files = filesOf(directory, GROUP);
  expect(describeStore(directory)).toEqual({
    store: directory,
    groups: [
      {
        group: 'card_risk',
        version: 1,
        fingerprint: '00',
        keeps: 'all',
        buckets: 2,
        rows: 5,
        files: 3,
        bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
        windowEnd: { first: -1.5 * DAY_MS, last: 40.5 * DAY_MS },
        knownAt: { first: -1.5 * DAY_MS + 3_600_000, last: 40.5 * DAY_MS + 3_600_000 },
        partitions: [
          {
            partition: 3,
            rows: 5,
            covered: [
              { epoch: 0, from: 0, to: 10, history: 0 },
              { epoch: 0, from: 20, to: 30, history: 20 },
              { epoch: 1, from: 5, to: 7, history: 5 },
            ],
            gaps: [
              { epoch: 0, from: 3, to: 5 },
              { epoch: 0, from: 10, to: 20 },
              { epoch: 1, from: 0, to: 5 },
            ],
          },
        ],
        daysWithoutRows: [
          { from: 0, to: 3 * DAY_MS },
          { from: 4 * DAY_MS, to: 40 * DAY_MS },
        ],
      },
    ],
  });
});

test('a store without rows has no times, and a folder without a store is refused', async () => {
  const directory = storeFolder();
  expect(() => describeStore(directory)).toThrow(/there is no store/);
  await addTo(directory, GROUP, [
    { partition: 0, slice: { from: 1, to: 2, holes: [], logTime: null }, revisions: [] },
  ]);
  expect(describeStore(directory).groups[0]).toMatchObject({ rows: 0, windowEnd: null, daysWithoutRows: [] });
});

test('groups are told by name, and their versions by number', async () => {
  const directory = storeFolder();
  const slice = { partition: 0, slice: { from: 1, to: 2, holes: [], logTime: 0 }, revisions: [] };
  const other = { ...GROUP, name: 'b' };
  for (const group of [other, { ...other, version: 10 }, { ...other, version: 9 }, GROUP]) {
    await addTo(directory, group, [slice]);
  }
  const found = describeStore(directory).groups.map(({ group, version }) => `${group}:${version}`);
  expect(found).toEqual(['b:1', 'b:9', 'b:10', 'card_risk:1']);
});
