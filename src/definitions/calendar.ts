import { type EventTimeMs, floorDiv } from '../time.ts';
import type { CalendarUnit } from './definition.ts';
import { type ZoneOffsets, zoneOffsetsOf } from './zone-offsets.ts';

/** Groups that use a calendar take event times from here (semantics.md, `event_time_range`) … */
export const CALENDAR_FROM: EventTimeMs = 0;
/** … to before here. */
export const CALENDAR_TO: EventTimeMs = Date.UTC(2100, 0, 1);
/** The longest length of a range in units, in years: every event time that is taken lies in it. */
export const LONGEST_YEARS = 130;

/**
 * A zone's days, weeks or months by number (semantics.md, "Grid, ranges, panes"): unit n is
 * [startOf(n), startOf(n + 1)), unit 0 holds 1970-01-01T00:00Z, and a date that the zone skipped has no number.
 *
 * Numbers are dense over 1969 to 2239, so that every window that an event of 1970 to 2099 can be in has an end.
 * The unit before them holds all earlier times (it starts at −Infinity), the last of them all later ones.
 */
export interface Calendar {
  readonly unit: CalendarUnit;
  /** An IANA zone. */
  readonly zone: string;
  /** The number of the unit that holds an instant. */
  ordinalOf(time: EventTimeMs): number;
  /** The first instant of a unit; Infinity after the last. */
  startOf(ordinal: number): EventTimeMs;
}

const calendars = new Map<string, Calendar>();

/**
 * The calendar of a zone, one for all who ask.
 * @throws RangeError for a zone that `Intl` does not know
 */
export function calendarOf(unit: CalendarUnit, zone: string): Calendar {
  const name = `${unit} ${zone}`;
  let calendar = calendars.get(name);
  if (calendar === undefined) {
    calendar = new BoundaryTable(unit, zone);
    calendars.set(name, calendar);
  }
  return calendar;
}

const DAY_MS = 86_400_000;
const FIRST_YEAR = 1969;
const LAST_YEAR = 2239;
/** What a table holds at first, and how much is added at a time when later times are asked for. */
const YEARS_AT_FIRST = 132;
const YEARS_MORE = 20;

/** Local dates are numbered by days since 1970-01-01, as if they were UTC's. */
const MONDAY = 4;
const dateOf = (year: number, month: number): number => Date.UTC(year, month, 1) / DAY_MS;

/** How many milliseconds a unit takes on average, which leads to its number within one or two. */
const MEAN_MS: Readonly<Record<CalendarUnit, number>> = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: (DAY_MS * 146_097) / 4800,
};

class BoundaryTable implements Calendar {
  readonly unit: CalendarUnit;
  readonly zone: string;
  readonly #offsets: ZoneOffsets;
  readonly #meanMs: number;
  /** The starts of `#count` units, strictly ascending, Infinity after them. */
  #starts = new Float64Array(0);
  #count = 0;
  /** The last of the starts. */
  #lastStart = Number.NEGATIVE_INFINITY;
  /** The index in `#starts` of the unit 0. */
  readonly #zero: number;
  /** The years before this one are in the table. */
  #yearsTo = FIRST_YEAR;
  /** The span of offsets that the next unit's date starts in, or an earlier one. */
  #span = 0;
  /** The unit that the last answer was about. */
  #hit = 0;
  #hitStart = Number.POSITIVE_INFINITY;
  #hitEnd = Number.POSITIVE_INFINITY;

  constructor(unit: CalendarUnit, zone: string) {
    this.unit = unit;
    this.zone = zone;
    this.#meanMs = MEAN_MS[unit];
    this.#offsets = zoneOffsetsOf(zone);
    this.#add(YEARS_AT_FIRST);
    this.#zero = this.#indexOf(0);
  }

  ordinalOf(time: EventTimeMs): number {
    if (time >= this.#hitStart && time < this.#hitEnd) return this.#hit;
    while (time >= this.#lastStart && this.#yearsTo <= LAST_YEAR) this.#add(YEARS_MORE);
    const index = this.#indexOf(time);
    this.#hit = index - this.#zero;
    this.#hitStart = index < 0 ? Number.NEGATIVE_INFINITY : this.#starts[index]!;
    this.#hitEnd = this.#starts[index + 1]!;
    return this.#hit;
  }

  startOf(ordinal: number): EventTimeMs {
    const index = ordinal + this.#zero;
    if (index < 0) return Number.NEGATIVE_INFINITY;
    while (index >= this.#count && this.#yearsTo <= LAST_YEAR) this.#add(YEARS_MORE);
    return index < this.#count ? this.#starts[index]! : Number.POSITIVE_INFINITY;
  }

  /** The last index whose start is at most `time`; −1 before the first. */
  #indexOf(time: EventTimeMs): number {
    const starts = this.#starts;
    let index = Math.floor((time - starts[0]!) / this.#meanMs);
    index = Math.min(Math.max(index, -1), this.#count - 1);
    while (index >= 0 && starts[index]! > time) index -= 1;
    while (index + 1 < this.#count && starts[index + 1]! <= time) index += 1;
    return index;
  }

  #add(years: number): void {
    const from = this.#yearsTo;
    const to = Math.min(from + years, LAST_YEAR + 1);
    this.#yearsTo = to;
    const end = dateOf(to, 0);
    this.#offsets.searchTo((end + 2) * DAY_MS);
    const starts = this.#starts;
    const unitsAtMost = Math.ceil(((end - dateOf(from, 0)) * DAY_MS) / this.#meanMs) + 2;
    this.#starts = new Float64Array(this.#count + unitsAtMost + 1).fill(Number.POSITIVE_INFINITY);
    this.#starts.set(starts.subarray(0, this.#count));
    if (this.unit === 'month') {
      for (let month = 0; month < (to - from) * 12; month++) this.#addUnit(dateOf(from, month));
    } else if (this.unit === 'week') {
      for (let date = mondayFrom(dateOf(from, 0)); date < end; date += 7) this.#addUnit(date);
    } else {
      for (let date = dateOf(from, 0); date < end; date += 1) this.#addUnit(date);
    }
  }

  /**
   * Adds the unit that starts with a local date: at the first instant whose local date is that date or later.
   * A date that the zone skipped starts with the next one, which is then the one that has a number.
   */
  #addUnit(date: number): void {
    const { starts, offsetsMs } = this.#offsets;
    const midnight = date * DAY_MS;
    while (this.#span + 1 < starts.length && starts[this.#span + 1]! + offsetsMs[this.#span]! <= midnight) {
      this.#span += 1;
    }
    const start = Math.max(starts[this.#span]!, midnight - offsetsMs[this.#span]!);
    if (start === this.#lastStart) return;
    this.#starts[this.#count] = start;
    this.#count += 1;
    this.#lastStart = start;
  }
}

/** The date of the first Monday that is not before a date. */
function mondayFrom(date: number): number {
  return floorDiv(date - MONDAY + 6, 7) * 7 + MONDAY;
}
