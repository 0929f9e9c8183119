import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALENDAR_TO, calendarOf } from '../../src/definitions/calendar.ts';
import type { CalendarUnit } from '../../src/definitions/definition.ts';
import { startOfDate } from './brute-force-calendar.ts';
import { calendarFaults } from './check-calendar.ts';

/** The units from the one that holds an instant on, each as `start +hours`. */
function units(unit: CalendarUnit, zone: string, instant: string, count: number): string[] {
  const calendar = calendarOf(unit, zone);
  const first = calendar.ordinalOf(Date.parse(instant));
  return Array.from({ length: count }, (_, index) => {
    const start = calendar.startOf(first + index);
    const hours = (calendar.startOf(first + index + 1) - start) / 3_600_000;
    return `${new Date(start).toISOString().slice(0, 16)}Z +${hours}`;
  });
}

describe('the days that are known to be awkward', () => {
  it.each<[what: string, zone: string, from: string, days: string[]]>([
    [
      'Kolkata begins its day at 18:30 UTC',
      'Asia/Kolkata',
      '2026-06-01T12:00Z',
      ['2026-05-31T18:30Z +24', '2026-06-01T18:30Z +24'],
    ],
    [
      'New York has a day of 23 hours in spring',
      'America/New_York',
      '2026-03-08T05:00Z',
      ['2026-03-08T05:00Z +23', '2026-03-09T04:00Z +24'],
    ],
    [
      'and one of 25 in autumn',
      'America/New_York',
      '2026-11-01T23:59Z',
      ['2026-11-01T04:00Z +25', '2026-11-02T05:00Z +24'],
    ],
    [
      'Lord Howe goes back by half an hour',
      'Australia/Lord_Howe',
      '2026-04-05T00:00Z',
      ['2026-04-04T13:00Z +24.5', '2026-04-05T13:30Z +24'],
    ],
    [
      'and forward by half an hour',
      'Australia/Lord_Howe',
      '2026-10-04T00:00Z',
      ['2026-10-03T13:30Z +23.5', '2026-10-04T13:00Z +24'],
    ],
    // The 29th, the 31st: after the 29th at UTC−10 came the 31st at UTC+14.
    [
      'Apia had no 2011-12-30',
      'Pacific/Apia',
      '2011-12-29T10:00Z',
      ['2011-12-29T10:00Z +24', '2011-12-30T10:00Z +24', '2011-12-31T10:00Z +24'],
    ],
    [
      'Kwajalein had no 1993-08-21',
      'Pacific/Kwajalein',
      '1993-08-20T12:00Z',
      ['1993-08-20T12:00Z +24', '1993-08-21T12:00Z +24'],
    ],
    [
      'Kathmandu went from +5:30 to +5:45 at midnight',
      'Asia/Kathmandu',
      '1985-12-31T18:29Z',
      ['1985-12-30T18:30Z +24', '1985-12-31T18:30Z +23.75', '1986-01-01T18:15Z +24'],
    ],
    // 00:01 became 23:01 of the 28th, whose last hour came again; the 29th had begun.
    [
      "St John's left the 29th a minute after it had begun",
      'America/St_Johns',
      '2006-10-28T12:00Z',
      ['2006-10-28T02:30Z +24', '2006-10-29T02:30Z +25', '2006-10-30T03:30Z +24'],
    ],
    [
      'and skipped an hour a minute after midnight',
      'America/St_Johns',
      '2007-03-11T12:00Z',
      ['2007-03-11T03:30Z +23', '2007-03-12T02:30Z +24'],
    ],
    [
      'São Paulo had no midnight',
      'America/Sao_Paulo',
      '2018-11-04T12:00Z',
      ['2018-11-04T03:00Z +23', '2018-11-05T02:00Z +24'],
    ],
    [
      'Boa Vista had summer time for a week',
      'America/Boa_Vista',
      '2000-10-08T12:00Z',
      ['2000-10-08T04:00Z +23', '2000-10-09T03:00Z +24'],
    ],
    [
      'Monrovia was 44 minutes and a half behind',
      'Africa/Monrovia',
      '1972-01-06T12:00Z',
      ['1972-01-06T00:44Z +24', '1972-01-07T00:44Z +23.258333333333333'],
    ],
  ])('%s', (_, zone, from, days) => {
    expect(units('day', zone, from, days.length)).toEqual(days);
  });

  it('weeks start on Monday, months on the first, on local time', () => {
    expect(units('week', 'America/New_York', '2026-03-05T12:00Z', 2)).toEqual([
      '2026-03-02T05:00Z +167',
      '2026-03-09T04:00Z +168',
    ]);
    expect(units('month', 'Asia/Kolkata', '2028-01-31T18:30Z', 2)).toEqual([
      `2028-01-31T18:30Z +${29 * 24}`,
      `2028-02-29T18:30Z +${31 * 24}`,
    ]);
  });
});

