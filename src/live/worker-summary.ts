import type { Timing } from '../operators/revision.ts';
import type { UpsertCounts } from '../sinks/sink.ts';
import type { LivePartition } from './live-partition.ts';

/** What a worker did since it started. */
export interface WorkerSummary {
  readonly records: number;
  /** The least watermark of its partitions, as ISO text; null before the first accepted record. */
  readonly watermark: string | null;
  readonly entities: number;
  readonly late: number;
  readonly partlyLate: number;
  readonly dropped: number;
  /** By reason, of sources and groups together. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Results that became null because they were out of range. */
  readonly overflow: number;
  readonly revisions: Readonly<Record<Timing, number>>;
  readonly upserts: Readonly<UpsertCounts>;
}

/** Of a worker that was stopped before it began. */
export const EMPTY_SUMMARY: WorkerSummary = summarize([], {
  revisions: { early: 0, 'on-time': 0, late: 0 },
  upserts: { accepted: 0, equal: 0, stale: 0 },
});

export function summarize(
  partitions: readonly LivePartition[],
  sent: Pick<WorkerSummary, 'revisions' | 'upserts'>,
): WorkerSummary {
  const rejected: Record<string, number> = {};
  const count = (counts: ReadonlyMap<string, number>) => {
    for (const [reason, times] of counts) rejected[reason] = (rejected[reason] ?? 0) + times;
  };
  let records = 0;
  let watermark = Number.POSITIVE_INFINITY;
  const sums = { entities: 0, late: 0, partlyLate: 0, dropped: 0, overflow: 0 };
  for (const pipeline of partitions.flatMap((partition) => partition.pipelines)) {
    records += pipeline.counters.records;
    count(pipeline.counters.rejected);
    watermark = Math.min(watermark, pipeline.clock.watermark);
    for (const task of pipeline.tasks) {
      sums.entities += task.entityCount;
      sums.late += task.counters.late;
      sums.partlyLate += task.counters.partlyLate;
      sums.dropped += task.counters.dropped;
      sums.overflow += task.overflows;
      count(task.counters.rejected);
    }
  }
  return {
    records,
    watermark: Number.isFinite(watermark) ? new Date(watermark).toISOString() : null,
    ...sums,
    rejected,
    revisions: { ...sent.revisions },
    upserts: { ...sent.upserts },
  };
}
