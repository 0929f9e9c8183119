import type { Timing } from '../operators/revision.ts';
import type { UpsertCounts } from '../sinks/sink.ts';
import type { WorkerCounts } from './worker-counts.ts';

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
export const EMPTY_SUMMARY: WorkerSummary = summarize({ partitions: [], sent: [] });

export function summarize({ partitions, sent }: Pick<WorkerCounts, 'partitions' | 'sent'>): WorkerSummary {
  const tasks = partitions.flatMap((partition) => partition.tasks);
  const watermarks = partitions.filter(({ isOwned }) => isOwned).map(({ watermark }) => watermark);
  const watermark = Math.min(...watermarks);
  return {
    records: sum(partitions, ({ records }) => records),
    watermark: Number.isFinite(watermark) ? new Date(watermark).toISOString() : null,
    entities: sum(tasks, ({ entities }) => entities),
    late: sum(tasks, ({ late }) => late),
    partlyLate: sum(tasks, ({ partlyLate }) => partlyLate),
    dropped: sum(tasks, ({ dropped }) => dropped),
    overflow: sum(tasks, ({ overflow }) => overflow),
    rejected: sumByName([...partitions, ...tasks].map(({ rejected }) => Object.fromEntries(rejected))),
    revisions: sumOfRevisions(sent.map(({ revisions }) => revisions)),
    upserts: sumOfUpserts(sent.map(({ upserts }) => upserts)),
  };
}

/** Of several workers: their sums, and the least watermark. */
export function sumOfSummaries(summaries: readonly WorkerSummary[]): WorkerSummary {
  const watermarks = summaries.flatMap(({ watermark }) => watermark ?? []);
  return {
    records: sum(summaries, ({ records }) => records),
    // ISO texts of these years stand in the order of their times.
    watermark: watermarks.toSorted()[0] ?? null,
    entities: sum(summaries, ({ entities }) => entities),
    late: sum(summaries, ({ late }) => late),
    partlyLate: sum(summaries, ({ partlyLate }) => partlyLate),
    dropped: sum(summaries, ({ dropped }) => dropped),
    overflow: sum(summaries, ({ overflow }) => overflow),
    rejected: sumByName(summaries.map(({ rejected }) => rejected)),
    revisions: sumOfRevisions(summaries.map(({ revisions }) => revisions)),
    upserts: sumOfUpserts(summaries.map(({ upserts }) => upserts)),
  };
}

function sum<T>(parts: readonly T[], of: (part: T) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}

function sumByName(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries(part)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

function sumOfRevisions(parts: readonly Readonly<Record<Timing, number>>[]): Record<Timing, number> {
  return { early: 0, 'on-time': 0, late: 0, ...sumByName(parts) };
}

function sumOfUpserts(parts: readonly Readonly<UpsertCounts>[]): UpsertCounts {
  return { accepted: 0, equal: 0, stale: 0, ...sumByName(parts.map((part) => ({ ...part }))) };
}