describe('a calendar', () => {
  it.each(['UTC', '+05:30', 'Asia/Kolkata', 'America/New_York', 'Pacific/Apia', 'Pacific/Kiritimati'])(
    'gives the number 0 to the unit that holds 1970-01-01T00:00Z, in %s',
    (zone) => {
      for (const unit of ['day', 'week', 'month'] as const) {
        const calendar = calendarOf(unit, zone);
        expect(calendar.startOf(0)).toBeLessThanOrEqual(0);
        expect(calendar.startOf(1)).toBeGreaterThan(0);
        expect(calendar.ordinalOf(0)).toBe(0);
      }
    },
  );

  it('goes on for longer than any range, and ends on both sides with a unit without end', () => {
    for (const unit of ['day', 'week', 'month'] as const) {
      const calendar = calendarOf(unit, 'America/New_York');
      const [first, last] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map((time) =>
        calendar.ordinalOf(time),
      ) as [number, number];
      expect(calendar.startOf(first)).toBe(Number.NEGATIVE_INFINITY);
      expect(calendar.startOf(first + 1)).toBeLessThan(Date.UTC(1969, 0, 9));
      expect(calendar.startOf(last)).toBeGreaterThan(Date.UTC(2239, 10, 30));
      expect(calendar.startOf(last + 1)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('is one for all who ask', () => {
    expect(calendarOf('day', 'Asia/Kolkata')).toBe(calendarOf('day', 'Asia/Kolkata'));
    expect(calendarOf('day', 'Asia/Kolkata')).not.toBe(calendarOf('day', 'Asia/Kathmandu'));
  });

  it('answers the same in whatever order it is asked', () => {
    const time = fc.integer({ min: -86_400_000 * 400, max: CALENDAR_TO + 86_400_000 * 400 });
    const calendar = calendarOf('week', 'America/St_Johns');
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 20 }), (times) => {
        for (const instant of times) {
          const ordinal = calendar.ordinalOf(instant);
          expect(calendar.startOf(ordinal)).toBeLessThanOrEqual(instant);
          expect(calendar.startOf(ordinal + 1)).toBeGreaterThan(instant);
        }
      }),
    );
  });

  it.each([
    'America/New_York',
    'America/St_Johns',
    'America/Boa_Vista',
    'Antarctica/Casey',
    'Asia/Gaza',
    'Pacific/Apia',
  ])(
    'has the boundaries that looking at instants one by one finds, in %s (others: calendar-soak.ts)',
    (zone) => expect(calendarFaults(zone, 8)).toEqual([]),
  );

  it('has them in zones drawn by lot, on days drawn by lot', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        fc.array(fc.integer({ min: 2, max: 47_481 }), { minLength: 1, maxLength: 20 }),
        (zone, dates) => {
          const calendar = calendarOf('day', zone);
          for (const date of dates) {
            const start = startOfDate(zone, date);
            expect(calendar.startOf(calendar.ordinalOf(start))).toBe(start);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
