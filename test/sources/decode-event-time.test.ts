import { Temporal } from '@js-temporal/polyfill';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localTimeReader } from '../../src/sources/decode-local-time.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { Rejection } from '../../src/sources/record.ts';
import { aSource } from './a-source.ts';

describe('the event time of a row', () => {
  test.each([
    ['timestampMillis', 1700000000123, 1700000000123],
    ['timestampMillis', -1, -1],
    ['long', 5, 5],
    ['timestampMicros', 1999, 1],
    ['timestampMicros', 2000, 2],
    ['timestampMicros', -1, -1],
    ['timestampMicros', -1000, -1],
    ['timestampMicros', -1001, -2],
    ['timestampMillis', null, null],
    ['timestampMicros', null, null],
    ['localDateTime', null, null],
  ] as const)('from a %s of %s is %s', (kind, written, expected) => {
    const decoder = createDecoder(
      aSource({ at: kind }, { eventTime: { field: 'at', zone: 'Asia/Kolkata' } }),
    );
    expect(decoder.eventTime({ at: written })).toBe(expected);
  });

  test('is refused when a local date-time cannot be read', () => {
    const decoder = createDecoder(
      aSource({ at: 'localDateTime' }, { eventTime: { field: 'at', zone: 'Asia/Kolkata' } }),
    );
    const rejection = decoder.eventTime({ at: 'yesterday' }) as Rejection;
    expect(rejection.reason).toBe('schema');
    expect(rejection.detail).toBe(
      `field 'at': found the text "yesterday", expected a local date-time like 2026-03-08T02:30:15.250`,
    );
  });
});

describe('a local date-time', () => {
  const utc = (text: string) => Date.parse(text);

  test.each([
    ['Asia/Kolkata', '2026-03-08T02:30', utc('2026-03-07T21:00Z')],
    ['Asia/Kolkata', '2026-03-08 02:30:15', utc('2026-03-07T21:00:15Z')],
    ['Asia/Kolkata', '2026-03-08T02:30:15.25', utc('2026-03-07T21:00:15.250Z')],
    ['Asia/Kolkata', '2026-03-08T02:30:15.250999999', utc('2026-03-07T21:00:15.250Z')],
    // Finer than a millisecond is floored before 1970, too.
    ['UTC', '1969-12-31T23:59:59.9999', -1],
    ['UTC', '0001-01-01T00:00', -62135596800000],
    // In a gap the offset from before it holds; of two instants the earlier.
    ['America/New_York', '2026-03-08T02:30', utc('2026-03-08T07:30Z')],
    ['America/New_York', '2026-11-01T01:30', utc('2026-11-01T05:30Z')],
    ['America/New_York', '2026-11-01T02:00', utc('2026-11-01T07:00Z')],
    // A date that the zone skipped.
    ['Pacific/Apia', '2011-12-30T12:00', utc('2011-12-30T22:00Z')],
    // An offset in the text wins.
    ['America/New_York', '2026-03-08T02:30Z', utc('2026-03-08T02:30Z')],
    ['America/New_York', '2026-03-08T02:30+05:30', utc('2026-03-07T21:00Z')],
    ['America/New_York', '2026-03-08T02:30-0530', utc('2026-03-08T08:00Z')],
    ['America/New_York', '2026-03-08T02:30+05', utc('2026-03-07T21:30Z')],
    ['America/New_York', '2026-03-08T02:30-00:44:30', utc('2026-03-08T03:14:30Z')],
    ['UTC', '2024-02-29T00:00', utc('2024-02-29T00:00Z')],
  ])('in %s, %s is read', (zone, text, expected) => {
    expect(localTimeReader(zone)(text)).toBe(expected);
  });

  test.each([
    '',
    '2026-03-08',
    '2026-03-08T02',
    '2026-3-8T02:30',
    '2026-02-29T00:00',
    '2026-13-01T00:00',
    '2026-00-01T00:00',
    '2026-04-31T00:00',
    '2026-03-08T24:00',
    '2026-03-08T02:60',
    '2026-03-08T02:30:60',
    '2026-03-08T02:30:15.',
    '2026-03-08T02:30:15,5',
    '2026-03-08t02:30',
    '2026-03-08T02:30 ',
    ' 2026-03-08T02:30',
    '2026-03-08T02:30+5:30',
    '2026-03-08T02:30+24:00',
    '2026-03-08T02:30[Asia/Kolkata]',
    '+002026-03-08T02:30',
  ])('that is %j cannot be read', (text) => {
    expect(localTimeReader('UTC')(text)).toBeNull();
  });

  const ZONES = Intl.supportedValuesOf('timeZone');
  const offsetless = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2100, 0) });

  test('is the instant that Temporal says, in every zone', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), offsetless, (zone, local) => {
        const text = new Date(local).toISOString().slice(0, -1);
        expect(localTimeReader(zone)(text)).toBe(temporal(text, zone));
      }),
      { numRuns: 400 },
    );
  });

  test('is the instant that Temporal says around changes of offset, with a reader that remembers', () => {
    // Changes on the hour, at midnight, by half an hour, of a whole day, and of seconds at an odd time.
    const cases: [string, string][] = [
      ['America/New_York', '2026-03-08T02:00'],
      ['America/New_York', '2026-11-01T02:00'],
      ['America/Sao_Paulo', '2018-11-04T00:00'],
      ['Australia/Lord_Howe', '2026-04-05T02:00'],
      ['Pacific/Apia', '2011-12-30T00:00'],
      ['Asia/Kathmandu', '1986-01-01T00:00'],
      ['Europe/Amsterdam', '1937-07-01T00:00'],
      ['Africa/Monrovia', '1972-01-07T00:00'],
      ['America/St_Johns', '2006-10-29T00:01'],
    ];
    const around = fc.integer({ min: -26 * 3600_000, max: 26 * 3600_000 });
    for (const [zone, change] of cases) {
      const read = localTimeReader(zone);
      fc.assert(
        fc.property(fc.oneof(around, fc.integer({ min: -7200_000, max: 7200_000 })), (distance) => {
          const text = new Date(Date.parse(`${change}Z`) + distance).toISOString().slice(0, -1);
          expect(read(text)).toBe(temporal(text, zone));
        }),
        { numRuns: 150 },
      );
    }
  });

  function temporal(text: string, zone: string): number {
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: 'compatible' })
      .epochMilliseconds;
  }
});
