import { type Calendar, calendarOf } from '../definitions/calendar.ts';
import type { Feature, Range, WindowGrid } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type DurationMs, type EventTimeMs, floorDiv } from '../time.ts';
import { LifetimePanes, type PaneRange, SincePanes, TrailingPanes } from './pane-range.ts';

/**
 * Where a group's windows and panes lie (semantics.md, "Grid, ranges, panes").
 *
 * Inside the operators times are numbers of panes: the window that ends at position t holds panes j < t, down to where
 * its range begins. On a fixed grid a pane is the largest interval that divides the grid step and every length, and
 * grid positions are the multiples of `stepPanes`; on a calendar grid a pane is a unit of the calendar, and every
 * position is one of the grid.
 */
export class WindowLayout {
  readonly stepPanes: number;
  /** One for each of {@link differentRanges}. */
  readonly ranges: readonly PaneRange[];
  readonly #axis: PaneAxis;

  constructor(grid: WindowGrid, features: readonly Pick<Feature, 'range'>[]) {
    const { ranges } = differentRanges(features);
    const { axis, stepPanes } = createAxis(grid, ranges);
    this.#axis = axis;
    this.stepPanes = stepPanes;
    this.ranges = ranges.map((range) => createRange(range, axis, stepPanes));
  }

  /** Length of a pane; null where it is a unit of a calendar. */
  get paneMs(): DurationMs | null {
    return this.#axis instanceof FixedAxis ? this.#axis.paneMs : null;
  }

  /** The pane that holds an event time. */
  paneOf(time: EventTimeMs): number {
    return this.#axis.paneOf(time);
  }

  timeOf(position: number): EventTimeMs {
    return this.#axis.timeOf(position);
  }

  /** The first grid position whose window holds the pane: the first grid time after each of its event times. */
  enterOf(pane: number): number {
    return (floorDiv(pane, this.stepPanes) + 1) * this.stepPanes;
  }

  /** The first grid position at which no range holds the pane any more; Infinity when one always does. */
  lastLeaveOf(pane: number): number {
    let last = Number.NEGATIVE_INFINITY;
    for (const range of this.ranges) last = Math.max(last, range.leaveOf(pane));
    return last;
  }

  /** The last grid position at which the pane makes a row: where it enters, or leaves a range that ends. */
  lastRowOf(pane: number): number {
    let last = this.enterOf(pane);
    for (const range of this.ranges) {
      const leave = range.leaveOf(pane);
      if (leave > last && leave < Number.POSITIVE_INFINITY) last = leave;
    }
    return last;
  }

  /** The greatest grid position whose time is at most `time`; −Infinity for −Infinity. */
  lastGridUpTo(time: EventTimeMs): number {
    if (time === Number.NEGATIVE_INFINITY) return time;
    return floorDiv(this.#axis.paneOf(time), this.stepPanes) * this.stepPanes;
  }

  /** The first grid position whose time is at least `time`. */
  firstGridFrom(time: EventTimeMs): number {
    return this.lastGridUpTo(time - 1) + this.stepPanes;
  }
}

/** The ranges that features have, each once, and for each feature the index of its own among them. */
export function differentRanges(features: readonly Pick<Feature, 'range'>[]): {
  readonly ranges: readonly Range[];
  readonly rangeOf: readonly number[];
} {
  const keys = features.map(({ range }) => JSON.stringify(range));
  const distinct = [...new Set(keys)];
  return {
    ranges: distinct.map((key) => JSON.parse(key) as Range),
    rangeOf: keys.map((key) => distinct.indexOf(key)),
  };
}

/** What translates between times and panes. */
export interface PaneAxis {
  /** The pane that holds the instant; for a boundary of panes, the position that it is. */
  paneOf(time: EventTimeMs): number;
  timeOf(position: number): EventTimeMs;
}

class FixedAxis implements PaneAxis {
  readonly paneMs: DurationMs;
  readonly #offsetMs: DurationMs;

  constructor(paneMs: DurationMs, offsetMs: DurationMs) {
    this.paneMs = paneMs;
    this.#offsetMs = offsetMs;
  }

  paneOf(time: EventTimeMs): number {
    return floorDiv(time - this.#offsetMs, this.paneMs);
  }

  timeOf(position: number): EventTimeMs {
    return this.#offsetMs + position * this.paneMs;
  }
}

class CalendarAxis implements PaneAxis {
  readonly #calendar: Calendar;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  paneOf(time: EventTimeMs): number {
    return this.#calendar.ordinalOf(time);
  }

  timeOf(position: number): EventTimeMs {
    return this.#calendar.startOf(position);
  }
}

function createAxis(grid: WindowGrid, ranges: readonly Range[]): { axis: PaneAxis; stepPanes: number } {
  if (grid.kind === 'calendar')
    return { axis: new CalendarAxis(calendarOf(grid.unit, grid.zone)), stepPanes: 1 };
  const { stepMs, offsetMs } = grid;
  const lengths = ranges.flatMap((range) => (range.kind === 'last' ? [range.lengthMs] : []));
  const paneMs = lengths.reduce(greatestCommonDivisor, stepMs);
  return { axis: new FixedAxis(paneMs, offsetMs % stepMs), stepPanes: stepMs / paneMs };
}

function createRange(range: Range, axis: PaneAxis, stepPanes: number): PaneRange {
  switch (range.kind) {
    case 'last':
      assert(axis instanceof FixedAxis, 'a fixed length is on a fixed grid');
      return new TrailingPanes(range.lengthMs / axis.paneMs, stepPanes);
    case 'lastUnits':
      assert(axis instanceof CalendarAxis, 'a calendar length is on a calendar grid');
      return new TrailingPanes(range.count, stepPanes);
    case 'since':
      return new SincePanes(calendarOf(range.unit, range.zone), axis, stepPanes);
    case 'lifetime':
      return new LifetimePanes();
    case 'session':
      throw new Error('a session is on a session grid');
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
