import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { assert } from '../../src/errors.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { type EventTimeMs, formatDuration } from '../../src/time.ts';
import type { Step } from './clicks.ts';
import { Lanes } from './lanes.ts';
import { element, label, line, type Picture } from './svg.ts';
import { clockText } from './time-text.ts';

export interface SessionsPictureOptions {
  /** Its features `began`, the first event time, and `clicks`. */
  readonly group: FeatureGroup;
  readonly steps: readonly Step[];
  readonly user: string;
  readonly from: EventTimeMs;
  readonly to: EventTimeMs;
}

const LEFT = 170;
const RIGHT = 780;
const WIDTH = 810;
const BAR = 20;
const TICK_MS = 300_000;

/** A row as it stands after a record: what the record made of it, or that it stays as it was. */
interface Standing {
  readonly start: EventTimeMs;
  readonly end: EventTimeMs;
  readonly look: string;
  readonly text: string;
}

/** Log positions from top to bottom, each with the click that came and the sessions' rows after it. */
export function sessionsPicture(
  title: string,
  { group, steps, user, from, to }: SessionsPictureOptions,
): Picture {
  const x = (time: EventTimeMs): number =>
    LEFT + ((Math.min(Math.max(time, from), to) - from) / (to - from)) * (RIGHT - LEFT);
  const rows = new Map<EventTimeMs, Standing>();
  const shapes: string[] = [];
  let y = 40;
  for (const { click, version, watermark, lateness, revisions } of steps) {
    const changed = revisions.filter(({ entity }) => entity[0] === user);
    const standing = standingRows(group, rows, changed);
    const lanes = new Lanes();
    const placed = standing.map((row) => ({ row, lane: lanes.place(row.start, row.end) }));
    const height = Math.max(1, lanes.count) * (BAR + 4) + 18;
    const look = click.user === user ? lateness : 'other';
    const notes = lateness === 'in-time' ? '' : `, ${lateness}`;
    const who = click.user === user ? '' : ' of another';
    shapes.push(
      label(16, y + 12, `v${version}`, 'strong', 'start'),
      label(46, y + 12, `${clockText(click.at)}${who}${notes}`, 'small', 'start'),
      line(x(watermark), y - 6, x(watermark), y + height - 10, 'watermark'),
      element('circle', { cx: x(click.at), cy: y + 2, r: 4.5, class: `dot ${look}` }),
    );
    for (const { row, lane } of placed) {
      const top = y + 10 + lane * (BAR + 4);
      const width = x(row.end) - x(row.start);
      const shape = { x: x(row.start), y: top, width, height: BAR, rx: 3, class: `session ${row.look}` };
      shapes.push(element('rect', shape), label(x(row.end) - 6, top + 14, row.text, 'small', 'end'));
    }
    y += height;
  }
  const behind: string[] = [label(16, 20, 'log position, click', 'strong', 'start')];
  for (let time = Math.ceil(from / TICK_MS) * TICK_MS; time <= to; time += TICK_MS) {
    behind.push(label(x(time), 20, clockText(time), 'small'), line(x(time), 26, x(time), y - 8, 'pane'));
  }
  const key = line(LEFT, y + 6, LEFT, y + 22, 'watermark');
  const note = label(LEFT + 8, y + 18, 'the watermark after the record', 'small', 'start');
  return {
    title,
    description: describe(group, steps, user),
    width: WIDTH,
    height: y + 32,
    shapes: [...behind, ...shapes, key, note],
  };
}

/** Takes the changes into `rows` and gives what stands after them, with what the changes took away. */
function standingRows(
  group: FeatureGroup,
  rows: Map<EventTimeMs, Standing>,
  changed: readonly Revision[],
): Standing[] {
  const touched = new Map<EventTimeMs, Standing>();
  for (const revision of changed) {
    const { windowEnd: end, timing, deleted } = revision;
    const start = featureValue(group, revision, 'began');
    if (deleted) {
      rows.delete(end);
      touched.set(end, { start, end, look: 'deleted-row', text: 'deleted' });
    } else {
      const clicks = featureValue(group, revision, 'clicks');
      rows.set(end, { start, end, look: 'same-row', text: String(clicks) });
      touched.set(end, { start, end, look: `${timing}-row`, text: `${timing} ${clicks}` });
    }
  }
  const untouched = [...rows.values()].filter(({ end }) => !touched.has(end));
  return [...touched.values(), ...untouched].sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The value of a feature; of a row that is no more, the one it had. */
function featureValue(
  { features }: FeatureGroup,
  { values, previous, deleted }: Revision,
  name: string,
): number {
  const index = features.findIndex((feature) => feature.name === name);
  const value = (deleted ? previous : values)?.[index];
  assert(typeof value === 'number', `the picture of sessions needs the feature ${name}`);
  return value;
}

function describe(group: FeatureGroup, steps: readonly Step[], user: string): string {
  assert(group.grid.kind === 'session', 'a group of sessions');
  const said = steps.map(({ click, version, lateness, revisions }) => {
    const rows = revisions
      .filter(({ entity }) => entity[0] === user)
      .map((revision) => {
        const end = clockText(revision.windowEnd);
        const clicks = featureValue(group, revision, 'clicks');
        return revision.deleted ? `row ${end} deleted` : `${revision.timing} row ${end}, clicks ${clicks}`;
      });
    return `v${version}: a click at ${clockText(click.at)}, ${lateness}: ${rows.join('; ') || 'no row'}.`;
  });
  return `Sessions with a gap of ${formatDuration(group.grid.gapMs)}. ${said.join(' ')}`;
}
