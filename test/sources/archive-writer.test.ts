import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors.ts';
import type { ArchivedRecord } from '../../src/sources/archive-envelope.ts';
import { ArchiveWriter, nextOffset } from '../../src/sources/archive-writer.ts';
import { aRecord, named, plain, readAll } from './archives.ts';
import { aDirectory, errorOf } from './temporary.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const records = (from: number, to: number) => range(from, to).map((offset) => aRecord(offset));

describe('an archive that is written', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)));
  const log: fc.Arbitrary<ArchivedRecord[]> = fc
    .array(
      fc.record({
        gap: fc.integer({ min: 1, max: 1000 }),
        timestamp: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
        key: bytes,
        value: bytes,
        headers: fc.dictionary(
          fc.string(),
          fc.uint8Array({ maxLength: 5 }).map((array) => Buffer.from(array)),
        ),
      }),
    )
    .map((entries) => {
      let offset = -1;
      return entries.map(({ gap, ...rest }) => {
        offset += gap;
        return { offset, ...rest };
      });
    });

  test('is read back the same, however it was cut into files and appended', async () => {
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.record({
          maxFileRecords: fc.integer({ min: 1, max: 20 }),
          maxFileBytes: fc.integer({ min: 1, max: 5000 }),
          codec: fc.constantFrom('null', 'deflate'),
        }),
        fc.integer({ min: 1, max: 7 }),
        async (written, options, step) => {
          const dir = aDirectory();
          const writer = new ArchiveWriter(dir, 'events', 0, options);
          for (let start = 0; start < written.length; start += step) {
            await writer.append(written.slice(start, start + step));
          }
          await writer.close();
          expect(await nextOffset(dir, 'events', 0)).toBe((written.at(-1)?.offset ?? -1) + 1);
          if (written.length > 0) expect((await readAll(dir)).records).toEqual(written.map(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is an Avro container that others read, with its headers', async () => {
    const dir = aDirectory();
    const writer = new ArchiveWriter(dir, 'events', 0, { codec: 'deflate' });
    const headers = { trace: Buffer.from('t1'), empty: Buffer.alloc(0) };
    await writer.append([aRecord(7, { headers }), aRecord(9, { key: null, value: null })]);
    await writer.close();
    const found: unknown[] = [];
    for await (const value of avro.createFileDecoder(`${dir}/${named(7)}.avro`)) found.push({ ...value });
    expect(found).toEqual([
      { ...aRecord(7), headers },
      { ...aRecord(9), key: null, value: null },
    ]);
  });

  test('has a file its name only once it is complete', async () => {
    const dir = aDirectory();
    const writer = new ArchiveWriter(dir, 'events', 0, { maxFileRecords: 3 });
    await writer.append(records(0, 4));
    expect(readdirSync(`${dir}/events/0`).sort()).toEqual([
      '00000000000000000000.avro',
      '00000000000000000003.avro.tmp',
    ]);
    expect((await readAll(dir)).records.length).toBe(3);
    await writer.close();
    expect(readdirSync(`${dir}/events/0`).sort()).toEqual([
      '00000000000000000000.avro',
      '00000000000000000003.avro',
    ]);
    await writer.append(records(4, 5));
    await writer.close();
    expect((await readAll(dir)).records).toEqual(records(0, 5).map(plain));
  });

  test('goes on after a crash where its complete files end', async () => {
    const dir = aDirectory();
    const crashed = new ArchiveWriter(dir, 'events', 0, { maxFileRecords: 3 });
    await crashed.append(records(0, 5));
    // What a crash leaves: a file without its name, cut off anywhere.
    await crashed.abort();
    writeFileSync(`${dir}/${named(3)}.avro.tmp`, 'Obj\x01 torn');
    const next = await nextOffset(dir, 'events', 0);
    expect(next).toBe(3);
    const writer = new ArchiveWriter(dir, 'events', 0);
    await writer.append(records(next, 8));
    await writer.close();
    expect((await readAll(dir)).records).toEqual(records(0, 8).map(plain));
    expect(readdirSync(`${dir}/events/0`).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('begins at 0 where nothing is archived, and goes on behind files of other formats', async () => {
    expect(await nextOffset(aDirectory(), 'events', 0)).toBe(0);
    const dir = aDirectory({
      [`${named(0)}.jsonl`]: '{"offset":0}\n{"offset":41}\n',
      [`${named(42)}.jsonl`]: '',
    });
    expect(await nextOffset(dir, 'events', 0)).toBe(42);
  });

  test('leaves nothing behind when it is given up', async () => {
    const dir = aDirectory();
    const writer = new ArchiveWriter(dir, 'events', 0);
    await writer.append(records(0, 5));
    await writer.abort();
    await writer.close();
    expect(readdirSync(`${dir}/events/0`)).toEqual([]);
  });

  test('never replaces what is archived', async () => {
    const dir = aDirectory();
    const first = new ArchiveWriter(dir, 'events', 0);
    await first.append(records(0, 5));
    await first.close();
    const second = new ArchiveWriter(dir, 'events', 0);
    const error = await errorOf(() => second.append(records(0, 1)));
    expect(describeError(error)).toContain(`${named(0)}.avro: the archive holds this part already`);
    expect((await readAll(dir)).records.length).toBe(5);
  });

  test('that cannot be written says where', async () => {
    const dir = aDirectory({ events: 'a file in the way' });
    const error = await errorOf(() => new ArchiveWriter(dir, 'events', 0).append(records(0, 1)));
    expect(error).toMatchObject({ code: 'ARCHIVE_WRITE', remedy: expect.any(String) });
    expect(describeError(error)).toContain('the archive cannot be written');
    rmSync(dir, { recursive: true });
  });
});
