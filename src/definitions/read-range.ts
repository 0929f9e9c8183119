import { type DurationMs, formatDuration } from '../time.ts';
import {
  type CalendarLengthOptions,
  type CalendarOptions,
  readCalendar,
  readCalendarLength,
} from './calendar-options.ts';
import type { CalendarUnit, Grid, Range, WindowGrid } from './definition.ts';
import type { Problem } from './definition-error.ts';
import { isObject, type OptionReader, show } from './option-reader.ts';
import { gridText, sinceProblem } from './since-grid.ts';

/**
 * Which records a window that ends at a grid time T holds: one of the three, and none of them in a group of
 * sessions; durations are texts like `'24h'`.
 */
export type RangeOptions =
  | {
      /**
       * [T − last, T), at least as long as the group's `every`. On a calendar grid a number of its units:
       * `{ days: 30, zone: 'Asia/Kolkata' }`.
       */
      readonly last: string | CalendarLengthOptions;
      readonly since?: never;
      readonly lifetime?: never;
    }
  | {
      /** From the start of the unit that holds the last millisecond before T: "today so far". */
      readonly since: CalendarOptions;
      readonly last?: never;
      readonly lifetime?: never;
    }
  | {
      /** All before T. */
      readonly lifetime: true;
      readonly last?: never;
      readonly since?: never;
    }
  | {
      /** The events of the session. */
      readonly last?: never;
      readonly since?: never;
      readonly lifetime?: never;
    };

/** The options that say a feature's range. */
export const RANGES = ['last', 'since', 'lifetime'] as const;

/** Reads the range of an aggregate on the group's grid, null when that is wrong; null when the range is. */
export function readRange(
  what: string,
  options: OptionReader,
  grid: Grid | null,
  problems: Problem[],
): Range | null {
  if (grid?.kind === 'session') return { kind: 'session' };
  const [kind, second] = RANGES.filter((name) => options.has(name));
  if (kind === undefined) {
    const remedy = "write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true";
    options.problem(options.site.place, `${what} needs a range`, remedy);
    return null;
  }
  if (second !== undefined) {
    const remedy = 'leave one of them out; for both write two features';
    options.problem(options.site.key(second), `${what} has two ranges, '${kind}' and '${second}'`, remedy);
    return null;
  }
  switch (kind) {
    case 'last':
      return isObject(options.given['last']) ? readUnits(options, grid, problems) : readLength(options, grid);
    case 'since':
      return readSince(options, grid, problems);
    case 'lifetime':
      if (options.given['lifetime'] === true) return { kind: 'lifetime' };
      options.wrong('lifetime', `is ${show(options.given['lifetime'])}, not true`, 'write lifetime: true');
      return null;
  }
}

/** Windows of a fixed length are on fixed grids. */
function readLength(options: OptionReader, grid: WindowGrid | null): Range | null {
  const lengthMs = options.duration('last', 1);
  if (lengthMs === null) return null;
  const given = show(options.given['last']);
  if (grid?.kind === 'calendar') {
    const problem = `is ${given}, a fixed length, but the group's window ends are those of a calendar`;
    options.wrong('last', problem, `write ${unitsText(grid, lengthMs / MEAN_MS[grid.unit])}`);
  } else if (grid !== null && lengthMs < grid.stepMs) {
    const step = formatDuration(grid.stepMs);
    options.wrong(
      'last',
      `is ${given}, shorter than the group's every: '${step}', so some events would be in no window`,
      `write last: '${step}' or longer, or a shorter every`,
    );
  }
  return { kind: 'last', lengthMs };
}

/** Windows of so many units are on the calendar grid of the same units. */
function readUnits(options: OptionReader, grid: WindowGrid | null, problems: Problem[]): Range | null {
  const length = readCalendarLength(options, 'last', problems);
  if (length === null) return null;
  const { count, unit, zone } = length;
  const isOfGrid = grid?.kind === 'calendar' && grid.unit === unit && grid.zone === zone;
  if (grid !== null && !isOfGrid) {
    const ownGrid = gridText({ kind: 'calendar', unit, zone });
    const units = `${count} ${unit}${count === 1 ? '' : 's'} in ${zone}`;
    const nearest =
      grid.kind === 'fixed'
        ? `last: '${formatDuration(fixedLength(count, unit, grid.stepMs))}'`
        : unitsText(grid, (count * MEAN_MS[unit]) / MEAN_MS[grid.unit]);
    const problem = `is ${units}, which needs that calendar's grid, not the group's ${gridText(grid)}`;
    options.wrong('last', problem, `write ${nearest}, or ${ownGrid} for the group`);
  }
  return { kind: 'lastUnits', count };
}

function readSince(options: OptionReader, grid: WindowGrid | null, problems: Problem[]): Range | null {
  const calendar = readCalendar(options, 'since', problems);
  if (calendar === null) return null;
  const wrong = grid === null ? null : sinceProblem(grid, calendar.unit, calendar.zone);
  if (wrong !== null) options.wrong('since', wrong.problem, wrong.remedy);
  return { kind: 'since', ...calendar };
}

const DAY_MS = 86_400_000;
const MEAN_MS: Readonly<Record<CalendarUnit, number>> = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30.44 * DAY_MS,
};

/** The length nearest to so many of the grid's units. */
function unitsText(
  { unit, zone }: { readonly unit: CalendarUnit; readonly zone: string },
  count: number,
): string {
  return `last: { ${unit}s: ${Math.max(1, Math.round(count))}, zone: '${zone}' }`;
}

function fixedLength(count: number, unit: CalendarUnit, atLeastMs: DurationMs): DurationMs {
  const days = Math.round((count * MEAN_MS[unit]) / DAY_MS);
  return Math.max(days * DAY_MS, atLeastMs);
}
