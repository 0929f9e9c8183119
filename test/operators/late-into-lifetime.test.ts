import { defineFeatureGroup, defineSource, field, lastN } from 'tidemark';
import { expect, it } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Task } from '../../src/operators/task.ts';

const source = defineSource({
  name: 'visits',
  schema: { card: field.string, place: field.string, at: field.timestampMillis },
  eventTime: { field: 'at' },
});
const group = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source,
  entity: 'card',
  every: '10ms',
  features: { places: lastN((visit) => visit.place, { lifetime: true, n: 3 }) },
}) as unknown as FeatureGroup;

it('a late record of a pane that was merged into a newer one takes its place by time', () => {
  const task = new Task(group, 0, { dropped() {}, rejected() {} }, null);
  const made: string[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  const visits = [
    ['b', 10],
    ['a', 9],
    ['c', 20],
    ['d', 32],
    ['late', 9],
  ] as const;
  for (const [offset, [place, at]] of visits.entries()) {
    const watermarkBefore = watermark;
    watermark = Math.max(watermark, at - 10);
    const log = { offset, timestamp: at, key: null, value: null };
    task.revisions.clear();
    task.process({
      log,
      row: { card: 'x', place, at },
      eventTime: at,
      watermarkBefore,
      watermark,
      logTime: at,
    });
    for (let row = 0; row < task.revisions.length; row++) {
      const { windowEnd, values } = task.revisions.at(row);
      if (offset === visits.length - 1) made.push(`${windowEnd} ${values[0]}`);
    }
  }
  expect(made).toEqual(['30 c,b,late']);
});
