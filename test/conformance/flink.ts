import { DEFAULT_MAX_ENTITY_STATE, type Grid, type Range } from '../../src/definitions/definition.ts';
import type { RunnableDefinition } from '../oracle/compile-group.ts';
import { typed } from '../oracle/lambdas.ts';
import type { WrittenRecord } from '../oracle/log-arbitrary.ts';

/**
 * Flink's window tests as definitions and logs of ours. Their watermark is set by hand and ours follows the
 * records, so the source waits for disorder without end in sight, and a record that the group's `where` passes
 * over moves the watermark to where it was set: one past Flink's, whose "no more at or before t" is our
 * "no more before t + 1".
 */

const DISORDER_MS = 1_000_000;

/** Flink's windows as ours. */
export interface FlinkWindows {
  readonly grid: Grid;
  readonly range: Range;
  readonly allowedLateness: number;
}

export function slidingWindows(
  { size, slide, offset }: { readonly size: number; readonly slide: number; readonly offset: number },
  allowedLateness: number,
): FlinkWindows {
  // Ours is never negative: the grid that a negative offset means is that of its remainder.
  const offsetMs = ((offset % slide) + slide) % slide;
  return {
    grid: { kind: 'fixed', stepMs: slide, offsetMs },
    range: { kind: 'last', lengthMs: size },
    allowedLateness,
  };
}

export function sessionWindows(gapMs: number, allowedLateness: number): FlinkWindows {
  return {
    grid: { kind: 'session', gapMs, maxDurationMs: null },
    range: { kind: 'session' },
    allowedLateness,
  };
}

/** Sums by key, of the records that are not for the watermark. */
export function definitionOf({ grid, range, allowedLateness }: FlinkWindows): RunnableDefinition {
  return {
    entityFields: ['id'],
    fields: new Map([
      ['id', typed('string')],
      ['n', typed('long', { nullable: true })],
      ['at', typed('timestampMillis')],
    ]),
    lambdas: { where: '(r) => r.n !== null', features: [{ inputs: ['(r) => r.n'], where: null }] },
    group: {
      grid,
      allowedLatenessMs: allowedLateness,
      maxOutOfOrdernessMs: DISORDER_MS,
      maxAheadMs: null,
      onNullEventTime: 'reject',
      emit: 'change',
      epoch: 0,
      maxEntityState: DEFAULT_MAX_ENTITY_STATE,
      where: (row) => row['n'] !== null,
      entity: (row) => [row['id'] ?? null],
      key: (row) => row['id'] ?? null,
      features: [
        {
          name: 'sum',
          aggregate: 'sum',
          range,
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
  const valueText = JSON.stringify(row);
  return { partition: 0, offset, timestamp: 0, key: id, row, eventTime: at, valueText, marks: [] };
}

/** The record that moves our watermark to where Flink's was set. */
export function watermark(offset: number, flinkWatermark: number): WrittenRecord {
  return element(offset, 'watermark', null, flinkWatermark + 1 + DISORDER_MS);
}
