import type { Timing } from '../operators/revision.ts';
import type { UpsertCounts } from '../sinks/sink.ts';
import type { EventTimeMs } from '../time.ts';
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

/** What happened in one partition since its worker took it over. */
export interface PartitionCounts {
  readonly records: number;
  readonly watermark: EventTimeMs;
  readonly entities: number;
  readonly late: number;
  readonly partlyLate: number;
  readonly dropped: number;
  readonly overflow: number;
  readonly rejected: ReadonlyMap<string, number>;
}

export function countsOf({ pipelines }: LivePartition): PartitionCounts {
  const rejected = new Map<string, number>();
  const counts = { records: 0, entities: 0, late: 0, partlyLate: 0, dropped: 0, overflow: 0 };
  let watermark = Number.POSITIVE_INFINITY;
  for (const pipeline of pipelines) {
    counts.records += pipeline.counters.records;
    addTo(rejected, pipeline.counters.rejected);
    watermark = Math.min(watermark, pipeline.clock.watermark);
    for (const task of pipeline.tasks) {
      counts.entities += task.entityCount;
      counts.late += task.counters.late;
      counts.partlyLate += task.counters.partlyLate;
      counts.dropped += task.counters.dropped;
      counts.overflow += task.overflows;
      addTo(rejected, task.counters.rejected);
    }
  }
  return { ...counts, watermark, rejected };
}

/** Of a partition that is somebody else's from now on. */
export function retiredCounts(partition: LivePartition): PartitionCounts {
  return { ...countsOf(partition), entities: 0, watermark: Number.POSITIVE_INFINITY };
}

export function summarize(
  partitions: readonly PartitionCounts[],
  sent: Pick<WorkerSummary, 'revisions' | 'upserts'>,
): WorkerSummary {
  const rejected = new Map<string, number>();
  for (const counts of partitions) addTo(rejected, counts.rejected);
  const watermark = Math.min(...partitions.map((counts) => counts.watermark));
  const sum = (of: (counts: PartitionCounts) => number): number =>
    partitions.reduce((total, counts) => total + of(counts), 0);
  return {
    records: sum(({ records }) => records),
    watermark: Number.isFinite(watermark) ? new Date(watermark).toISOString() : null,
    entities: sum(({ entities }) => entities),
    late: sum(({ late }) => late),
    partlyLate: sum(({ partlyLate }) => partlyLate),
    dropped: sum(({ dropped }) => dropped),
    overflow: sum(({ overflow }) => overflow),
    rejected: Object.fromEntries(rejected),
    revisions: { ...sent.revisions },
    upserts: { ...sent.upserts },
  };
}

function addTo(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [reason, times] of counts) sums.set(reason, (sums.get(reason) ?? 0) + times);
}
