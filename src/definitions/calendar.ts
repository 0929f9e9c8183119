import { type EventTimeMs, floorDiv } from '../time.ts';
import type { CalendarUnit } from './definition.ts';
import { ZoneOffsets } from './zone-offsets.ts';

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
const FROM = Date.UTC(FIRST_YEAR - 1, 0, 1);
/** How much of a table is made at a time, when more of it is asked for. */
const YEARS_AT_ONCE = 10;

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
  /** The units' starts, strictly ascending. */
  readonly #starts: number[] = [];
  /** The index in `#starts` of the unit 0. */
  readonly #zero: number;
  /** The years before this one are in the table. */
  #yearsTo = FIRST_YEAR;
  /** The span of offsets that the next unit's date starts in, or an earlier one. */
  #span = 0;
  /** The unit that the last answer was about. */
  #hit = 0;
  #hitStart = 0;
  #hitEnd = 0;

  constructor(unit: CalendarUnit, zone: string) {
    this.unit = unit;
    this.zone = zone;
    this.#meanMs = MEAN_MS[unit];
    this.#offsets = new ZoneOffsets(zone, FROM);
    while (this.#yearsTo <= 1970) this.#grow();
    this.#zero = this.#indexOf(0);
  }

  ordinalOf(time: EventTimeMs): number {
    if (time >= this.#hitStart && time < this.#hitEnd) return this.#hit;
    while (time >= this.#starts.at(-1)! && this.#grow()) {}
    const index = this.#indexOf(time);
    this.#hit = index - this.#zero;
    this.#hitStart = this.#starts[index] ?? Number.NEGATIVE_INFINITY;
    this.#hitEnd = this.#starts[index + 1] ?? Number.POSITIVE_INFINITY;
    return this.#hit;
  }

  startOf(ordinal: number): EventTimeMs {
    const index = ordinal + this.#zero;
    if (index < 0) return Number.NEGATIVE_INFINITY;
    while (index >= this.#starts.length && this.#grow()) {}
    return this.#starts[index] ?? Number.POSITIVE_INFINITY;
  }

  /** The last index whose start is at most `time`; −1 before the first. */
  #indexOf(time: EventTimeMs): number {
    const starts = this.#starts;
    const guess = Math.floor((time - starts[0]!) / this.#meanMs);
    let index = Math.min(Math.max(guess, -1), starts.length - 1);
    while (index >= 0 && starts[index]! > time) index -= 1;
    while (index + 1 < starts.length && starts[index + 1]! <= time) index += 1;
    return index;
  }

  /** Adds the units of some more years; false when there are no more. */
  #grow(): boolean {
    if (this.#yearsTo > LAST_YEAR) return false;
    const from = this.#yearsTo;
    this.#yearsTo = Math.min(from + YEARS_AT_ONCE, LAST_YEAR + 1);
    const before = dateOf(this.#yearsTo, 0);
    this.#offsets.searchTo((before + 2) * DAY_MS);
    if (this.unit === 'month') {
      for (let month = 0; month < (this.#yearsTo - from) * 12; month++) this.#add(dateOf(from, month));
    } else {
      const days = this.unit === 'week' ? 7 : 1;
      // The week that a year starts in has its Monday in the year before, but for years that start with one.
      const first = this.unit === 'week' ? floorDiv(dateOf(from, 0) - MONDAY + 6, 7) * 7 + MONDAY : dateOf(from, 0);
      for (let date = first; date < before; date += days) this.#add(date);
    }
    return true;
  }

  /**
   * Adds the unit that starts with a local date: at the first instant whose local date is that date or later.
   * A date that the zone skipped starts with the next one, which is then the one that has a number.
   */
  #add(date: number): void {
    const { starts, offsetsMs } = this.#offsets;
    const midnight = date * DAY_MS;
    while (this.#span + 1 < starts.length && starts[this.#span + 1]! + offsetsMs[this.#span]! <= midnight) {
      this.#span += 1;
    }
    const start = Math.max(starts[this.#span]!, midnight - offsetsMs[this.#span]!);
    if (start !== this.#starts.at(-1)) this.#starts.push(start);
  }
}
