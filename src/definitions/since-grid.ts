import { type DurationMs, type EventTimeMs, floorDiv, formatDuration } from '../time.ts';
import { CALENDAR_FROM, CALENDAR_TO, type Calendar, calendarOf } from './calendar.ts';
import type { CalendarUnit, WindowGrid } from './definition.ts';

/**
 * Why a `since` cannot be on a group's grid, and the nearest grid that would do; null when it can: all the
 * boundaries of its units from 1970 to 2100 are grid times (semantics.md, "WindowGrid, ranges, panes").
 */
export function sinceProblem(
  grid: WindowGrid,
  unit: CalendarUnit,
  zone: string,
): { readonly problem: string; readonly remedy: string } | null {
  const calendar = calendarOf(unit, zone);
  const boundaries = boundariesOf(calendar);
  const off = boundaries.find((boundary) => !isGridTime(grid, boundary));
  if (off === undefined) return null;
  const start = new Date(off).toISOString().replace(/(:00)?\.000Z$/, 'Z');
  return {
    problem: `has a ${unit} that starts at ${start}, which is no window end of the group's ${gridText(grid)}`,
    remedy: grid.kind === 'fixed' ? fixedRemedy(grid, boundaries) : calendarRemedy(grid, unit, zone),
  };
}

function boundariesOf(calendar: Calendar): EventTimeMs[] {
  const boundaries: EventTimeMs[] = [];
  for (let ordinal = 0; calendar.startOf(ordinal) <= CALENDAR_TO; ordinal++) {
    const start = calendar.startOf(ordinal);
    if (start >= CALENDAR_FROM) boundaries.push(start);
  }
  return boundaries;
}

function isGridTime(grid: WindowGrid, time: EventTimeMs): boolean {
  if (grid.kind === 'fixed') return remainder(time - grid.offsetMs, grid.stepMs) === 0;
  const calendar = calendarOf(grid.unit, grid.zone);
  return calendar.startOf(calendar.ordinalOf(time)) === time;
}

/** A grid as an option spells it. */
export function gridText(grid: WindowGrid): string {
  if (grid.kind === 'calendar') return `every: { unit: '${grid.unit}', zone: '${grid.zone}' }`;
  const every = `every: '${formatDuration(grid.stepMs)}'`;
  return grid.offsetMs === 0 ? every : `${every}, offset: '${formatDuration(grid.offsetMs)}'`;
}

function fixedRemedy(
  { stepMs, offsetMs }: Extract<WindowGrid, { kind: 'fixed' }>,
  boundaries: readonly EventTimeMs[],
): string {
  const first = boundaries[0]!;
  // All steps that divide this do, if the offset is that of the first boundary.
  const between = boundaries.reduce((divisor, boundary) => commonDivisor(divisor, boundary - first), 0);
  const withOffset = commonDivisor(between, remainder(first - offsetMs, between));
  const step = `write every: '${formatDuration(nearestDivisor(withOffset, stepMs))}'`;
  if (remainder(between, stepMs) !== 0) return step;
  return `${step}, or offset: '${formatDuration(remainder(first, stepMs))}' beside every`;
}

function calendarRemedy(
  grid: Extract<WindowGrid, { kind: 'calendar' }>,
  unit: CalendarUnit,
  zone: string,
): string {
  const days = `every: { unit: 'day', zone: '${zone}' } for the group`;
  const can = (on: WindowGrid, inZone: string): boolean =>
    boundariesOf(calendarOf(unit, inZone)).every((boundary) => isGridTime(on, boundary));
  if (can(grid, grid.zone)) return `write zone: '${grid.zone}', the grid's, or ${days}`;
  if (can({ ...grid, zone }, zone)) return `write ${gridText({ ...grid, zone })} for the group`;
  return `write since: { unit: '${grid.unit}', zone: '${grid.zone}' }, or ${days}`;
}

function remainder(value: number, divisor: number): number {
  return value - floorDiv(value, divisor) * divisor;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

const WHOLE_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];

/**
 * The divisor of `value` that is nearest to `wanted` by ratio, of two as near the smaller: in as large whole units
 * as `wanted` if there is one, so that seven minutes become eight, and not seven and twelve seconds.
 */
function nearestDivisor(value: number, wanted: number): DurationMs {
  const divisors: number[] = [];
  for (let low = 1; low * low <= value; low++) {
    if (value % low === 0) divisors.push(low, value / low);
  }
  const distance = (divisor: number): number => Math.max(divisor / wanted, wanted / divisor);
  divisors.sort((a, b) => distance(a) - distance(b) || a - b);
  const units = WHOLE_MS.filter((unit) => wanted % unit === 0);
  for (const unit of units) {
    const whole = divisors.find((divisor) => divisor % unit === 0);
    if (whole !== undefined) return whole;
  }
  return 1;
}
