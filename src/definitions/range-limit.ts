import { type DurationMs, formatDuration } from '../time.ts';
import { signatureOf } from './aggregate-signatures.ts';
import { CALENDAR_TO, calendarOf } from './calendar.ts';
import type { Aggregation, CalendarUnit, Grid, Range } from './definition.ts';

/** Why an aggregate cannot look back over a range, and the nearest that works; null when it can. */
export function rangeLimitProblem(
  { aggregate, parameters }: Aggregation,
  range: Range,
  grid: Grid,
): { readonly parameter: string; readonly problem: string; readonly remedy: string } | null {
  const { rangeLimit } = signatureOf(aggregate);
  if (rangeLimit === undefined) return null;
  const { parameter, times } = rangeLimit;
  const unitMs = parameters[parameter] as DurationMs;
  const limitMs = times * unitMs;
  const lengthMs = longestMs(range, grid);
  if (lengthMs !== null && lengthMs <= limitMs) return null;
  const reach = `is '${formatDuration(unitMs)}', so that it looks back over ${times} times that`;
  const atLeast = (ms: DurationMs): string =>
    `${parameter}: '${formatDuration(Math.ceil(ms / times))}' or longer`;
  const shortestMs = shortestRangeMs(grid);
  if (lengthMs === null) {
    const shorter = rangeText(grid, Math.max(limitMs, shortestMs));
    const longer = shortestMs > limitMs ? `, and ${atLeast(shortestMs)}` : '';
    return { parameter, problem: `${reach}, but the range has no end`, remedy: `write ${shorter}${longer}` };
  }
  const problem = `${reach}, but the range is up to '${formatDuration(lengthMs)}' long`;
  const shorter =
    range.kind === 'since' || shortestMs > limitMs ? '' : `, or ${rangeText(grid, limitMs)} or shorter`;
  return { parameter, problem, remedy: `write ${atLeast(lengthMs)}${shorter}` };
}

/** How long a range may be, on its grid; null: without end. */
function longestMs(range: Range, grid: Grid): DurationMs | null {
  switch (range.kind) {
    case 'last':
      return range.lengthMs;
    case 'lastUnits':
      return grid.kind === 'calendar' ? longestUnitsMs(grid.unit, grid.zone, range.count) : null;
    case 'since':
      return longestUnitsMs(range.unit, range.zone, 1);
    case 'lifetime':
      return null;
    case 'session':
      return grid.kind === 'session' ? grid.maxDurationMs : null;
  }
}

/** The shortest range that a group on the grid can have. */
function shortestRangeMs(grid: Grid): DurationMs {
  switch (grid.kind) {
    case 'fixed':
      return grid.stepMs;
    case 'calendar':
      return longestUnitsMs(grid.unit, grid.zone, 1);
    case 'session':
      return grid.gapMs;
  }
}

/** The longest range on the grid that is no longer than this, as an option spells it. */
function rangeText(grid: Grid, limitMs: DurationMs): string {
  switch (grid.kind) {
    case 'fixed':
      return `last: '${formatDuration(Math.floor(limitMs / grid.stepMs) * grid.stepMs)}'`;
    case 'calendar': {
      const count = Math.floor(limitMs / longestUnitsMs(grid.unit, grid.zone, 1));
      return `last: { ${grid.unit}s: ${count}, zone: '${grid.zone}' }`;
    }
    case 'session':
      return `maxDuration: '${formatDuration(limitMs)}' beside session`;
  }
}

/** The longest that so many units last, of all that begin from 1970 to 2100. */
function longestUnitsMs(unit: CalendarUnit, zone: string, count: number): DurationMs {
  const calendar = calendarOf(unit, zone);
  let longest = 0;
  for (let ordinal = 0; calendar.startOf(ordinal) <= CALENDAR_TO; ordinal++) {
    longest = Math.max(longest, calendar.startOf(ordinal + count) - calendar.startOf(ordinal));
  }
  return longest;
}
