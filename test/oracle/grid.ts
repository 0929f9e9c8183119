import type { CalendarUnit, Range, WindowGrid } from '../../src/definitions/definition.ts';
import { localDate, startOfDate, unitOfDate } from '../definitions/brute-force-calendar.ts';

/**
 * WindowGrid times and ranges as semantics.md says them, one at a time, with the boundaries of calendars found by looking
 * at instants: nothing is numbered, and nothing of the calendars that the operators use is known here.
 */

const ofDates = new Map<string, readonly number[]>();
const ofInstants = new Map<string, Map<number, readonly number[]>>();

/** Boundaries before, at and after an instant, in order; two dates of which one was skipped have one. */
function boundariesAround(unit: CalendarUnit, zone: string, time: number): readonly number[] {
  const calendar = `${unit} ${zone}`;
  const known = ofInstants.get(calendar) ?? new Map<number, readonly number[]>();
  ofInstants.set(calendar, known);
  let boundaries = known.get(time);
  if (boundaries === undefined) {
    boundaries = boundariesOfDate(unit, zone, localDate(zone, time));
    known.set(time, boundaries);
  }
  return boundaries;
}

function boundariesOfDate(unit: CalendarUnit, zone: string, date: number): readonly number[] {
  const key = `${unit} ${zone} ${date}`;
  let boundaries = ofDates.get(key);
  if (boundaries === undefined) {
    const dates = [unitOfDate(unit, date).first];
    for (let before = 0; before < 2; before += 1) dates.unshift(unitOfDate(unit, dates[0]! - 1).first);
    for (let after = 0; after < 3; after += 1) dates.push(unitOfDate(unit, dates.at(-1)!).next);
    boundaries = [...new Set(dates.map((each) => startOfDate(zone, each)))];
    ofDates.set(key, boundaries);
  }
  return boundaries;
}

function unitStart(unit: CalendarUnit, zone: string, time: number): number {
  return boundariesAround(unit, zone, time).findLast((boundary) => boundary <= time)!;
}

/** The first grid time after an instant. */
export function gridAfter(grid: WindowGrid, time: number): number {
  if (grid.kind === 'calendar') {
    return boundariesAround(grid.unit, grid.zone, time).find((boundary) => boundary > time)!;
  }
  const { stepMs, offsetMs } = grid;
  return (Math.floor((time - offsetMs) / stepMs) + 1) * stepMs + offsetMs;
}

/** The last grid time that is not after an instant. */
export function gridUpTo(grid: WindowGrid, time: number): number {
  if (grid.kind === 'calendar') return unitStart(grid.unit, grid.zone, time);
  const { stepMs, offsetMs } = grid;
  return Math.floor((time - offsetMs) / stepMs) * stepMs + offsetMs;
}

/** T⁻. */
export function gridBefore(grid: WindowGrid, end: number): number {
  return gridUpTo(grid, end - 1);
}

/** Where the range that ends at the grid time T begins. */
export function rangeStart(range: Range, grid: WindowGrid, end: number): number {
  switch (range.kind) {
    case 'last':
      return end - range.lengthMs;
    case 'lastUnits': {
      let start = end;
      for (let count = 0; count < range.count; count += 1) start = gridBefore(grid, start);
      return start;
    }
    case 'since':
      return unitStart(range.unit, range.zone, end - 1);
    case 'lifetime':
      return Number.NEGATIVE_INFINITY;
    case 'session':
      throw new Error('a session has no grid');
  }
}
