import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row, Source } from '../../src/definitions/definition.ts';
import { describeError } from '../../src/errors.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import { Rejection } from '../../src/sources/record.ts';
import { aSource } from './a-source.ts';
import { aDirectory, errorOf } from './temporary.ts';

type Fields = Parameters<typeof aSource>[0];

/** A source whose values were written with other fields than it declares. */
function written(declared: Fields, fields: readonly unknown[], more: object = {}) {
  const schema = { type: 'record', name: 'Written', fields, ...more };
  const dir = aDirectory({ 'value.avsc': JSON.stringify(schema) });
  const source: Source = aSource(declared, { format: 'avro', writerSchemaFile: `${dir}/value.avsc` });
  return {
    decoder: createDecoder(source),
    encode: (value: unknown) =>
      avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true }).toBuffer(value),
  };
}

/** A long as Avro writes it. */
function zigzag(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function outcome(row: Row | Rejection): unknown {
  return row instanceof Rejection ? `${row.reason}: ${row.detail}` : { ...row };
}

describe('an Avro value', () => {
  test('of the declared schema becomes a row', () => {
    const source = aSource(
      {
        id: 'string',
        ok: 'boolean',
        small: 'int',
        big: 'long',
        half: 'float',
        full: 'double',
        raw: 'bytes',
        kind: ['a', 'b'],
        note: 'string?',
        at: 'timestampMillis',
      },
      { format: 'avro' },
    );
    const type = avro.Type.forSchema({
      type: 'record',
      name: 'Any',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'ok', type: 'boolean' },
        { name: 'small', type: 'int' },
        { name: 'big', type: 'long' },
        { name: 'half', type: 'float' },
        { name: 'full', type: 'double' },
        { name: 'raw', type: 'bytes' },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
        { name: 'note', type: ['null', 'string'] },
        { name: 'at', type: 'long' },
      ],
    } as avro.Schema);
    const value = {
      id: 'é',
      ok: true,
      small: -5,
      big: 2 ** 40,
      half: 0.5,
      full: 0.1,
      raw: Buffer.from([0, 255]),
      kind: 'b',
      note: null,
      at: 7,
    };
    const decoder = createDecoder(source);
    const row = decoder.decode(type.toBuffer(value));
    expect(row).toEqual(value);
    expect(decoder.eventTime(row as Row)).toBe(7);
    // Negative zero, as everywhere, is read as 0.
    const zero = decoder.decode(type.toBuffer({ ...value, half: -0, full: -0 })) as Row;
    expect([Object.is(zero['half'], 0), Object.is(zero['full'], 0)]).toEqual([true, true]);
    expect(outcome(decoder.decode(type.toBuffer({ ...value, full: Number.NaN })))).toContain(
      "schema: field 'full': found the number NaN",
    );
    expect(outcome(decoder.decode(type.toBuffer({ ...value, half: Number.NEGATIVE_INFINITY })))).toContain(
      "schema: field 'half': found the number -Infinity",
    );
  });

  test('of another schema gives the declared fields; others are skipped, whatever they are', () => {
    const { decoder, encode } = written({ at: 'long', name: 'string' }, [
      { name: 'list', type: { type: 'array', items: { type: 'map', values: ['null', 'double'] } } },
      { name: 'name', type: 'string' },
      {
        name: 'tree',
        type: {
          type: 'record',
          name: 'Tree',
          fields: [
            { name: 'leaf', type: 'float' },
            { name: 'left', type: ['null', 'Tree'] },
          ],
        },
      },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
      { name: 'nulls', type: { type: 'array', items: 'null' } },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['x'] } },
      { name: 'flag', type: 'boolean' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'raw', type: 'bytes' },
    ]);
    const bytes = encode({
      list: [{ a: { double: 1 }, b: null }, {}],
      name: 'n',
      tree: { leaf: 1, left: { Tree: { leaf: 2, left: null } } },
      hash: Buffer.from('abc'),
      nulls: [null, null],
      kind: 'x',
      flag: true,
      at: 12,
      raw: Buffer.from('xyz'),
    });
    expect(outcome(decoder.decode(bytes))).toEqual({ at: 12, name: 'n' });
  });

  test('is promoted as Avro says', () => {
    const { decoder, encode } = written(
      { a: 'long', b: 'double', c: 'double', d: 'float', e: 'string', f: 'bytes', at: 'timestampMillis' },
      [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'long' },
        { name: 'c', type: 'float' },
        { name: 'd', type: 'int' },
        { name: 'e', type: 'bytes' },
        { name: 'f', type: 'string' },
        { name: 'at', type: 'int' },
      ],
    );
    const bytes = encode({ a: 1, b: 2, c: 0.5, d: 4, e: Buffer.from('é'), f: 'é', at: 5 });
    expect(outcome(decoder.decode(bytes))).toEqual({
      a: 1,
      b: 2,
      c: 0.5,
      d: 4,
      e: 'é',
      f: Buffer.from('é'),
      at: 5,
    });
  });

  test('lacks a field that the writer lacks: null, when it may be', () => {
    const { decoder, encode } = written({ a: 'long?', at: 'long' }, [{ name: 'b', type: 'int' }]);
    expect(outcome(decoder.decode(encode({ b: 1 })))).toEqual({ a: null, at: null });
    const strict = written({ a: 'long', at: 'long' }, [{ name: 'b', type: 'int' }]);
    expect(outcome(strict.decoder.decode(strict.encode({ b: 1 })))).toBe(
      "schema: field 'a': found nothing, expected a long (an integer within ±(2^53−1))",
    );
  });

  test('with a union is judged by the branch that is written', () => {
    const { decoder, encode } = written({ x: 'long', at: 'long' }, [
      { name: 'x', type: ['string', 'null', 'int', 'long', 'double'] },
      { name: 'at', type: ['null', 'long'] },
    ]);
    expect(outcome(decoder.decode(encode({ x: { int: 3 }, at: null })))).toEqual({ x: 3, at: null });
    expect(outcome(decoder.decode(encode({ x: { long: 4 }, at: { long: 5 } })))).toEqual({ x: 4, at: 5 });
    expect(outcome(decoder.decode(encode({ x: null, at: null })))).toContain("field 'x': found null");
    expect(outcome(decoder.decode(encode({ x: { string: '3' }, at: null })))).toContain(
      "schema: field 'x': found a value of type string",
    );
    expect(outcome(decoder.decode(encode({ x: { double: 3 }, at: null })))).toContain(
      "schema: field 'x': found a value of type double",
    );
  });

  test('with a symbol that is not declared is rejected, not refused at the start', () => {
    const { decoder, encode } = written({ kind: ['b', 'c'], at: 'long' }, [
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
      { name: 'at', type: 'long' },
    ]);
    expect(outcome(decoder.decode(encode({ kind: 'b', at: 1 })))).toEqual({ kind: 'b', at: 1 });
    expect(outcome(decoder.decode(encode({ kind: 'a', at: 1 })))).toBe(
      `schema: field 'kind': found the text "a", expected one of "b", "c"`,
    );
  });

  test('has an enum as text where its values are no Avro names', () => {
    const source = aSource({ kind: ['in-progress', 'done'], at: 'long' }, { format: 'avro' });
    const decoder = createDecoder(source);
    const kind = (text: string) =>
      Buffer.concat([zigzag(BigInt(text.length)), Buffer.from(text), zigzag(1n)]);
    expect(outcome(decoder.decode(kind('in-progress')))).toEqual({ kind: 'in-progress', at: 1 });
    expect(outcome(decoder.decode(kind('lost')))).toContain(`schema: field 'kind': found the text "lost"`);
  });

  test('with a long is exact up to ±(2^53−1)', () => {
    const { decoder } = written({ at: 'long' }, [{ name: 'at', type: 'long' }]);
    const edges = [2 ** 27, 2 ** 31, 2 ** 52 - 1, 2 ** 52, 2 ** 52 + 1, 2 ** 53 - 1].flatMap((n) => [n, -n]);
    const long = fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger());
    fc.assert(
      fc.property(long, (at) => {
        expect(outcome(decoder.decode(zigzag(BigInt(at))))).toEqual({ at });
      }),
      { numRuns: 500 },
    );
  });

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    'with the long %s, which is beyond what is exact, is rejected',
    (value) => {
      const { decoder } = written({ at: 'long' }, [{ name: 'at', type: 'long' }]);
      expect(outcome(decoder.decode(zigzag(value)))).toContain("schema: field 'at': found the number");
      // Nobody asked for it here.
      const other = written({ b: 'int', at: 'long' }, [
        { name: 'big', type: 'long' },
        { name: 'b', type: 'int' },
      ]);
      expect(outcome(other.decoder.decode(Buffer.concat([zigzag(value), zigzag(1n)])))).toEqual({
        b: 1,
        at: null,
      });
    },
  );

  test('that is cut off, or goes on after the record, is undecodable before it is anything else', () => {
    const { decoder, encode } = written({ name: 'string', kind: ['b'], x: 'double', at: 'long' }, [
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
      { name: 'name', type: ['null', 'string'] },
      { name: 'skipped', type: { type: 'map', values: 'float' } },
      { name: 'x', type: 'double' },
      { name: 'at', type: 'long' },
    ]);
    // Of itself this record is rejected for its schema: `kind` is not listed, `name` null.
    const bytes = encode({ kind: 'a', name: null, skipped: { k: 1, l: 2 }, x: 1, at: 2 ** 50 });
    expect(outcome(decoder.decode(bytes))).toContain('schema: ');
    for (let length = 0; length < bytes.length; length++) {
      expect(outcome(decoder.decode(bytes.subarray(0, length))), `cut to ${length} bytes`).toContain(
        'undecodable: ',
      );
    }
    expect(outcome(decoder.decode(Buffer.concat([bytes, Buffer.from([0, 0])])))).toBe(
      'undecodable: 2 bytes are left after a record of the writer schema',
    );
  });

  test.each([
    ['a union branch that does not exist', 'x', 'long', ['null', 'long'], zigzag(2n)],
    ['a union branch below 0', 'x', 'long', ['null', 'long'], zigzag(-1n)],
    ['a symbol that does not exist', 'x', ['a'], { type: 'enum', name: 'K', symbols: ['a'] }, zigzag(1n)],
    ['a string that is not UTF-8', 'x', 'string', 'string', Buffer.from([4, 0xff, 0xfe])],
    ['a string of negative length', 'x', 'string', 'string', Buffer.from([3, 0x41])],
    ['a string longer than the value', 'x', 'string', 'string', zigzag(2n ** 40n)],
    ['a boolean of 2', 'x', 'boolean', 'boolean', Buffer.from([2])],
    ['a long of eleven bytes', 'x', 'long', 'long', Buffer.alloc(11, 0x80)],
    ['an array without end', 'skipped', 'long', { type: 'array', items: 'long' }, zigzag(2n ** 62n)],
    ['a map without end', 'skipped', 'long', { type: 'map', values: 'null' }, zigzag(2n ** 62n)],
  ] as const)('with %s is undecodable', (_, name, declared, type, bytes) => {
    const { decoder } = written({ x: declared, at: 'long' }, [{ name, type }]);
    expect(outcome(decoder.decode(bytes))).toContain('undecodable: ');
  });

  test('with items that take no bytes ends, however many there are', () => {
    const empty = { type: 'record', name: 'Empty', fields: [{ name: 'n', type: 'null' }] };
    const { decoder } = written({ at: 'long' }, [
      { name: 'nulls', type: { type: 'array', items: 'null' } },
      { name: 'empties', type: { type: 'array', items: empty } },
      { name: 'at', type: 'long' },
    ]);
    const huge = [...zigzag(2n ** 53n - 1n), 0];
    expect(outcome(decoder.decode(Buffer.from([...huge, ...huge, 10])))).toEqual({ at: 5 });
  });

  test('nested deeper than the stack is undecodable', () => {
    const tree = { type: 'record', name: 'Tree', fields: [{ name: 'left', type: ['null', 'Tree'] }] };
    const { decoder } = written({ at: 'long' }, [
      { name: 'tree', type: tree },
      { name: 'at', type: 'long' },
    ]);
    expect(outcome(decoder.decode(Buffer.alloc(10_000_000, 2)))).toBe(
      'undecodable: the value is nested too deep',
    );
  });

  test('of any bytes gives a row or a rejection, never an exception', () => {
    const { decoder } = written({ a: 'string?', b: ['x'], c: 'double', at: 'long' }, [
      { name: 's', type: { type: 'array', items: { type: 'map', values: ['null', 'string', 'double'] } } },
      { name: 'a', type: ['null', 'string', 'int'] },
      { name: 'b', type: { type: 'enum', name: 'Kind', symbols: ['x', 'y'] } },
      { name: 'c', type: ['double', 'null', 'float'] },
      { name: 'at', type: 'long' },
    ]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const row = decoder.decode(bytes);
        if (row instanceof Rejection) expect(['undecodable', 'schema']).toContain(row.reason);
        else expect(Object.keys(row)).toEqual(['a', 'b', 'c', 'at']);
      }),
      { numRuns: 2000 },
    );
  });

  test('in an archive of JSON lines is JSON of the declared schema', () => {
    const decoder = createDecoder(aSource({ raw: 'bytes', at: 'long' }, { format: 'avro' }));
    const json = { raw: 'aGk=', at: 1.0 };
    expect(outcome(decoder.decode({ json, bytes: () => new Uint8Array() }))).toEqual({
      raw: Buffer.from('hi'),
      at: 1,
    });
  });
});

