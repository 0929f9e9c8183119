import { describe, expect, test } from 'vitest';
import { openArchive } from '../../src/sources/archive-reader.ts';
import { MarkedLog } from '../../src/sources/marked-log.ts';
import { aSource } from './a-source.ts';
import { named } from './archives.ts';
import { aDirectory, errorOf } from './temporary.ts';

const source = aSource({ at: 'timestampMillis' });
const JOURNAL = `tidemark.risk.events.journal/0/${'0'.repeat(20)}.jsonl`;

function lines(records: readonly (readonly [offset: number, value: object])[]): string {
  return records
    .map(([offset, value]) => `${JSON.stringify({ offset, timestamp: 1, key: null, value })}\n`)
    .join('');
}

/** Files of two records each. */
function topicOf(offsets: readonly number[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (let from = 0; from < offsets.length; from += 2) {
    const part = offsets.slice(from, from + 2);
    files[`${named(part[0]!)}.jsonl`] = lines(part.map((offset) => [offset, { at: offset }]));
  }
  return files;
}

function journalOf(...entries: readonly object[]): Record<string, string> {
  const records = entries.map((entry, offset) => [offset, { source: 'events', ...entry }] as const);
  return { [JOURNAL]: lines(records) };
}

function mark(after: number, watermark: number) {
  return { after, watermark, log_time: 10 * watermark };
}

async function logOf(files: Record<string, string>, app: string | null = 'risk'): Promise<MarkedLog> {
  return new MarkedLog(await openArchive(aDirectory(files)), source, app);
}

/** Offsets of records as they are, marks as `W=…`. */
async function orderOf(log: MarkedLog): Promise<(number | string)[]> {
  const order: (number | string)[] = [];
  for await (const { records, mark } of log.read(0)) {
    order.push(...records.map(({ offset }) => offset));
    if (mark !== null) order.push(`W=${mark.watermark}`);
  }
  return order;
}

describe('a log with the marks of its journal', () => {
  test('has each between the record that it came after and the next, whatever the files', async () => {
    const marks = [mark(0, 10), mark(1, 20), mark(1, 21), mark(4, 30), mark(7, 40), mark(7, 41)];
    const log = await logOf({ ...topicOf([0, 1, 2, 4, 7]), ...journalOf(...marks) });
    expect(await orderOf(log)).toEqual([0, 'W=10', 1, 'W=20', 'W=21', 2, 4, 'W=30', 7, 'W=40', 'W=41']);
    expect(log.marksBeyond).toBe(0);
  });

  test('has those of offsets that the archive lacks before the next record that it has', async () => {
    const log = await logOf({ ...topicOf([5, 6, 9]), ...journalOf(mark(2, 10), mark(7, 20)) });
    expect(await orderOf(log)).toEqual(['W=10', 5, 6, 'W=20', 9]);
  });

  test('ends where the topic ends, and counts the marks of later places', async () => {
    const log = await logOf({ ...topicOf([0, 1]), ...journalOf(mark(1, 10), mark(2, 20), mark(2, 21)) });
    expect(await orderOf(log)).toEqual([0, 1, 'W=10']);
    expect(log.marksBeyond).toBe(2);
  });

  test('has no marks of another source over the topic', async () => {
    const log = await logOf({
      ...topicOf([0, 1]),
      ...journalOf({ ...mark(0, 10), source: 'others' }, mark(0, 20)),
    });
    expect(await orderOf(log)).toEqual([0, 'W=20', 1]);
  });

  test('is the log alone when no app is named, and where a partition has no marks', async () => {
    const files = { ...topicOf([0, 1]), ...journalOf(mark(0, 10)) };
    expect(await orderOf(await logOf(files, null))).toEqual([0, 1]);
    const { [JOURNAL]: text, ...topic } = files;
    expect(await orderOf(await logOf({ ...topic, [JOURNAL.replace('/0/', '/1/')]: text! }))).toEqual([0, 1]);
  });
});

describe('a journal that cannot be followed', () => {
  test('is missing', async () => {
    expect(await errorOf(() => logOf({ ...topicOf([0]), ...journalOf() }, 'other'))).toMatchObject({
      code: 'JOURNAL_MISSING',
      message: "the archive holds no journal of app 'other' for topic 'events'",
      remedy: 'Archive it with the topic: tidemark archive --topic events --journal other …',
    });
  });

  test('goes back', async () => {
    const log = await logOf({ ...topicOf([0, 1, 2]), ...journalOf(mark(1, 10), mark(0, 20)) });
    expect(await errorOf(() => orderOf(log))).toMatchObject({
      code: 'JOURNAL_ORDER',
      message:
        'offset 1 of partition 0 of tidemark.risk.events.journal is a mark after offset 0, behind one after 1',
    });
  });

  test('holds something else', async () => {
    const log = await logOf({ ...topicOf([0]), ...journalOf({ after: 'then' }) });
    expect(await errorOf(() => orderOf(log))).toMatchObject({
      code: 'JOURNAL_ENTRY',
      message: 'offset 0 of partition 0 of tidemark.risk.events.journal is no mark: after is "then"',
    });
  });
});
