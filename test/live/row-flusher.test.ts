import { expect, test } from 'vitest';
import { VectorJson } from '../../src/definitions/value.ts';
import { RowFlusher } from '../../src/live/row-flusher.ts';
import { EARLY, LATE, ON_TIME, RevisionBatch } from '../../src/operators/revision.ts';
import type { OnlineStore, Upsert } from '../../src/sinks/sink.ts';
import { aGroup } from '../sinks/a-group.ts';

/** What goes to the online store, and when, of the revisions that a worker's tasks make. */

const group = aGroup({ name: 'g', features: { n: 'integer' } });

type Made = readonly [
  entity: number,
  windowEnd: number,
  version: number,
  timing?: number,
  replaces?: 0 | 1,
  deleted?: 'deleted',
];

function batchOf(...made: readonly Made[]): RevisionBatch {
  const batch = new RevisionBatch(group, { entityOf: (id) => [`c${id}`], textOf: () => '' });
  for (const [entity, windowEnd, version, timing = EARLY, replaces = 0, deleted] of made) {
    const row = batch.push();
    batch.entity[row] = entity;
    batch.windowEnd[row] = windowEnd;
    batch.version[row] = version;
    batch.knownAt[row] = 0;
    batch.timing[row] = timing;
    batch.replaces[row] = replaces;
    batch.deleted[row] = deleted === undefined ? 0 : 1;
    batch.leave[row] = windowEnd === 900 ? Number.NaN : windowEnd + 60;
    batch.values[row] = deleted === undefined ? version * 10 : Number.NaN;
  }
  return batch;
}

/** A store that answers each write when told to. */
class PatientStore implements OnlineStore {
  readonly writes: (readonly Upsert[])[] = [];
  readonly #answers: ((failure: Error | null) => void)[] = [];

  async write(_: unknown, rows: readonly Upsert[]) {
    this.writes.push(rows);
    const failure = await new Promise<Error | null>((resolve) => this.#answers.push(resolve));
    if (failure !== null) throw failure;
    return { accepted: rows.length, equal: 0, stale: 0 };
  }
  async called(times: number): Promise<void> {
    while (this.writes.length < times) await new Promise(setImmediate);
  }
  answer(failure: Error | null = null): void {
    this.#answers.shift()!(failure);
  }
  async remember() {
    return [];
  }
  async latest() {
    return null;
  }
  async windows() {
    return [];
  }
  async close() {}
}

const rowsOf = (write: readonly Upsert[]) =>
  write.map(({ entity, windowEnd, version, values }) => [entity[0], windowEnd, version, values[0]]);

test('a row is sent with its leave, if it has one', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1], [1, 900, 1]), 0);
  await store.called(1);
  expect(store.writes[0]!.map(({ leave }) => leave)).toEqual([360, null]);
});

test('of several revisions of a row in a batch the newest is sent', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1], [2, 300, 2], [1, 600, 3], [1, 300, 4, LATE, 1], [2, 300, 5]), 0);
  await store.called(1);
  expect(rowsOf(store.writes[0]!)).toEqual([
    ['c1', 600, 3, 30],
    ['c1', 300, 4, 40],
    ['c2', 300, 5, 50],
  ]);
  store.answer();
  await flusher.settled();
  expect(flusher.sent).toEqual([
    {
      group: 'g:1',
      revisions: { early: 4, 'on-time': 0, late: 1 },
      upserts: { accepted: 3, equal: 0, stale: 0 },
      unsent: 0,
    },
  ]);
});

test('an on-time revision is sent only where no early one has said the same', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1], [1, 300, 2, ON_TIME, 1], [2, 300, 2, ON_TIME, 0]), 0);
  flusher.send(group, batchOf([3, 300, 3, ON_TIME, 1]), 0);
  await store.called(1);
  expect(rowsOf(store.writes[0]!)).toEqual([
    ['c1', 300, 1, 10],
    ['c2', 300, 2, 20],
  ]);
  expect(flusher.sent[0]!.revisions).toEqual({ early: 1, 'on-time': 3, late: 0 });
});

test('a deletion goes with the row in its place, also when the row was made in the same batch', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1], [1, 300, 2, EARLY, 1, 'deleted'], [1, 360, 2]), 0);
  flusher.send(group, batchOf([1, 360, 3, LATE, 1, 'deleted'], [1, 420, 3]), 0);
  await store.called(1);
  const rows = store.writes[0]!.map(({ windowEnd, version, deleted, values }) => [
    windowEnd,
    version,
    deleted,
    values[0],
  ]);
  expect(rows).toEqual([
    [300, 2, true, null],
    [360, 2, undefined, 20],
    [360, 3, true, null],
    [420, 3, undefined, 30],
  ]);
  store.answer();
  await flusher.settled();
});

test('a list or map goes as the text that the task holds', async () => {
  const vectors = aGroup({ name: 'v', features: { n: 'integer', tags: { kind: 'list', of: 'string' } } });
  const texts = ['["a"]'];
  const batch = new RevisionBatch(vectors, { entityOf: () => ['c1'], textOf: (id) => texts[id]! });
  batch.push();
  batch.values.set([7, 0]);
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(vectors, batch, 0);
  await store.called(1);
  expect(store.writes[0]![0]!.values).toEqual([7, new VectorJson('["a"]')]);
  store.answer();
  await flusher.settled();
});

test('batches of any size lose no row', async () => {
  for (const size of [1, 63, 64, 65, 1000, 5000]) {
    const store = new PatientStore();
    const flusher = new RowFlusher(store);
    const made = Array.from({ length: size }, (_, i): Made => [i % 700, Math.floor(i / 700) * 300, i + 1]);
    flusher.send(group, batchOf(...made), 0);
    await store.called(1);
    expect(rowsOf(store.writes[0]!)).toEqual(
      made.map(([id, end, version]) => [`c${id}`, end, version, version * 10]),
    );
  }
});

test('one write is under way at a time; the next takes what has come meanwhile', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1]), 0);
  await store.called(1);
  flusher.send(group, batchOf([2, 300, 2]), 0);
  flusher.send(group, batchOf([3, 300, 3]), 0);
  const settled = flusher.settled();
  await new Promise(setImmediate);
  expect(store.writes).toHaveLength(1);
  store.answer();
  await store.called(2);
  expect(rowsOf(store.writes[1]!)).toEqual([
    ['c2', 300, 2, 20],
    ['c3', 300, 3, 30],
  ]);
  store.answer();
  await settled;
  expect(flusher.sent[0]!.upserts.accepted).toBe(3);
});

test('a store that does not keep up holds back the worker', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  const many = (from: number) =>
    batchOf(...Array.from({ length: 11_000 }, (_, i): Made => [i, 300, from + i]));
  flusher.send(group, many(0), 0);
  await flusher.room();
  flusher.send(group, many(20_000), 0);
  let isRoom = false;
  const room = flusher.room().then(() => {
    isRoom = true;
  });
  await store.called(1);
  await new Promise(setImmediate);
  expect(isRoom).toBe(false);
  store.answer();
  await room;
  expect(store.writes).toHaveLength(2);
});

test('what the store refuses ends the worker, and nothing is written after it', async () => {
  const store = new PatientStore();
  const flusher = new RowFlusher(store);
  flusher.send(group, batchOf([1, 300, 1]), 0);
  await store.called(1);
  flusher.send(group, batchOf([2, 300, 2]), 0);
  store.answer(new Error('refused'));
  await expect(flusher.settled()).rejects.toThrow('refused');
  await expect(flusher.room()).rejects.toThrow('refused');
  expect(store.writes).toHaveLength(1);
});
