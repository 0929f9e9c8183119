import type { CalendarUnit } from '../../src/definitions/definition.ts';

/** A zone's calendar by looking at instants one by one: slow, and nothing that `calendar.ts` knows. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** The local date at an instant, in days since 1970-01-01. */
export function localDate(zone: string, time: number): number {
  let format = dateFormats.get(zone);
  if (format === undefined) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...numeric });
    dateFormats.set(zone, format);
  }
  const [month, day, year] = format.format(time).split('/').map(Number) as [number, number, number];
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** The first instant whose local date is `date` or later. Offsets change at whole seconds. */
export function startOfDate(zone: string, date: number): number {
  // Local time is at most 14 hours ahead of UTC and 12 behind, and nothing goes back by more than 3.
  let time = date * DAY_MS - 18 * HOUR_MS;
  if (localDate(zone, time) >= date) throw new Error(`${zone} is at ${date} by ${time} already`);
  // No two changes lie within two hours, so that quarters of an hour find where to look more closely.
  while (localDate(zone, time + 2 * HOUR_MS) < date) time += 15 * MINUTE_MS;
  time -= HOUR_MS;
  while (localDate(zone, time) < date) time += MINUTE_MS;
  time -= MINUTE_MS;
  while (localDate(zone, time) < date) time += 1000;
  if (localDate(zone, time - 1) >= date) throw new Error(`${zone} changes within a second at ${time}`);
  return time;
}

/** The date that starts the unit of a local date, and the one that starts the next unit. */
export function unitOfDate(
  unit: CalendarUnit,
  date: number,
): { readonly first: number; readonly next: number } {
  if (unit === 'day') return { first: date, next: date + 1 };
  const day = new Date(date * DAY_MS);
  const monday = date - ((day.getUTCDay() + 6) % 7);
  if (unit === 'week') return { first: monday, next: monday + 7 };
  const month = (later: number) => Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + later, 1) / DAY_MS;
  return { first: month(0), next: month(1) };
}

/** Days around which the zone's offset changes, from 1970 to 2100, found by looking at the hour of every day. */
export function datesOfChange(zone: string): number[] {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const found: number[] = [];
  let before = clock.format(0);
  for (let date = 1; date <= Date.UTC(2100, 0, 1) / DAY_MS; date += 1) {
    const now = clock.format(date * DAY_MS);
    if (now !== before) found.push(date);
    before = now;
  }
  return found;
}