describe('a writer schema file', () => {
  const open = (content: string | null) => {
    const dir = aDirectory(content === null ? {} : { 'value.avsc': content });
    const file = `${dir}/value.avsc`;
    const source = aSource({ id: 'long', at: 'timestampMillis' }, { format: 'avro', writerSchemaFile: file });
    return { file, source };
  };

  test.each([
    ['that is missing', null, 'the writer schema file does not exist'],
    ['that is not JSON', '{', 'the writer schema file is not JSON'],
    [
      'that is no Avro schema',
      '{"type":"recordd","name":"X"}',
      'the writer schema file holds no Avro schema',
    ],
    ['that is no record', '"string"', 'the schema is of type string, not a record'],
    [
      'whose field cannot become the declared one',
      '{"type":"record","name":"X","fields":[{"name":"id","type":["string","double"]}]}',
      "field 'id' is written as a union of string, double, which cannot be read as the declared long",
    ],
    [
      'whose field would lose precision',
      '{"type":"record","name":"X","fields":[{"name":"id","type":"double"}]}',
      "field 'id' is written as double, which cannot be read as the declared long",
    ],
  ])('%s is refused with its path and what to do', async (_, content, message) => {
    const { file, source } = open(content);
    const error = await errorOf(() => createDecoder(source));
    expect(error).toMatchObject({ code: 'WRITER_SCHEMA', place: { file }, remedy: expect.any(String) });
    expect(describeError(error)).toContain(`${file}: ${message}`);
  });
});

test('a timestamp written in another unit than it is declared in is refused, with its file and field', async () => {
  const micros = { type: 'long', logicalType: 'timestamp-micros' };
  const error = await errorOf(() =>
    written({ at: 'timestampMillis' }, [{ name: 'at', type: ['null', micros] }]),
  );
  expect(describeError(error)).toMatch(
    /value\.avsc: field 'at' is written as timestampMicros, but declared as timestampMillis: .*\n {2}Declare it as field\.timestampMicros/,
  );
  const millis = { type: 'long', logicalType: 'timestamp-millis' };
  expect(() => written({ at: 'timestampMillis' }, [{ name: 'at', type: millis }])).not.toThrow();
  expect(() => written({ at: 'timestampMillis' }, [{ name: 'at', type: 'long' }])).not.toThrow();
});
