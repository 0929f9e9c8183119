import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/definitions/definition.ts';
import { keyText } from '../../src/sources/decode-key.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import { Rejection } from '../../src/sources/record.ts';
import { aSource } from './a-source.ts';

const text = (json: string) => Buffer.from(json);

function decodeField(kind: Parameters<typeof aSource>[0][string], json: string): unknown {
  const decoder = createDecoder(aSource({ x: kind, at: 'timestampMillis' }));
  const row = decoder.decode(text(`{"x":${json},"at":1}`));
  return row instanceof Rejection ? `${row.reason}: ${row.detail}` : row['x'];
}

describe('a JSON value', () => {
  const decoder = createDecoder(aSource({ name: 'string', note: 'string?', at: 'timestampMillis' }));

  test('becomes a row of the declared fields, in their order; others are skipped', () => {
    const row = decoder.decode(text('{"at":5,"more":{"name":1},"name":"é","note":"n"}'));
    expect(row).toEqual({ name: 'é', note: 'n', at: 5 });
    expect(Object.keys(row)).toEqual(['name', 'note', 'at']);
  });

  test('has null for a nullable field and the event time when they are null or missing', () => {
    expect(decoder.decode(text('{"name":"a"}'))).toEqual({ name: 'a', note: null, at: null });
    expect(decoder.decode(text('{"name":"a","note":null,"at":null}'))).toEqual({
      name: 'a',
      note: null,
      at: null,
    });
  });

  test('is taken as a plain Uint8Array and as parsed JSON, too', () => {
    expect(decoder.decode(new Uint8Array(text(' {"name":"a","at":5}')).subarray(1))).toMatchObject({ at: 5 });
    expect(decoder.decode({ json: { name: 'a', at: 5 }, bytes: () => text('') })).toMatchObject({ at: 5 });
  });

  test.each([
    ['no value', null, 'null_value', 'the record has no value'],
    ['text that is not JSON', text('{"name":'), 'undecodable', 'the value is not JSON'],
    ['an empty value', text(''), 'undecodable', 'the value is not JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'undecodable', 'the value is not UTF-8'],
    ['bytes of a lone surrogate', Buffer.from('"\u00ed\u00a0\u0080"', 'latin1'), 'undecodable', 'not UTF-8'],
    ['a list', text('[1]'), 'schema', 'found an array, expected a JSON object'],
    ['a number', text('12'), 'schema', 'found the number 12, expected a JSON object'],
    ['a JSON null', text('null'), 'schema', 'found null, expected a JSON object'],
    [
      'an object without a field',
      text('{"at":1}'),
      'schema',
      "field 'name': found nothing, expected a string",
    ],
    ['an object with a null', text('{"name":null}'), 'schema', "field 'name': found null, expected a string"],
    [
      'a wrong type in a nullable field',
      text('{"name":"a","note":7}'),
      'schema',
      "field 'note': found the number 7, expected a string or null",
    ],
  ] as const)('that is %s is rejected', (_, value, reason, detail) => {
    const rejection = decoder.decode(value);
    expect(rejection).toMatchObject({ reason });
    expect((rejection as Rejection).detail).toContain(detail);
  });
});

describe('a JSON field', () => {
  test.each([
    ['string', '"a"', 'a'],
    ['string', '"\\ud83d\\ude00"', '😀'],
    ['string', '"a\\ud83d"', 'a\ufffd'],
    ['localDateTime', '"2026-03-08T02:30"', '2026-03-08T02:30'],
    ['boolean', 'false', false],
    ['int', '2147483647', 2147483647],
    ['int', '-2147483648', -2147483648],
    ['int', '1.0', 1],
    ['int', '-0', 0],
    ['long', '9007199254740991', 9007199254740991],
    ['long', '-9007199254740991', -9007199254740991],
    ['long', '1.0', 1],
    ['long', '1e3', 1000],
    ['long', '-0.0', 0],
    ['timestampMillis', '-1', -1],
    ['timestampMicros', '9007199254740991', 9007199254740991],
    ['float', '0.1', 0.1],
    ['double', '-0', 0],
    ['double', '1e308', 1e308],
    ['bytes', '"aGk="', Buffer.from('hi')],
    ['bytes', '""', Buffer.alloc(0)],
    [['on', 'off'], '"off"', 'off'],
  ] as const)('of type %s takes %s', (kind, json, value) => {
    const found = decodeField(kind, json);
    expect(found).toStrictEqual(value);
    expect(Object.is(found, -0)).toBe(false);
  });

  test.each([
    ['string', '1', 'found the number 1, expected a string'],
    ['string', '{}', 'found an object, expected a string'],
    ['localDateTime', '5', 'found the number 5, expected a local date-time like 2026-03-08T02:30:15.250'],
    ['localDateTime', '"tomorrow"', 'found the text "tomorrow", expected a local date-time'],
    ['localDateTime', '"2026-02-30T00:00"', 'found the text "2026-02-30T00:00", expected a local date-time'],
    ['boolean', '1', 'found the number 1, expected a boolean'],
    ['boolean', '"true"', 'found the text "true", expected a boolean'],
    ['int', '2147483648', 'found the number 2147483648, expected an int (an integer of 32 bits)'],
    ['int', '1.5', 'found the number 1.5, expected an int (an integer of 32 bits)'],
    ['int', '"1"', 'found the text "1", expected an int (an integer of 32 bits)'],
    ['int', '{"valueOf":1,"toString":1}', 'found an object, expected an int'],
    ['int', '[5]', 'found an array, expected an int'],
    [
      'long',
      '9007199254740992',
      'found the number 9007199254740992, expected a long (an integer within ±(2^53−1))',
    ],
    [
      'long',
      '-9007199254740993',
      'found the number -9007199254740992, expected a long (an integer within ±(2^53−1))',
    ],
    ['long', '0.5', 'found the number 0.5, expected a long'],
    ['long', '"12"', 'found the text "12", expected a long'],
    ['long', 'true', 'found true, expected a long'],
    [
      'timestampMillis',
      '"2026-01-01"',
      'found the text "2026-01-01", expected a timestamp (an integer of milli',
    ],
    ['timestampMicros', '1.5', 'found the number 1.5, expected a timestamp (an integer of microseconds)'],
    ['float', '"1"', 'found the text "1", expected a float (a finite number)'],
    ['double', '1e999', 'found the number Infinity, expected a double (a finite number)'],
    ['double', '"NaN"', 'found the text "NaN", expected a double (a finite number)'],
    ['bytes', '"a-_="', 'found the text "a-_=", expected bytes (in JSON, base64 text)'],
    ['bytes', '"aGk"', 'found the text "aGk", expected bytes (in JSON, base64 text)'],
    ['bytes', '[1,2]', 'found an array, expected bytes'],
    [['on', 'off'], '"On"', 'found the text "On", expected one of "on", "off"'],
    [['on', 'off'], '0', 'found the number 0, expected one of "on", "off"'],
    ['string', 'null', 'found null, expected a string'],
  ] as const)('of type %s refuses %s', (kind, json, detail) => {
    expect(decodeField(kind, json)).toContain(`schema: field 'x': ${detail}`);
  });

  test('may have any name, also one that every object inherits', () => {
    const schema = '{"plain":"long","toString":"long?","a \\"b\\"\\n":"long","__proto__":"long","at":"long"}';
    const decoder = createDecoder(aSource(JSON.parse(schema)));
    const row = decoder.decode(text('{"plain":1,"a \\"b\\"\\n":2,"__proto__":3,"at":4}')) as Row;
    expect(Object.entries(row)).toEqual([
      ['plain', 1],
      ['toString', null],
      ['a "b"\n', 2],
      ['__proto__', 3],
      ['at', 4],
    ]);
  });

  test('is refused in the order of the schema, and a long text is cut in the detail', () => {
    const decoder = createDecoder(aSource({ b: 'int', a: 'int', at: 'timestampMillis' }));
    const rejection = decoder.decode(text(`{"a":null,"b":"${'x'.repeat(1000)}"}`)) as Rejection;
    expect(rejection.detail).toContain("field 'b'");
    expect(rejection.detail.length).toBeLessThan(200);
  });

  test('of any JSON gives a row or a rejection, never an exception', () => {
    const decoder = createDecoder(
      aSource({ a: 'int', b: 'double?', c: 'string?', d: 'bytes?', at: 'timestampMillis' }),
    );
    const value = fc.oneof(
      fc.json().map(text),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .record({ a: fc.anything(), b: fc.double(), c: fc.string({ unit: 'binary' }), d: fc.base64String() })
        .map((json) => ({ json, bytes: () => text('') })),
    );
    fc.assert(
      fc.property(value, (input) => {
        const row = decoder.decode(input);
        if (row instanceof Rejection) return;
        for (const found of Object.values(row)) {
          expect(found === undefined || Number.isNaN(found) || Object.is(found, -0)).toBe(false);
        }
      }),
    );
  });
});

describe('the text of a key field', () => {
  test.each([
    [null, null],
    ['c1', 'c1'],
    [12, '12'],
    [-9007199254740991, '-9007199254740991'],
    [0.5, '0.5'],
    [1e21, '1000000000000000000000'],
    [-1.25e22, '-12500000000000000000000'],
    [1.5e-7, '0.00000015'],
    [true, 'true'],
    [Buffer.from('é'), 'é'],
  ])('of %s is %s', (value, expected) => {
    expect(keyText(value)).toBe(expected);
  });
});
