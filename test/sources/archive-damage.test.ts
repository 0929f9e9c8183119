import { rmSync, writeFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors.ts';
import { ArchiveError } from '../../src/sources/archive-file.ts';
import { aRecord, avroFile, named, type Plain, plain, readAll } from './archives.ts';
import { aDirectory, errorOf } from './temporary.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const line = (offset: number) =>
  JSON.stringify({ offset, timestamp: 5, key: `k${offset}`, value: { n: offset } });
const lines = (from: number, to: number) =>
  range(from, to)
    .map((offset) => `${line(offset)}\n`)
    .join('');

const FILES: readonly (readonly [string, () => Promise<Buffer>])[] = [
  [
    'avro',
    () =>
      avroFile(
        range(0, 9).map((offset) => aRecord(offset)),
        { blockBytes: 70 },
      ),
  ],
  [
    'avro',
    () =>
      avroFile(
        range(0, 9).map((offset) => aRecord(offset)),
        { codec: 'deflate', blockBytes: 70 },
      ),
  ],
  ['jsonl', async () => Buffer.from(lines(0, 8))],
  ['jsonl.gz', async () => gzipSync(lines(0, 8))],
  ['jsonl.zst', async () => zstdCompressSync(lines(0, 8))],
];

let dir: string;
beforeEach(() => {
  dir = aDirectory({ 'events/0/.keep': '' });
});

/** What comes of a partition of this one file. */
async function read(extension: string, content: Buffer, skipCorrupt: boolean) {
  const file = `${dir}/${named(0)}.${extension}`;
  writeFileSync(file, content);
  const records: Plain[] = [];
  let error: unknown = null;
  let damages: readonly ArchiveError[] = [];
  try {
    ({
      skips: { damages },
    } = await readAll(dir, { skipCorrupt, into: records }));
  } catch (thrown) {
    error = thrown;
  } finally {
    rmSync(file);
  }
  return { records, error, damages };
}

describe.each(FILES)('a file .%s', (extension, make) => {
  test('cut off anywhere is a clear error, or a complete prefix; the part before the cut can be used', async () => {
    const whole = await make();
    const all = (await read(extension, whole, false)).records;
    expect(all.length).toBeGreaterThan(7);
    let before = 0;
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      const strict = await read(extension, cut, false);
      expect(strict.records).toEqual(all.slice(0, strict.records.length));
      if (strict.error !== null) {
        expect(strict.error).toBeInstanceOf(ArchiveError);
        expect(describeError(strict.error)).toMatch(
          /0\.(avro|jsonl\S*?)( at byte \d+|:\d+): .*\n {2}.*--skip-corrupt/s,
        );
      }
      const lenient = await read(extension, cut, true);
      expect(lenient.error).toBeNull();
      expect(lenient.records).toEqual(all.slice(0, lenient.records.length));
      expect(lenient.damages.length).toBe(strict.error === null ? 0 : 1);
      // The more is left of the file, the more records there are.
      expect(lenient.records.length).toBeGreaterThanOrEqual(before);
      before = lenient.records.length;
    }
    // zstd gives nothing of a block that is not whole, and this small file is one block.
    if (extension !== 'jsonl.zst') expect(before).toBeGreaterThanOrEqual(all.length - 3);
  });

  test('with a wrong byte anywhere never crashes, and gives no record out of order', async () => {
    const whole = await make();
    const damage = fc.record({ at: fc.nat(whole.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const broken = Buffer.from(whole);
        for (const { at, to } of damages) broken[at] = to;
        for (const skipCorrupt of [false, true]) {
          const { records, error } = await read(extension, broken, skipCorrupt);
          if (error !== null) expect(error).toBeInstanceOf(ArchiveError);
          if (skipCorrupt) expect(error).toBeNull();
          records.forEach((record, index) => {
            expect(record.offset).toBeGreaterThan(records[index - 1]?.offset ?? -1);
          });
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('an Avro file', () => {
  test('with a damaged block is used before and after it', async () => {
    const records = range(0, 30).map((offset) => aRecord(offset));
    const whole = await avroFile(records, { blockBytes: 100 });
    const sync = whole.subarray(-16);
    const ends: number[] = [];
    for (let at = whole.indexOf(sync); at >= 0; at = whole.indexOf(sync, at + 1)) ends.push(at + 16);
    expect(ends.length).toBeGreaterThan(4);
    const all = records.map(plain);
    // The third block, damaged in its count, in its size, in its end.
    for (const [at, message] of [
      [ends[1]!, /the block/],
      [ends[1]! + 1, /the block/],
      [ends[2]! - 1, /the block does not end with the sync marker/],
    ] as const) {
      const broken = Buffer.from(whole);
      broken[at] = broken[at]! ^ 0x7f;
      const strict = await read('avro', broken, false);
      expect(strict.error).toMatchObject({ code: 'ARCHIVE_DAMAGED', place: { position: ends[1] } });
      expect(String(strict.error)).toMatch(message);
      const { records: found, damages } = await read('avro', broken, true);
      expect(damages.length).toBe(1);
      expect(found[0]).toEqual(all[0]);
      expect(found.at(-1)).toEqual(all.at(-1));
      expect(found.length).toBeLessThan(all.length);
      expect(all).toEqual(expect.arrayContaining(found));
    }
  });

  test.each([
    ['offset 3 stands after offset 3', [aRecord(3), aRecord(3)]],
    ['offset 2 stands after offset 3', [aRecord(3), aRecord(2)]],
    ['the offset is -1', [aRecord(-1)]],
  ])('where %s is damaged there', async (message, records) => {
    const { error } = await read('avro', await avroFile(records), false);
    expect(error).toMatchObject({
      place: { file: expect.stringContaining('.avro'), position: expect.any(Number) },
    });
    expect(String(error)).toContain(message);
  });

  test('with an offset below its name is damaged', async () => {
    const dir = aDirectory({ [`${named(5)}.avro`]: await avroFile([aRecord(4)]) });
    expect(String(await errorOf(() => readAll(dir)))).toContain(
      "offset 4 is below the file's first offset, 5",
    );
  });

  test('with a codec that is not read names it and those that are', async () => {
    const whole = await avroFile([aRecord(0)]);
    const renamed = Buffer.from(whole.toString('latin1').replace('\x08null', '\x08what'), 'latin1');
    const { error } = await read('avro', renamed, false);
    expect(describeError(error)).toContain("the Avro codec 'what' is not supported");
    expect(describeError(error)).toContain('null, deflate, zstandard');
  });
});

describe('a JSONL file', () => {
  test.each([
    ['the line is not JSON', '{"offset":1'],
    ['the line is no JSON object', '[1]'],
    ['the line is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['the offset is missing', '{"timestamp":1}'],
    ['the offset is "1"', '{"offset":"1"}'],
    ['the offset is 1.5', '{"offset":1.5}'],
    ['the offset is -1', '{"offset":-1}'],
    ['offset 0 stands after offset 0', '{"offset":0}'],
    ['the timestamp is "x"', '{"offset":1,"timestamp":"x"}'],
    ['the timestamp is 1.5', '{"offset":1,"timestamp":1.5}'],
  ])('where %s is damaged at that line, which alone is skipped', async (message, bad) => {
    const text = Buffer.concat([
      Buffer.from(`${line(0)}\n\n`),
      Buffer.from(bad),
      Buffer.from(`\n${lines(2, 5)}`),
    ]);
    for (const [extension, content] of [
      ['jsonl', text],
      ['jsonl.gz', gzipSync(text)],
    ] as const) {
      const { error } = await read(extension, content, false);
      expect(error).toMatchObject({ code: 'ARCHIVE_DAMAGED', place: { line: 3 } });
      expect(String(error)).toContain(message);
      const { records, damages } = await read(extension, content, true);
      expect(records.map((record) => record.offset)).toEqual([0, 2, 3, 4]);
      expect(damages.map((damage) => damage.place?.line)).toEqual([3]);
    }
  });

  test('of damaged compression gives every line before the damage', async () => {
    const text = range(0, 400)
      .map((offset) => `{"offset":${offset},"value":"${Math.imul(offset, 0x9e3779b1) >>> 0}"}\n`)
      .join('');
    const broken = gzipSync(text);
    const half = broken.length >> 1;
    broken.fill(0xff, half, half + 200);
    const { records, damages } = await read('jsonl.gz', broken, true);
    expect(damages.length).toBeGreaterThan(0);
    expect(records.length).toBeGreaterThan(150);
    records.slice(0, 150).forEach((record, index) => {
      expect(record.offset).toBe(index);
    });
  });
});
