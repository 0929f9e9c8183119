import { LONGEST_YEARS } from './calendar.ts';
import type { CalendarUnit } from './definition.ts';
import type { Problem } from './definition-error.ts';
import { nearest } from './nearest.ts';
import { isObject, OptionReader, show } from './option-reader.ts';
import { findZone, suggestZone } from './zones.ts';

/** A unit of a zone's calendar, as the option `every` of a group and `since` of an aggregate take it. */
export interface CalendarOptions {
  /** A week starts on Monday. */
  readonly unit: CalendarUnit;
  /** An IANA zone, like `'Asia/Kolkata'`. */
  readonly zone: string;
}

/** So many units of the group's own calendar grid, as the option `last` of an aggregate takes them. */
export type CalendarLengthOptions =
  | { readonly days: number; readonly weeks?: never; readonly months?: never; readonly zone: string }
  | { readonly weeks: number; readonly days?: never; readonly months?: never; readonly zone: string }
  | { readonly months: number; readonly days?: never; readonly weeks?: never; readonly zone: string };

const UNITS: readonly CalendarUnit[] = ['day', 'week', 'month'];
const PLURALS = ['days', 'weeks', 'months'] as const;
const UNIT_OF = { days: 'day', weeks: 'week', months: 'month' } as const;
const UNITS_A_YEAR: Readonly<Record<CalendarUnit, number>> = { day: 365, week: 52, month: 12 };

/** Reads `{ unit, zone }`, the value of an option; null when something is wrong with it. */
export function readCalendar(
  reader: OptionReader,
  option: string,
  problems: Problem[],
): { readonly unit: CalendarUnit; readonly zone: string } | null {
  const options = new OptionReader(option, reader.given[option], reader.site.object(option), problems);
  const before = problems.length;
  if (!isObject(reader.given[option])) return null;
  options.only(['unit', 'zone']);
  options.require('unit', "write unit: 'day', 'week' or 'month'");
  const { unit } = options.given;
  const found = UNITS.find((each) => each === unit) ?? null;
  if (found === null && unit !== undefined) {
    const near = typeof unit === 'string' ? nearest(unit, UNITS) : null;
    const remedy = near === null ? "write 'day', 'week' or 'month'" : `did you mean '${near}'?`;
    options.wrong('unit', `is ${show(unit)}, no unit of the calendar`, remedy);
  }
  const zone = readZone(options);
  return problems.length > before || found === null || zone === null ? null : { unit: found, zone };
}

/** Reads `{ days: 30, zone }`, or weeks or months, the value of an option; null when something is wrong with it. */
export function readCalendarLength(
  reader: OptionReader,
  option: string,
  problems: Problem[],
): { readonly count: number; readonly unit: CalendarUnit; readonly zone: string } | null {
  const options = new OptionReader(option, reader.given[option], reader.site.object(option), problems);
  const before = problems.length;
  options.only([...PLURALS, 'zone'], {
    unit: 'a length counts units: write days: 1, weeks: 1 or months: 1',
  });
  const zone = readZone(options);
  const [name, second] = PLURALS.filter((plural) => options.has(plural));
  if (name === undefined) {
    if (problems.length === before) options.require('days', 'write days: 30, or weeks or months');
    return null;
  }
  if (second !== undefined) {
    const problem = `'${option}' counts ${name} and ${second}, which are of different lengths`;
    options.problem(options.site.key(second), problem, 'leave one of them out');
  }
  const unit = UNIT_OF[name];
  const most = LONGEST_YEARS * UNITS_A_YEAR[unit];
  const count = options.given[name];
  if (typeof count === 'number' && Number.isInteger(count) && count > most) {
    const years = `is ${count}, more than ${LONGEST_YEARS} years`;
    options.wrong(name, years, `write lifetime: true, which is all there was, or up to ${name}: ${most}`);
  } else options.integer(name, 1, Number.MAX_SAFE_INTEGER, 1);
  return problems.length > before || zone === null ? null : { count: count as number, unit, zone };
}

function readZone(options: OptionReader): string | null {
  if (!options.require('zone', "write zone: 'Asia/Kolkata', or the zone whose days are meant")) return null;
  const name = options.text('zone');
  if (name === null) return null;
  const zone = findZone(name);
  if (zone === null) options.wrong('zone', `is '${name}', which is no time zone`, suggestZone(name));
  return zone;
}
