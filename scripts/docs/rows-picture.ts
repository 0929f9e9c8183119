import { rangeName } from '../../src/cli/timeline.ts';
import type { Feature, FeatureGroup, WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { differentRanges, WindowLayout } from '../../src/operators/window-layout.ts';
import type { EventTimeMs } from '../../src/time.ts';
import { finalRows, type Step } from './clicks.ts';
import { Lanes } from './lanes.ts';
import { element, label, line, type Picture, rounded } from './svg.ts';
import { clockText, dateText } from './time-text.ts';

export interface RowsPictureOptions {
  readonly group: FeatureGroup;
  readonly steps: readonly Step[];
  /** The user whose rows are shown; clicks of others are faint. */
  readonly user: string;
  readonly from: EventTimeMs;
  readonly to: EventTimeMs;
}

const LEFT = 150;
const RIGHT = 770;
const WIDTH = 810;
const BAR = 20;

/**
 * The rows of one user over event time: clicks in their panes, and for each feature what each window held in the
 * end, a bar over its range with the value.
 */
export function rowsPicture(title: string, { group, steps, user, from, to }: RowsPictureOptions): Picture {
  const grid = group.grid as WindowGrid;
  const layout = new WindowLayout(grid, group.features);
  const x = (time: EventTimeMs): number =>
    LEFT + ((Math.max(time, from) - from) / (to - from)) * (RIGHT - LEFT);
  const rows = [...finalRows(steps, user)].filter(([end]) => end >= from && end <= to);
  const gridTimes = boundaries(from, to, (time) => layout.timeOf(layout.firstGridFrom(time)));
  const panes = boundaries(from, to, (time) => layout.timeOf(layout.paneOf(time - 1) + 1));

  const shown = steps.filter(({ click }) => click.at >= from && click.at < to);

  const shapes: string[] = [];
  let y = 66;
  const { rangeOf } = differentRanges(group.features);
  group.features.forEach((feature, index) => {
    const range = layout.ranges[rangeOf[index]!]!;
    const lanes = new Lanes();
    const bars = rows.map(([end, row]) => {
      const start = layout.timeOf(range.firstPane(layout.lastGridUpTo(end)));
      return { start, end, value: row.values[index]!, lane: lanes.place(start, end) };
    });
    shapes.push(...featureName(feature, grid, y));
    for (const { start, end, value, lane } of bars) {
      const top = y + lane * (BAR + 4);
      shapes.push(bar(x(start) + 1, x(end) - 1, top, start >= from, value === 0));
      shapes.push(label(x(end) - 8, top + 14, String(value), 'strong', 'end'));
    }
    y += Math.max(2, lanes.count) * (BAR + 4) + 14;
  });

  const zone = grid.kind === 'calendar' ? grid.zone : null;
  const rowsTop = y + 12;
  shapes.push(label(16, rowsTop + 4, 'rows', 'strong', 'start'));
  for (const [end] of rows) {
    shapes.push(element('circle', { cx: x(end), cy: rowsTop, r: 4.5, class: 'dot in-time' }));
    revisionsOf(steps, user, end).forEach(({ timing, version }, index) => {
      shapes.push(label(x(end), rowsTop + 18 + index * 14, `${timing} v${version}`, `small ${timing}`));
    });
  }
  const most = Math.max(...rows.map(([end]) => revisionsOf(steps, user, end).length));
  const height = rowsTop + 22 + most * 14;
  const behind = [
    ...panes.map((time) => line(x(time), 46, x(time), rowsTop, 'pane')),
    ...gridTimes.map((time) => line(x(time), 26, x(time), rowsTop, 'grid')),
    ...gridTimes.map((time) =>
      label(x(time), 18, zone === null ? clockText(time) : dateText(time, zone), 'small'),
    ),
  ];
  return {
    title,
    description: describeRows(group, rows, zone),
    width: WIDTH,
    height,
    shapes: [...behind, label(16, 50, 'clicks', 'strong', 'start'), ...clicks(shown, user, x), ...shapes],
  };
}

/** Times after `from` up to `to`, each the first boundary at or after the time it is asked for. */
function boundaries(
  from: EventTimeMs,
  to: EventTimeMs,
  next: (time: EventTimeMs) => EventTimeMs,
): EventTimeMs[] {
  const found: EventTimeMs[] = [];
  for (let time = next(from); time <= to; time = next(time + 1)) found.push(time);
  return found;
}

/** What a window holds; open to the left where the range begins further back than the picture. */
function bar(left: number, right: number, top: number, hasStart: boolean, isEmpty: boolean): string {
  const outline = `M${rounded(left)} ${top}H${rounded(right)}v${BAR}H${rounded(left)}`;
  return element('path', { d: hasStart ? `${outline}Z` : outline, class: isEmpty ? 'bar nothing' : 'bar' });
}

function featureName({ name, range }: Feature, grid: WindowGrid, y: number): string[] {
  return [
    label(16, y + 14, name, 'strong', 'start'),
    label(16, y + 30, rangeName(range, grid), 'small muted', 'start'),
  ];
}

/** Clicks where their event times are; those that came out of time say so, and where in the log they stand. */
function clicks(steps: readonly Step[], user: string, x: (time: EventTimeMs) => number): string[] {
  return steps.flatMap(({ click, version, lateness }) => {
    const look = click.user === user ? lateness : 'other';
    const dot = element('circle', { cx: x(click.at), cy: 46, r: 4.5, class: `dot ${look}` });
    if (click.user !== user || lateness === 'in-time') return [dot];
    return [dot, label(x(click.at), 38, `${lateness.replace('-', ' ')} v${version}`, `small ${lateness}`)];
  });
}

function revisionsOf(steps: readonly Step[], user: string, end: EventTimeMs): Revision[] {
  return steps
    .flatMap(({ revisions }) => revisions)
    .filter(({ entity, windowEnd }) => entity[0] === user && windowEnd === end);
}

function describeRows(
  group: FeatureGroup,
  rows: readonly (readonly [EventTimeMs, Revision])[],
  zone: string | null,
): string {
  const text = (time: EventTimeMs): string =>
    zone === null ? clockText(time) : `${dateText(time, zone)} ${clockText(time, zone)}`;
  return rows
    .map(([end, { values }]) => {
      const named = group.features.map(({ name }, index) => `${name} ${values[index]}`);
      return `Window end ${text(end)}: ${named.join(', ')}.`;
    })
    .join(' ');
}
