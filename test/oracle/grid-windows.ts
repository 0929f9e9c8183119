import { isDeepStrictEqual } from 'node:util';
import type { Value, WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { aggregateOf, type FeatureDescription } from './aggregate.ts';
import { gridAfter, gridBefore, gridUpTo, rangeStart } from './grid.ts';
import type { GroupDescription } from './oracle.ts';
import { stateSizeOf } from './state-size.ts';
import type { Event, RowChange, Standing, WindowsReading } from './windows-reading.ts';

function staysForEver({ features }: GroupDescription): boolean {
  return features.some(({ range }) => range.kind === 'lifetime');
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** An event, and the windows that may hold it. */
interface WindowedEvent extends Event {
  /** The grid times whose windows hold it by a range that it leaves again: the first after it, and on. */
  readonly windows: readonly number[];
  /** The first grid time that it is admitted to, if it is in the range; it may be beyond `windows`. */
  readonly firstOpen: number;
}

interface RowState {
  readonly kind: 'enter' | 'leave' | 'none';
  readonly values: readonly (Value | null)[];
}

/**
 * Windows that end on a grid (semantics.md, "Rows"). Every event is kept for ever, and the contents of every window
 * are worked out anew, as explicit lists, whenever they are asked for.
 */
export class GridWindows implements WindowsReading {
  readonly #group: GroupDescription;
  readonly #grid: WindowGrid;
  readonly #thorough: boolean;
  readonly #entities = new Map<number, WindowedEvent[]>();

  /** `thorough`: see `Oracle`. */
  constructor(group: GroupDescription, grid: WindowGrid, thorough: boolean) {
    this.#group = group;
    this.#grid = grid;
    this.#thorough = thorough || staysForEver(group);
  }

  take(entity: number, event: Event): Standing | 'too large' {
    const events = this.#entities.get(entity) ?? [];
    this.#entities.set(entity, events);
    const windowed = this.#windowed(event);
    const { windows } = windowed;
    const first = gridAfter(this.#grid, event.eventTime);
    const isFinal = (end: number) => !this.#isAdmitted(windowed, end);
    const isDropped = !staysForEver(this.#group) && windows.every(isFinal);
    if (!isDropped) {
      if (this.#stateSize(events, event.watermark) >= this.#group.maxEntityState) return 'too large';
      events.push(windowed);
    }
    return {
      late: first <= event.watermark,
      partlyLate: !isDropped && isFinal(first),
      missed: isDropped ? windows : null,
    };
  }

  revise(touched: number | null, before: number, watermark: number): readonly RowChange[] {
    const made: RowChange[] = [];
    const closes = (end: number) => before < end && end <= watermark;
    for (const [entity, events] of this.#entities) {
      const earlier = events.slice(0, events.length - (entity === touched ? 1 : 0));
      const changed = this.#thorough ? events : events.slice(earlier.length);
      const ends = new Set([...this.#reach(events).filter(closes), ...this.#reach(changed)]);
      for (const end of ends) {
        const was = this.#rowAt(earlier, end);
        const is = this.#rowAt(events, end);
        const timing = this.#timing(end, before, watermark, was, is);
        if (timing === null || (timing === 'early' && this.#group.emit === 'close')) continue;
        const leave = this.#firstLeave(events, end);
        made.push({ entity, windowEnd: end, timing, deleted: false, leave, values: is.values });
      }
    }
    return made;
  }

  /**
   * How much the state holds of these events at a watermark: the panes at whose last row, where they leave their longest
   * range, or where they enter if they never leave, is not final, one by one, and all others as one, of lifetime features.
   */
  #stateSize(events: readonly WindowedEvent[], watermark: number): number {
    const { features, allowedLatenessMs } = this.#group;
    const isNeeded = ({ eventTime, windows }: WindowedEvent) =>
      gridAfter(this.#grid, windows.at(-1) ?? eventTime) + allowedLatenessMs > watermark;
    const panes = Map.groupBy(events.filter(isNeeded), ({ eventTime }) => this.#paneOf(eventTime));
    const settled = events.filter((event) => !isNeeded(event));
    const lifetimes = features.filter(({ range }) => range.kind === 'lifetime');
    const ofSettled = lifetimes.length > 0 && settled.length > 0 ? stateSizeOf(lifetimes, settled) : 0;
    return [...panes.values()].reduce((size, pane) => size + stateSizeOf(features, pane), ofSettled);
  }

  /** Where the pane that holds an event time begins (semantics.md, "Grid, ranges, panes"). */
  #paneOf(eventTime: number): number {
    if (this.#grid.kind === 'calendar') return gridUpTo(this.#grid, eventTime);
    const { stepMs, offsetMs } = this.#grid;
    const lengths = this.#group.features.flatMap(({ range }) =>
      range.kind === 'last' ? [range.lengthMs] : [],
    );
    return gridUpTo({ kind: 'fixed', stepMs: lengths.reduce(commonDivisor, stepMs), offsetMs }, eventTime);
  }

  #windowed(event: Event): WindowedEvent {
    const grid = this.#grid;
    const { features, allowedLatenessMs } = this.#group;
    const { eventTime, watermark } = event;
    const passing = features.filter(({ range }) => range.kind !== 'lifetime');
    const isHeld = (end: number) =>
      passing.some(({ range }) => rangeStart(range, grid, end) <= eventTime && eventTime < end);
    const windows: number[] = [];
    for (let end = gridAfter(grid, eventTime); isHeld(end); end = gridAfter(grid, end)) windows.push(end);
    const firstOpen = gridAfter(grid, Math.max(eventTime, watermark - allowedLatenessMs));
    return { ...event, windows, firstOpen };
  }

  #isInRange({ range }: FeatureDescription, end: number, event: WindowedEvent): boolean {
    return rangeStart(range, this.#grid, end) <= event.eventTime && event.eventTime < end;
  }

  #isAdmitted(event: WindowedEvent, end: number): boolean {
    const inSomeRange = this.#group.features.some((feature) => this.#isInRange(feature, end, event));
    return inSomeRange && end + this.#group.allowedLatenessMs > event.watermark;
  }

  /** C_f(e, T, o), of the events of e up to o. */
  #contents(feature: FeatureDescription, events: readonly WindowedEvent[], end: number): WindowedEvent[] {
    return events.filter((event) => this.#isInRange(feature, end, event) && this.#isAdmitted(event, end));
  }

  /** Whether and how (e, T) exists after these events of e, and V(e, T). */
  #rowAt(events: readonly WindowedEvent[], end: number): RowState {
    let enters = false;
    let leaves = false;
    const values: (Value | null)[] = [];
    for (const feature of this.#group.features) {
      const contents = this.#contents(feature, events, end);
      const earlier = this.#contents(feature, events, gridBefore(this.#grid, end));
      if (contents.some((event) => !earlier.includes(event))) enters = true;
      if (earlier.some((event) => !contents.includes(event))) leaves = true;
      values.push(aggregateOf(feature, contents, end));
    }
    return { kind: enters ? 'enter' : leaves ? 'leave' : 'none', values };
  }

  /** The first grid time after T that lacks, in some feature's contents, an event of those at T; null when none does. */
  #firstLeave(events: readonly WindowedEvent[], end: number): number | null {
    const leaves = this.#group.features
      .filter(({ range }) => range.kind !== 'lifetime')
      .flatMap((feature) =>
        this.#contents(feature, events, end).map((event) => {
          let leave = gridAfter(this.#grid, end);
          while (this.#isInRange(feature, leave, event)) leave = gridAfter(this.#grid, leave);
          return leave;
        }),
      );
    return leaves.length === 0 ? null : Math.min(...leaves);
  }

  /** Grid times at which these events can make a row: where they enter, are held, and leave. */
  #reach(events: readonly WindowedEvent[]): number[] {
    const times = events.map(({ windows, firstOpen }) => {
      const last = windows.at(-1);
      return [firstOpen, ...windows, ...(last === undefined ? [] : [gridAfter(this.#grid, last)])];
    });
    return [...new Set(times.flat())].sort((a, b) => a - b);
  }

  /** Which revision of (e, T), if any, the step makes (semantics.md, "Revisions"). */
  #timing(
    end: number,
    before: number,
    watermark: number,
    was: RowState,
    is: RowState,
  ): Revision['timing'] | null {
    const changed = !isDeepStrictEqual(is.values, was.values);
    if (end > watermark) {
      return is.kind === 'enter' && (changed || was.kind !== 'enter') ? 'early' : null;
    }
    if (end > before) return is.kind === 'none' ? null : 'on-time';
    const isFinal = before >= end + this.#group.allowedLatenessMs;
    return !isFinal && is.kind !== 'none' && (changed || was.kind === 'none') ? 'late' : null;
  }
}
