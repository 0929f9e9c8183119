import { formatDuration } from '../../src/time.ts';
import type { Definition } from '../oracle/definition-arbitrary.ts';
import { typed } from '../oracle/lambdas.ts';
import type { WrittenRecord } from '../oracle/log-arbitrary.ts';

/**
 * Flink's window tests as definitions and logs of ours. Their watermark is set by hand and ours follows the
 * records, so the source waits for disorder without end in sight, and a record that the group's `where` passes
 * over moves the watermark to where it was set: one past Flink's, whose "no more at or before t" is our
 * "no more before t + 1".
 */

const DISORDER_MS = 1_000_000;

export interface FlinkWindows {
  readonly size: number;
  readonly slide: number;
  readonly offset: number;
  readonly allowedLateness: number;
}

export function definitionOf(windows: FlinkWindows): Definition {
  // Ours is never negative: the grid that a negative offset means is that of its remainder.
  const offsetMs = ((windows.offset % windows.slide) + windows.slide) % windows.slide;
  const text = `import { defineFeatureGroup, defineSource, field, sum } from 'tidemark';

export const elements = defineSource({
  name: 'elements',
  key: 'id',
  schema: { id: field.string, n: field.nullable(field.long), at: field.timestampMillis },
  eventTime: { field: 'at' },
  watermark: { maxOutOfOrderness: '${formatDuration(DISORDER_MS)}', maxAhead: null },
});

export const sums = defineFeatureGroup({
  name: 'sums',
  version: 1,
  source: elements,
  entity: 'id',
  every: '${formatDuration(windows.slide)}',
  offset: '${formatDuration(offsetMs)}',
  allowedLateness: '${formatDuration(windows.allowedLateness)}',
  where: (r) => r.n !== null,
  features: { sum: sum((r) => r.n, { last: '${formatDuration(windows.size)}' }) },
});
`;
  return {
    text,
    stepMs: windows.slide,
    starts: [0],
    entityFields: ['id'],
    idKind: 'string',
    fields: new Map([
      ['id', typed('string')],
      ['n', typed('long', { nullable: true })],
      ['at', typed('timestampMillis')],
    ]),
    lambdas: { where: '(r) => r.n !== null', features: [{ inputs: ['(r) => r.n'], where: null }] },
    group: {
      grid: { kind: 'fixed', stepMs: windows.slide, offsetMs },
      allowedLatenessMs: windows.allowedLateness,
      maxOutOfOrdernessMs: DISORDER_MS,
      maxAheadMs: null,
      onNullEventTime: 'reject',
      emit: 'change',
      epoch: 0,
      where: (row) => row['n'] !== null,
      entity: (row) => [row['id'] ?? null],
      key: (row) => row['id'] ?? null,
      features: [
        {
          name: 'sum',
          aggregate: 'sum',
          range: { kind: 'last', lengthMs: windows.size },
          input: (row) => row['n'] ?? null,
          other: null,
          integer: true,
          parameters: {},
          where: null,
          default: null,
        },
      ],
    },
  };
}

export function element(offset: number, id: string, n: number | null, at: number): WrittenRecord {
  const row = { id, n, at };
  return { partition: 0, offset, timestamp: 0, key: id, row, eventTime: at, valueText: JSON.stringify(row) };
}

/** The record that moves our watermark to where Flink's was set. */
export function watermark(offset: number, flinkWatermark: number): WrittenRecord {
  return element(offset, 'watermark', null, flinkWatermark + 1 + DISORDER_MS);
}
