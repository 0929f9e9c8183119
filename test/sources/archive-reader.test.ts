import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors.ts';
import { openArchive } from '../../src/sources/archive-reader.ts';
import { aRecord, avroFile, named, plain, readAll } from './archives.ts';
import { aDirectory, errorOf } from './temporary.ts';

const line = (offset: number) =>
  `{"offset":${offset},"timestamp":${1_700_000_000_000 + offset},"key":"k${offset % 3}","value":{"n":${offset}}}\n`;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const expected = (offsets: readonly number[]) => offsets.map((offset) => plain(aRecord(offset)));

describe('an archive', () => {
  test('gives the records of a partition in offset order, whatever its files are written in', async () => {
    const records = (from: number, to: number) => range(from, to).map((offset) => aRecord(offset));
    const text = (from: number, to: number) => range(from, to).map(line).join('');
    const dir = aDirectory({
      [`${named(0)}.avro`]: await avroFile(records(0, 10), { blockBytes: 60 }),
      [`${named(10)}.jsonl`]: text(10, 20),
      [`${named(20)}.jsonl.gz`]: gzipSync(text(20, 30)),
      [`${named(30)}.jsonl.zst`]: zstdCompressSync(text(30, 40)),
      [`${named(40)}.avro`]: await avroFile(records(40, 50), { codec: 'deflate' }),
      [`${named(1000)}.jsonl`]: text(1000, 1001),
      'events/0/_SUCCESS': '',
      'events/0/.DS_Store': 'x',
      [`${named(1001)}.avro.tmp`]: 'half a file',
      'events/notes.txt': 'not a partition',
    });
    const { records: found, skips, size } = await readAll(dir);
    expect(found).toEqual(expected([...range(0, 50), 1000]));
    expect(skips).toEqual({ repeatedRecords: 0, damagedPlaces: 0, damages: [] });
    expect(size.readBytes).toBe(size.totalBytes);
    expect(size.totalBytes).toBeGreaterThan(1000);
  });

  test('lists its partitions by number', async () => {
    const dir = aDirectory({
      [`${named(0, 10)}.jsonl`]: line(0),
      [`${named(0, 9)}.jsonl`]: line(0),
      [`${named(0, 0)}.jsonl`]: line(0),
    });
    const archive = await openArchive(dir);
    expect(archive.partitions('events')).toEqual([0, 9, 10]);
  });

  test('can be read from an offset on', async () => {
    const dir = aDirectory({
      [`${named(0)}.jsonl`]: range(0, 10).map(line).join(''),
      [`${named(10)}.jsonl`]: range(10, 20).map(line).join(''),
      [`${named(20)}.avro`]: await avroFile(range(20, 30).map((offset) => aRecord(offset))),
    });
    for (const from of [0, 1, 9, 10, 15, 20, 25, 29, 30, 99]) {
      const { records, skips, size } = await readAll(dir, { fromOffset: from });
      expect(records).toEqual(expected(range(Math.min(from, 30), 30)));
      expect(skips.repeatedRecords).toBe(0);
      expect(size.readBytes).toBe(size.totalBytes);
    }
  });

  test('leaves out records whose offset was already passed, and counts them', async () => {
    const dir = aDirectory({
      [`${named(0)}.jsonl`]: range(0, 10).map(line).join(''),
      [`${named(5)}.jsonl`]: range(5, 15).map(line).join(''),
      [`${named(6)}.avro`]: await avroFile(range(6, 9).map((offset) => aRecord(offset))),
    });
    const { records, skips } = await readAll(dir);
    expect(records).toEqual(expected(range(0, 15)));
    expect(skips.repeatedRecords).toBe(8);
  });

  test('hands long files on in batches', async () => {
    const dir = aDirectory({
      [`${named(0)}.avro`]: await avroFile(
        range(0, 10_000).map((offset) => aRecord(offset)),
        { blockBytes: 10_000_000 },
      ),
      [`${named(10_000)}.jsonl`]: range(10_000, 30_000).map(line).join(''),
    });
    const archive = await openArchive(dir);
    let next = 0;
    for await (const { partition, records } of archive.read('events', 0)) {
      expect(partition).toBe(0);
      expect(records.length).toBeGreaterThan(0);
      expect(records.length).toBeLessThanOrEqual(4096 * 4);
      for (const record of records) expect(record.offset).toBe(next++);
    }
    expect(next).toBe(30_000);
  });
});

