import { calendarOf } from '../../src/definitions/calendar.ts';
import type { CalendarUnit } from '../../src/definitions/definition.ts';
import { datesOfChange, localDate, startOfDate, unitOfDate } from './brute-force-calendar.ts';

const UNITS: readonly CalendarUnit[] = ['day', 'week', 'month'];
const LAST_MS = Date.UTC(2100, 0, 1);

/**
 * What is wrong with the calendars of a zone from 1970 to 2100: every boundary is looked at, and those around
 * one of `outOf` changes of the zone's offset are found anew by brute force, beginning with the change `from`.
 */
export function calendarFaults(zone: string, outOf = 1, from = 0): string[] {
  const changes = datesOfChange(zone).filter((_, index) => index % outOf === from % outOf);
  return UNITS.flatMap((unit) => [...everyBoundary(unit, zone), ...aroundChanges(unit, zone, changes)]);
}

/** Numbers are dense, and at each start the local date comes to the date that is next, or leaps over it. */
function* everyBoundary(unit: CalendarUnit, zone: string): Iterable<string> {
  const { ordinalOf, startOf } = bound(unit, zone);
  if (ordinalOf(0) !== 0) yield `${zone}: ${unit} ${ordinalOf(0)} holds 1970`;
  for (let ordinal = 1; startOf(ordinal - 1) <= LAST_MS; ordinal += 1) {
    const start = startOf(ordinal);
    const { next } = unitOfDate(unit, localDate(zone, startOf(ordinal - 1)));
    const starts = localDate(zone, start - 1) < next && next <= localDate(zone, start);
    const numbered = ordinalOf(start) === ordinal && ordinalOf(start - 1) === ordinal - 1;
    if (!starts || !numbered) yield `${zone}: ${unit} ${ordinal} starts at ${start}`;
  }
}

function* aroundChanges(unit: CalendarUnit, zone: string, changes: readonly number[]): Iterable<string> {
  const { ordinalOf, startOf } = bound(unit, zone);
  const dates = new Set(
    changes.flatMap((date) => {
      if (unit === 'day') return [date - 1, date, date + 1, date + 2];
      const { first, next } = unitOfDate(unit, date);
      return [first, next];
    }),
  );
  for (const date of dates) {
    const start = startOfDate(zone, date);
    const found = startOf(ordinalOf(start));
    if (found !== start) yield `${zone}: the ${unit} of ${date} starts at ${start}, not at ${found}`;
  }
}

function bound(unit: CalendarUnit, zone: string) {
  const calendar = calendarOf(unit, zone);
  return {
    ordinalOf: (time: number) => calendar.ordinalOf(time),
    startOf: (ordinal: number) => calendar.startOf(ordinal),
  };
}
