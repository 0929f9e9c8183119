import type { FeatureGroup, WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { WindowLayout } from '../../src/operators/window-layout.ts';
import type { EventTimeMs } from '../../src/time.ts';
import { finalRows, type Step } from './clicks.ts';
import { element, label, line, type Picture, rounded } from './svg.ts';
import { clockText } from './time-text.ts';

export interface LogPictureOptions {
  readonly group: FeatureGroup;
  readonly steps: readonly Step[];
  readonly user: string;
  readonly from: EventTimeMs;
  readonly to: EventTimeMs;
}

const LEFT = 150;
const RIGHT = 790;
const WIDTH = 810;
const TOP = 50;
const CHART = 260;
const LANE = 34;

/**
 * A log from left to right: above, event time with the watermark, and the line below which windows are final; below,
 * the life of each row, each revision with the value of the group's first feature.
 */
export function logPicture(title: string, { group, steps, user, from, to }: LogPictureOptions): Picture {
  const columnWidth = (RIGHT - LEFT) / steps.length;
  const left = (index: number): number => LEFT + index * columnWidth;
  const middle = (index: number): number => left(index) + columnWidth / 2;
  const y = (time: EventTimeMs): number => TOP + CHART - ((time - from) / (to - from)) * CHART;
  const layout = new WindowLayout(group.grid as WindowGrid, group.features);

  const shapes: string[] = [
    label(16, 20, 'log position', 'strong', 'start'),
    label(16, 36, 'log time', 'muted', 'start'),
  ];
  steps.forEach(({ click, version }, index) => {
    shapes.push(label(middle(index), 20, `v${version}`, 'strong'));
    shapes.push(label(middle(index), 36, clockText(click.logged), 'small muted'));
  });

  shapes.push(label(16, TOP + CHART / 2, 'event time', 'strong', 'start'));
  for (
    let position = layout.firstGridFrom(from);
    layout.timeOf(position) <= to;
    position += layout.stepPanes
  ) {
    const time = layout.timeOf(position);
    shapes.push(line(LEFT, y(time), RIGHT, y(time), 'grid'));
    shapes.push(label(LEFT - 8, y(time) + 4, clockText(time), 'small', 'end'));
  }
  const watermarks = steps.map(({ watermark }) => watermark);
  shapes.push(stairs(watermarks, 'watermark'));
  shapes.push(
    stairs(
      watermarks.map((watermark) => watermark - group.allowedLatenessMs),
      'final',
    ),
  );
  steps.forEach(({ click, lateness }, index) => {
    const look = click.user === user ? lateness : 'other';
    shapes.push(element('circle', { cx: middle(index), cy: y(click.at), r: 5, class: `dot ${look}` }));
    if (lateness !== 'in-time')
      shapes.push(label(middle(index), y(click.at) + 18, lateness, `small ${lateness}`));
  });

  let top = TOP + CHART + 14;
  shapes.push(label(16, top + 4, 'key', 'strong', 'start'));
  shapes.push(
    line(LEFT, top, LEFT + 24, top, 'watermark'),
    label(LEFT + 30, top + 4, 'watermark', 'small', 'start'),
  );
  shapes.push(line(LEFT + 110, top, LEFT + 134, top, 'final'));
  shapes.push(
    label(
      LEFT + 140,
      top + 4,
      'watermark − allowed lateness: windows that end up to here are final',
      'small',
      'start',
    ),
  );
  top += 18;
  const rows = [...finalRows(steps, user).keys()];
  for (const end of rows) {
    shapes.push(label(16, top + 21, `row ${clockText(end)}`, 'strong', 'start'));
    steps.forEach(({ watermark, revisions }, index) => {
      const state =
        watermark < end ? 'open-window' : watermark < end + group.allowedLatenessMs ? 'closed-window' : null;
      if (state !== null) {
        shapes.push(
          element('rect', { x: left(index), y: top, width: columnWidth, height: LANE - 4, class: state }),
        );
      }
      const made = revisions.filter(({ entity, windowEnd }) => entity[0] === user && windowEnd === end);
      shapes.push(...made.flatMap((revision) => mark(revision, middle(index), top + (LANE - 4) / 2)));
    });
    top += LANE;
  }
  return { title, description: describeLog(group, steps, user), width: WIDTH, height: top + 8, shapes };

  function stairs(times: readonly EventTimeMs[], look: string): string {
    const bottom = TOP + CHART;
    const points = times.flatMap((time, index) => {
      const at = rounded(Math.min(y(time), bottom));
      return [
        `${rounded(middle(index))} ${at}`,
        `${rounded(Math.min(middle(index) + columnWidth, RIGHT))} ${at}`,
      ];
    });
    return element('path', { d: `M${points.join('L')}`, class: look });
  }
}

function mark({ timing, values }: Revision, x: number, y: number): string[] {
  return [
    element('rect', { x: x - 30, y: y - 11, width: 60, height: 22, rx: 11, class: `mark ${timing}` }),
    label(x, y + 4, `${timing} ${values[0]}`, 'small on-mark'),
  ];
}

function describeLog(group: FeatureGroup, steps: readonly Step[], user: string): string {
  return steps
    .map(({ click, version, watermark, lateness, dropped, revisions }) => {
      const own = revisions.filter(({ entity }) => entity[0] === user);
      const rows = own.map(
        ({ windowEnd, timing, values }) =>
          `${timing} row ${clockText(windowEnd)}, ${group.features[0]!.name} ${values[0]}`,
      );
      const missed = dropped === null ? [] : [`missed row ${clockText(dropped.missedFirst)}`];
      const what = [...missed, ...rows];
      return `v${version}: a click at ${clockText(click.at)}, ${lateness}, watermark ${clockText(watermark)}: ${what.join('; ') || 'no row'}.`;
    })
    .join(' ');
}
