import type { FeatureGroup, WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { WindowLayout } from '../../src/operators/window-layout.ts';
import type { EventTimeMs } from '../../src/time.ts';
import { finalRows, type LogStep } from './clicks.ts';
import { element, label, line, type Picture, rounded } from './svg.ts';
import { clockText } from './time-text.ts';

export interface LogPictureOptions {
  readonly group: FeatureGroup;
  readonly steps: readonly LogStep[];
  readonly user: string;
  readonly from: EventTimeMs;
  readonly to: EventTimeMs;
}

const LEFT = 150;
const RIGHT = 790;
const WIDTH = 810;
const TOP = 50;
const BOTTOM = 310;
const LANE = 34;
const KEY = 'watermark − allowed lateness: windows that end up to here are final';

/**
 * A log from left to right: above, event time with the watermark, and the line below which windows are final; below,
 * the life of each row, each revision with the value of the group's first feature.
 */
export function logPicture(title: string, options: LogPictureOptions): Picture {
  const columns = new Columns(options.steps.length);
  const key = BOTTOM + 14;
  const lives = key + 18;
  const ends = [...finalRows(options.steps, options.user).keys()];
  return {
    title,
    description: describeLog(options),
    width: WIDTH,
    height: lives + ends.length * LANE + 8,
    shapes: [
      ...header(options, columns),
      ...chart(options, columns),
      label(16, key + 4, 'key', 'strong', 'start'),
      line(LEFT, key, LEFT + 24, key, 'watermark'),
      label(LEFT + 30, key + 4, 'watermark', 'small', 'start'),
      line(LEFT + 110, key, LEFT + 134, key, 'final'),
      label(LEFT + 140, key + 4, KEY, 'small', 'start'),
      ...ends.flatMap((end, index) => life(options, columns, end, lives + index * LANE)),
    ],
  };
}

/** Where the records stand: a column for each. */
class Columns {
  readonly width: number;

  constructor(count: number) {
    this.width = (RIGHT - LEFT) / count;
  }

  left(index: number): number {
    return LEFT + index * this.width;
  }

  middle(index: number): number {
    return this.left(index) + this.width / 2;
  }
}

function header({ steps }: LogPictureOptions, columns: Columns): string[] {
  return [
    label(16, 20, 'log position', 'strong', 'start'),
    label(16, 36, 'log time', 'muted', 'start'),
    ...steps.flatMap(({ click, version, logged }, index) => [
      label(columns.middle(index), 20, click === null ? `v${version}, mark` : `v${version}`, 'strong'),
      label(columns.middle(index), 36, clockText(logged), 'small muted'),
    ]),
  ];
}

/** The clicks by their event times, between the ends of windows, and the two lines that judge them. */
function chart({ group, steps, user, from, to }: LogPictureOptions, columns: Columns): string[] {
  const y = (time: EventTimeMs): number =>
    Math.min(BOTTOM, BOTTOM - ((time - from) / (to - from)) * (BOTTOM - TOP));
  const stairs = (delay: number, look: string): string => {
    const points = steps.flatMap(({ watermark }, index) => {
      const at = rounded(y(watermark - delay));
      const middle = columns.middle(index);
      return [`${rounded(middle)} ${at}`, `${rounded(Math.min(middle + columns.width, RIGHT))} ${at}`];
    });
    return element('path', { d: `M${points.join('L')}`, class: look });
  };
  const shapes = [label(16, (TOP + BOTTOM) / 2, 'event time', 'strong', 'start')];
  const layout = new WindowLayout(group.grid as WindowGrid, group.features);
  for (let at = layout.firstGridFrom(from); layout.timeOf(at) <= to; at += layout.stepPanes) {
    const time = layout.timeOf(at);
    shapes.push(line(LEFT, y(time), RIGHT, y(time), 'grid'));
    shapes.push(label(LEFT - 8, y(time) + 4, clockText(time), 'small', 'end'));
  }
  shapes.push(stairs(0, 'watermark'), stairs(group.allowedLatenessMs, 'final'));
  steps.forEach(({ click, lateness }, index) => {
    if (click === null) return;
    const [cx, cy] = [columns.middle(index), y(click.at)];
    shapes.push(
      element('circle', { cx, cy, r: 5, class: `dot ${click.user === user ? lateness : 'other'}` }),
    );
    if (lateness !== 'in-time') shapes.push(label(cx, cy + 18, lateness, `small ${lateness}`));
  });
  return shapes;
}

/** A row along the log: open, closed but not final, then final; and its revisions where they were made. */
function life(
  { group, steps, user }: LogPictureOptions,
  columns: Columns,
  end: EventTimeMs,
  y: number,
): string[] {
  const shapes = [label(16, y + 21, `row ${clockText(end)}`, 'strong', 'start')];
  steps.forEach(({ watermark, revisions }, index) => {
    if (watermark < end + group.allowedLatenessMs) {
      const look = watermark < end ? 'open-window' : 'closed-window';
      const box = { x: columns.left(index), y, width: columns.width, height: LANE - 4, class: look };
      shapes.push(element('rect', box));
    }
    const made = revisions.filter(({ entity, windowEnd }) => entity[0] === user && windowEnd === end);
    shapes.push(...made.flatMap((revision) => mark(revision, columns.middle(index), y + LANE / 2 - 2)));
  });
  return shapes;
}

function mark({ timing, values }: Revision, x: number, y: number): string[] {
  return [
    element('rect', { x: x - 30, y: y - 11, width: 60, height: 22, rx: 11, class: `mark ${timing}` }),
    label(x, y + 4, `${timing} ${values[0]}`, 'small on-mark'),
  ];
}

function describeLog({ group, steps, user }: LogPictureOptions): string {
  const feature = group.features[0]!.name;
  const said = steps.map(({ click, version, watermark, lateness, dropped, revisions }) => {
    const missed = dropped === null ? [] : [`missed row ${clockText(dropped.missedFirst)}`];
    const rows = revisions
      .filter(({ entity }) => entity[0] === user)
      .map(
        ({ windowEnd, timing, values }) => `${timing} row ${clockText(windowEnd)}, ${feature} ${values[0]}`,
      );
    const what = [...missed, ...rows].join('; ') || 'no row';
    const came = click === null ? 'a mark' : `a click at ${clockText(click.at)}, ${lateness}`;
    return `v${version}: ${came}, watermark ${clockText(watermark)}: ${what}.`;
  });
  return said.join(' ');
}
