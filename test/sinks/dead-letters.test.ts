import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDropped, openRejected } from '../../src/sinks/dead-letters.ts';
import { JsonlFile } from '../../src/sinks/jsonl-file.ts';
import { Rejection } from '../../src/sources/record.ts';
import { parseLines } from './offline-reader.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidemark-letters-'));
  path = join(directory, 'letters.jsonl');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const droppedAt = (offset: number) => ({
  partition: 3,
  offset,
  timestamp: 1_700_000_000_000,
  eventTime: -5,
  watermark: 600_000,
  missedFirst: 60_000,
  missedLast: 120_000,
  missedCount: 2,
});

test('a dropped record is a line with its windows', async () => {
  const writer = openDropped(path, 0);
  writer.write(droppedAt(9));
  await writer.close();
  expect(readFileSync(path, 'utf8')).toBe(
    '{"partition":3,"offset":9,"timestamp":1700000000000,"event_time":-5,"watermark":600000,' +
      '"missed_first":60000,"missed_last":120000,"missed_count":2}\n',
  );
  expect(writer.count).toBe(1);
});

test('a rejected record is a line with its bytes as they stood, in base64', async () => {
  const writer = openRejected(path, 0);
  const rejection = new Rejection('undecodable', 'not JSON: "\u{1F30A}"');
  const value = Buffer.from([0xff, 0, 0x7b]);
  writer.write({ partition: 0, record: { offset: 1, timestamp: -1, key: null, value }, rejection });
  const parsed = { json: { a: 1 }, bytes: () => Buffer.from('{"a":  1}') };
  const key = new Uint8Array(Buffer.from('xc1y').buffer, Buffer.from('xc1y').byteOffset, 0);
  writer.write({ partition: 0, record: { offset: 2, timestamp: 7, key, value: parsed }, rejection });
  writer.write({
    partition: 0,
    record: { offset: 3, timestamp: 7, key: Buffer.from('c1'), value: null },
    rejection,
  });
  await writer.close();
  const common = { partition: 0, reason: 'undecodable', detail: 'not JSON: "\u{1F30A}"' };
  expect(parseLines(readFileSync(path, 'utf8'))).toEqual([
    { ...common, offset: 1, timestamp: -1, key: null, value: '/wB7' },
    { ...common, offset: 2, timestamp: 7, key: '', value: Buffer.from('{"a":  1}').toString('base64') },
    { ...common, offset: 3, timestamp: 7, key: 'YzE=', value: null },
  ]);
});

describe('a file that is opened again', () => {
  test('is cut to what was committed and goes on there', async () => {
    const first = openDropped(path, 0);
    first.write(droppedAt(1));
    const committed = first.position();
    first.write(droppedAt(2));
    await first.close();
    expect(statSync(path).size).toBeGreaterThan(committed);

    const second = openDropped(path, committed);
    expect(second.position()).toBe(committed);
    second.write(droppedAt(3));
    await second.close();
    expect(parseLines(readFileSync(path, 'utf8')).map(({ offset }) => offset)).toEqual([1, 3]);
  });

  test('is refused when it is shorter than what was committed', async () => {
    await openDropped(path, 0).close();
    expect(() => openDropped(path, 10)).toThrow(
      expect.objectContaining({ code: 'OFFLINE_FILE_SHORT', place: { file: path } }),
    );
  });

  test('is emptied when nothing was committed', async () => {
    const first = openDropped(path, 0);
    first.write(droppedAt(1));
    await first.close();
    await openDropped(path, 0).close();
    expect(statSync(path).size).toBe(0);
  });
});

test('position counts bytes, and everything before a flush is in the file after it', async () => {
  const file = JsonlFile.openAppend(path, 0);
  const long = '\u{1F30A}'.repeat(100_000);
  file.append('é');
  file.append(long);
  expect(file.position()).toBe(3 + 400_001);
  await file.flush();
  expect(statSync(path).size).toBe(file.position());
  file.append('z'.repeat(200_000));
  file.append('z'.repeat(100));
  await file.close();
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    'é',
    long,
    'z'.repeat(200_000),
    'z'.repeat(100),
    '',
  ]);
});
