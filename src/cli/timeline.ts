import { Temporal } from '@js-temporal/polyfill';
import { calendarOf } from '../definitions/calendar.ts';
import type { Feature, Grid, Range, WindowGrid } from '../definitions/definition.ts';
import { type EventTimeMs, floorDiv, formatDuration } from '../time.ts';

/** One window end of a group as an example, and where the range of each feature begins; null: with the log. */
export interface Timeline {
  readonly window_end: string;
  readonly from: Readonly<Record<string, string | null>>;
}

/** A grid in words. */
export function gridName(grid: WindowGrid): string {
  return grid.kind === 'fixed' ? formatDuration(grid.stepMs) : `${grid.unit} in ${grid.zone}`;
}

/** A range in words. */
export function rangeName(range: Range, grid: Grid): string {
  switch (range.kind) {
    case 'last':
      return `last ${formatDuration(range.lengthMs)}`;
    case 'lastUnits': {
      const unit = grid.kind === 'calendar' ? grid.unit : 'unit';
      return `last ${range.count} ${unit}${range.count === 1 ? '' : 's'}`;
    }
    case 'since':
      return `since ${range.unit} in ${range.zone}`;
    case 'lifetime':
    case 'session':
      return range.kind;
  }
}

/** Any time does for an example; this one is in the middle of a day, a week and a month, in most zones. */
export const EXAMPLE_TIME = Date.UTC(2026, 5, 17, 12, 34, 56, 789);

export function timelineOf(grid: WindowGrid, features: readonly Feature[]): Timeline {
  const end = gridTimeUpTo(grid, EXAMPLE_TIME);
  const gridZone = grid.kind === 'calendar' ? grid.zone : null;
  return {
    window_end: timeText(end, gridZone),
    from: Object.fromEntries(
      features.map(({ name, range }) => {
        const start = rangeStart(range, grid, end);
        return [
          name,
          start === null ? null : timeText(start, range.kind === 'since' ? range.zone : gridZone),
        ];
      }),
    ),
  };
}

const BAR_WIDTH = 32;

/** The window end at the right, and to the left of it what each feature's range holds: longer bars for longer ones. */
export function drawTimeline({ window_end, from }: Timeline): string {
  const names = Object.keys(from);
  const nameWidth = Math.max(...names.map((name) => name.length));
  const instants = Object.values(from).map((text) =>
    text === null ? Number.NEGATIVE_INFINITY : instantOf(text),
  );
  const lengths = [...new Set(instants)].sort((a, b) => b - a);
  const lines = names.map((name, index) => {
    const width = Math.round((BAR_WIDTH * (lengths.indexOf(instants[index]!) + 1)) / lengths.length);
    const start = from[name] ?? null;
    const bar = `${start === null ? '<' : '['}${'='.repeat(width)})`;
    return `${name.padEnd(nameWidth)}  ${bar.padStart(BAR_WIDTH + 2)}  ${start === null ? 'all before' : `from ${start}`}`;
  });
  const head = `${' '.repeat(nameWidth)}  ${'T'.padStart(BAR_WIDTH + 2)}  = ${window_end}, one window end (not to scale)`;
  return [head, ...lines].join('\n');
}

function gridTimeUpTo(grid: WindowGrid, time: EventTimeMs): EventTimeMs {
  if (grid.kind === 'fixed') {
    return floorDiv(time - grid.offsetMs, grid.stepMs) * grid.stepMs + grid.offsetMs;
  }
  const calendar = calendarOf(grid.unit, grid.zone);
  return calendar.startOf(calendar.ordinalOf(time));
}

/** Null for all time. */
function rangeStart(range: Range, grid: WindowGrid, end: EventTimeMs): EventTimeMs | null {
  if (range.kind === 'last') return end - range.lengthMs;
  if (range.kind === 'since') {
    const calendar = calendarOf(range.unit, range.zone);
    return calendar.startOf(calendar.ordinalOf(end - 1));
  }
  if (range.kind !== 'lastUnits' || grid.kind === 'fixed') return null;
  const calendar = calendarOf(grid.unit, grid.zone);
  const start = calendar.startOf(calendar.ordinalOf(end) - range.count);
  return start === Number.NEGATIVE_INFINITY ? null : start;
}

/** `2026-06-16T18:30Z`, in a zone `2026-06-17T00:00+05:30[Asia/Kolkata]`. */
export function timeText(time: EventTimeMs, zone: string | null): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(time);
  const smallestUnit = time % 60_000 === 0 ? 'minute' : time % 1000 === 0 ? 'second' : 'millisecond';
  return zone === null
    ? instant.toString({ smallestUnit })
    : instant.toZonedDateTimeISO(zone).toString({ smallestUnit });
}

function instantOf(text: string): EventTimeMs {
  return Temporal.Instant.from(text).epochMilliseconds;
}
