import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { EventTimeMs } from '../../src/time.ts';
import { finalRows, type Step } from './clicks.ts';
import { element, label, line, type Picture } from './svg.ts';
import { clockText, dateText } from './time-text.ts';

export interface ColumnsPictureOptions {
  readonly group: FeatureGroup;
  readonly steps: readonly Step[];
  readonly user: string;
  readonly zone: string;
}

const LEFT = 150;
const RIGHT = 780;
const WIDTH = 810;
const BOTTOM = 190;
const HIGHEST = 140;

/** The values of the group's first feature, a column for each row; where they fall, the last ones are written out. */
export function columnsPicture(title: string, { group, steps, user, zone }: ColumnsPictureOptions): Picture {
  const rows = [...finalRows(steps, user)].map(([end, { values }]) => ({ end, value: values[0] as number }));
  const width = (RIGHT - LEFT) / rows.length;
  const greatest = Math.max(...rows.map(({ value }) => value));
  const shapes: string[] = [label(16, BOTTOM - HIGHEST / 2, group.features[0]!.name, 'strong', 'start')];
  const peaks: { readonly end: EventTimeMs; readonly value: number }[] = [];
  rows.forEach(({ end, value }, index) => {
    const x = LEFT + index * width;
    const height = (value / greatest) * HIGHEST;
    shapes.push(element('rect', { x, y: BOTTOM - height, width: width - 1, height, class: 'column' }));
    const hour = clockText(end, zone);
    if (hour === '00:00' || hour === '12:00') {
      shapes.push(
        line(x + width, BOTTOM, x + width, BOTTOM + 5, 'grid'),
        label(x + width, BOTTOM + 18, hour, 'small'),
      );
    }
    if (hour === '12:00') shapes.push(label(x + width, BOTTOM + 36, dateText(end, zone), 'strong'));
    const next = rows[index + 1];
    if (next === undefined || next.value < value) {
      peaks.push({ end, value });
      shapes.push(label(x + width / 2, BOTTOM - height - 6, String(value), 'strong'));
    }
  });
  const description = peaks
    .map(
      ({ end, value }) =>
        `The day that ends at ${dateText(end, zone)} ${clockText(end, zone)} came to ${value}.`,
    )
    .join(' ');
  shapes.push(line(LEFT, BOTTOM, RIGHT, BOTTOM, 'grid'));
  return { title, description, width: WIDTH, height: BOTTOM + 50, shapes };
}
