import type { FeatureGroup } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type DurationMs, type EventTimeMs, floorDiv } from '../time.ts';

/**
 * Where a group's windows and panes lie (semantics.md, "Grid, ranges, panes").
 *
 * A pane is the largest interval that divides the grid step and every range. Inside the operators times are pane
 * numbers: pane j is [offset + j·pane, offset + (j+1)·pane), and the window that ends at position t ends at
 * offset + t·pane and holds, for a range of n panes, the panes t−n ≤ j < t. Grid positions are the multiples of
 * `stepPanes`.
 */
export class WindowLayout {
  readonly stepMs: DurationMs;
  readonly offsetMs: DurationMs;
  readonly paneMs: DurationMs;
  readonly stepPanes: number;
  /** The different ranges of the group's features, in panes, the shortest first. */
  readonly ranges: readonly number[];
  /** For each feature, its index in `ranges`. */
  readonly rangeOf: readonly number[];
  readonly longest: number;

  constructor(group: Pick<FeatureGroup, 'grid' | 'features'>) {
    const { grid } = group;
    assert(grid.kind === 'fixed', 'only fixed grids have a layout yet');
    const { stepMs, offsetMs } = grid;
    const lengths = group.features.map(({ range }) => {
      assert(range.kind === 'last', 'only trailing ranges have a layout yet');
      return range.lengthMs;
    });
    assert(stepMs > 0 && lengths.length > 0, 'a group has a grid step and features');
    this.stepMs = stepMs;
    this.offsetMs = offsetMs % stepMs;
    this.paneMs = lengths.reduce(greatestCommonDivisor, stepMs);
    this.stepPanes = stepMs / this.paneMs;
    this.ranges = [...new Set(lengths.map((length) => length / this.paneMs))].sort((a, b) => a - b);
    this.rangeOf = lengths.map((length) => this.ranges.indexOf(length / this.paneMs));
    this.longest = this.ranges.at(-1)!;
  }

  /** The pane that holds an event time. */
  paneOf(time: EventTimeMs): number {
    return floorDiv(time - this.offsetMs, this.paneMs);
  }

  timeOf(position: number): EventTimeMs {
    return this.offsetMs + position * this.paneMs;
  }

  /** The first grid position whose window holds the pane: the first grid time after each of its event times. */
  enterOf(pane: number): number {
    return (floorDiv(pane, this.stepPanes) + 1) * this.stepPanes;
  }

  /** The first grid position whose window of `range` panes no longer holds the pane. */
  leaveOf(pane: number, range: number): number {
    return (floorDiv(pane + range, this.stepPanes) + 1) * this.stepPanes;
  }

  /** The greatest grid position whose time is at most `time`; −Infinity for −Infinity. */
  lastGridUpTo(time: EventTimeMs): number {
    return floorDiv(time - this.offsetMs, this.stepMs) * this.stepPanes;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
