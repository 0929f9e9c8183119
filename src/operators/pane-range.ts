import type { Calendar } from '../definitions/calendar.ts';
import { floorDiv } from '../time.ts';
import type { PaneAxis } from './window-layout.ts';

/** A feature's range in panes: which of them the window that ends at a position holds. */
export interface PaneRange {
  /** The first pane inside the window that ends at a grid position. */
  firstPane(position: number): number;
  /** The first grid position whose window no longer holds the pane; Infinity when all later ones do. */
  leaveOf(pane: number): number;
}

/** The last so many panes. */
export class TrailingPanes implements PaneRange {
  readonly panes: number;
  readonly #stepPanes: number;

  constructor(panes: number, stepPanes: number) {
    this.panes = panes;
    this.#stepPanes = stepPanes;
  }

  firstPane(position: number): number {
    return position - this.panes;
  }

  leaveOf(pane: number): number {
    return (floorDiv(pane + this.panes, this.#stepPanes) + 1) * this.#stepPanes;
  }
}

/**
 * From the start of the calendar's unit that holds the last millisecond before the window's end. Its boundaries are
 * grid times, so a pane lies in one unit. The unit last asked for is remembered: the calendar is not asked per event.
 */
export class SincePanes implements PaneRange {
  readonly #calendar: Calendar;
  readonly #axis: PaneAxis;
  readonly #stepPanes: number;
  #start = 0;
  #end = 0;

  constructor(calendar: Calendar, axis: PaneAxis, stepPanes: number) {
    this.#calendar = calendar;
    this.#axis = axis;
    this.#stepPanes = stepPanes;
  }

  firstPane(position: number): number {
    // The window that ends where the unit ends is the last one of the unit.
    this.#find(position - 1);
    return this.#start;
  }

  leaveOf(pane: number): number {
    this.#find(pane);
    return this.#end + this.#stepPanes;
  }

  /** The unit that holds the pane, as panes: [#start, #end). */
  #find(pane: number): void {
    if (pane >= this.#start && pane < this.#end) return;
    const unit = this.#calendar.ordinalOf(this.#axis.timeOf(pane));
    this.#start = this.#axis.paneOf(this.#calendar.startOf(unit));
    this.#end = this.#axis.paneOf(this.#calendar.startOf(unit + 1));
  }
}

/** All panes: nothing ever leaves. */
export class LifetimePanes implements PaneRange {
  firstPane(): number {
    return Number.NEGATIVE_INFINITY;
  }

  leaveOf(): number {
    return Number.POSITIVE_INFINITY;
  }
}