describe('an Avro file of an archive', () => {
  test('may have fields more or fewer than the envelope, and other types that can be read as its own', async () => {
    const schema = {
      type: 'record',
      name: 'Anything',
      fields: [
        { name: 'partition', type: 'int' },
        { name: 'value', type: 'bytes' },
        { name: 'offset', type: 'int' },
        { name: 'key', type: ['bytes', 'null', 'string'] },
      ],
    };
    const records = [
      { partition: 3, value: Buffer.from('a'), offset: 7, key: 'k' },
      { partition: 3, value: Buffer.from('b'), offset: 8, key: null },
    ];
    const dir = aDirectory({ [`${named(7)}.avro`]: await avroFile(records, { schema }) });
    expect((await readAll(dir)).records).toEqual([
      { offset: 7, timestamp: -1, key: 'k', value: 'a' },
      { offset: 8, timestamp: -1, key: null, value: 'b' },
    ]);
  });

  test('has keys and values of any bytes, or none', async () => {
    const bytes = Buffer.from(range(0, 256));
    const large = Buffer.alloc(3_000_000, 7);
    const records = [
      aRecord(0, { key: bytes, value: large, headers: { h: bytes } }),
      aRecord(1, { key: null, value: null }),
      aRecord(2, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
      aRecord(3, { timestamp: -1 }),
    ];
    const dir = aDirectory({ [`${named(0)}.avro`]: await avroFile(records) });
    expect((await readAll(dir)).records).toEqual(records.map(plain));
  });

  test.each([
    ['of another schema', { name: 'x', type: 'long' }, "its field 'offset' is missing"],
    ['whose offset is text', { name: 'offset', type: 'string' }, "its field 'offset' is no long"],
  ])('%s is refused', async (_, field, message) => {
    const schema = { type: 'record', name: 'Other', fields: [field] };
    const value = field.type === 'long' ? { x: 1 } : { offset: '1' };
    const dir = aDirectory({ [`${named(0)}.avro`]: await avroFile([value], { schema }) });
    const error = await errorOf(() => readAll(dir));
    expect(describeError(error)).toContain(
      `${named(0)}.avro at byte 0: the file's Avro schema is not that of`,
    );
    expect(describeError(error)).toContain(message);
  });
});

describe('a JSONL file of an archive', () => {
  const read = async (text: string | Buffer, name = 'jsonl') =>
    (await readAll(aDirectory({ [`${named(0)}.${name}`]: text }))).records;

  test.each([
    ['a text key', '"key":"é"', Buffer.from('é').toString('latin1')],
    ['a number as key', '"key":12', '12'],
    ['a large number as key', '"key":1e21', '1000000000000000000000'],
    ['a boolean as key', '"key":true', 'true'],
    ['an empty key', '"key":""', ''],
    ['a null key', '"key":null', null],
    ['no key', '"x":1', null],
  ])('may have %s', async (_, key, expectedKey) => {
    expect((await read(`{"offset":0,${key}}`))[0]!.key).toBe(expectedKey);
  });

  test.each([
    ['an object, exactly as it stands', '{ "b": 1.0,\t"a":[1, 2] }'],
    ['text', '"a\\u0041 é"'],
    ['a number', '-0.50e1'],
    ['a boolean', 'false'],
    ['a list', '[ ]'],
  ])('has as the bytes of a value %s', async (_, value) => {
    const [record] = await read(`{"value2":1, "value" : ${value} ,"offset":0, "x": {"value": 2}}`);
    expect(record!.value).toBe(Buffer.from(value).toString('latin1'));
  });

  test('has the last of two values of one name, as parsed and as bytes', async () => {
    const dir = aDirectory({ [`${named(0)}.jsonl`]: '{"value":1,"offset":0,"value":{"n":2}}' });
    const archive = await openArchive(dir);
    for await (const { records } of archive.read('events', 0)) {
      const value = records[0]!.value as { json: unknown; bytes(): Uint8Array };
      expect(value.json).toEqual({ n: 2 });
      expect(Buffer.from(value.bytes()).toString()).toBe('{"n":2}');
    }
  });

  test('may lack value and timestamp, and have them null', async () => {
    expect(await read('{"offset":0}\n{"offset":1,"timestamp":null,"key":null,"value":null}\n')).toEqual([
      { offset: 0, timestamp: -1, key: null, value: null },
      { offset: 1, timestamp: -1, key: null, value: null },
    ]);
  });

  test('may have blank lines, Windows line ends, a byte order mark and no last line end', async () => {
    const text = `\ufeff${line(0)}\n  \r\n${line(1).trim()}\r\n${line(2).trim()}`;
    expect(await read(text)).toEqual(expected([0, 1, 2]));
    expect(await read(`\ufeff${line(0).trim()}`)).toEqual(expected([0]));
  });

  test('may be empty', async () => {
    expect(await read('')).toEqual([]);
    expect(await read(gzipSync(''), 'jsonl.gz')).toEqual([]);
    expect(await read(zstdCompressSync(''), 'jsonl.zst')).toEqual([]);
  });

  test('may have lines longer than what is read at a time', async () => {
    const long = 'é'.repeat(2_000_000);
    const text = `${line(0)}{"offset":1,"value":"${long}"}\n${line(2)}`;
    for (const [name, content] of [
      ['jsonl', Buffer.from(text)],
      ['jsonl.gz', gzipSync(text)],
      ['jsonl.zst', zstdCompressSync(text)],
    ] as const) {
      const records = await read(content, name);
      expect(records.map((record) => record.offset)).toEqual([0, 1, 2]);
      expect(records[1]!.value!.length).toBe(2 * long.length + 2);
    }
  });

  test('may be of several compressed parts, one behind the other', async () => {
    for (const [name, compress] of [
      ['jsonl.gz', gzipSync],
      ['jsonl.zst', zstdCompressSync],
    ] as const) {
      const parts = [0, 1, 2, 3].map((part) =>
        compress(
          range(part * 100, part * 100 + 100)
            .map(line)
            .join(''),
        ),
      );
      expect(await read(Buffer.concat(parts), name)).toEqual(expected(range(0, 400)));
    }
  });
});

describe('an archive that is not there', () => {
  test.each([
    ['a missing directory', {}, 'missing', 'events', 'missing: the archive does not exist'],
    ['a file', { file: 'x' }, 'file', 'events', 'file: the archive is no directory'],
    ['an empty directory', {}, '', 'events', 'the archive holds no topic: the directory is empty'],
    ['files only', { 'a.csv': '', 'b.csv': '' }, '', 'events', 'holds no topic: found only a.csv, b.csv'],
    [
      'another topic',
      { 'clicks/0/00000000000000000000.jsonl': '' },
      '',
      'events',
      "the archive holds no topic 'events', but clicks",
    ],
    [
      'a topic without partitions',
      { 'events/x/y': '' },
      '',
      'events',
      'topic events holds no partition: found only x',
    ],
    [
      'the Kafka Connect layout',
      { 'events/partition=0/events+0+0000000000.avro': '' },
      '',
      'events',
      'the folder partition=0 is of the Kafka Connect sink layout, which is not read yet',
    ],
    [
      'a file of another kind',
      { 'events/0/0.parquet': '' },
      '',
      'events',
      '0.parquet: this is no file of an archive',
    ],
  ])('as %s is an error that says what is there', async (_, files, path, topic, message) => {
    const dir = aDirectory(files as Record<string, string>);
    const error = await errorOf(async () => (await openArchive(`${dir}/${path}`)).partitions(topic));
    expect(error).toMatchObject({ name: 'ArchiveError', remedy: expect.any(String) });
    expect(describeError(error)).toContain(message);
    expect(describeError(error)).toContain(dir);
  });
});
