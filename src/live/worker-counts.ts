import type { FeatureGroup } from '../definitions/definition.ts';
import type { Timing } from '../operators/revision.ts';
import type { UpsertCounts } from '../sinks/sink.ts';
import type { PartitionLag, TopicPartition } from '../sources/log-reader.ts';
import type { EventTimeMs } from '../time.ts';
import type { LivePartition } from './live-partition.ts';

/** What a worker did since it started, and how it stands: nothing is added up, so that it can be told apart. */
export interface WorkerCounts {
  /** Those that were given up too, as often as they were. */
  readonly partitions: readonly PartitionCounts[];
  readonly sent: readonly SentCounts[];
  /** Of the partitions that are owned, as the brokers last said it. */
  readonly lag: readonly PartitionLag[];
  readonly restoring: readonly RestoringPartition[];
}

/** One source over one partition, since the worker took it over. */
export interface PartitionCounts {
  readonly source: string;
  readonly partition: number;
  readonly records: number;
  readonly marks: number;
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>;
  /** False when it was given up: then only what was counted still means something. */
  readonly isOwned: boolean;
  /** −Infinity before the first accepted record. */
  readonly watermark: EventTimeMs;
  /** λ; −Infinity before the first record. */
  readonly logTime: EventTimeMs;
  readonly tasks: readonly TaskCounts[];
}

export interface TaskCounts {
  /** Name and version. */
  readonly group: string;
  /** Accepted by the source, passing the group's `where`, and not rejected by the group. */
  readonly records: number;
  readonly late: number;
  readonly partlyLate: number;
  readonly dropped: number;
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>;
  readonly overflow: number;
  readonly entities: number;
  readonly stateBytes: number;
}

/** What went to the online store of one group's rows. */
export interface SentCounts {
  readonly group: string;
  readonly revisions: Readonly<Record<Timing, number>>;
  readonly upserts: Readonly<UpsertCounts>;
  /** Rows that no write has taken yet. */
  readonly unsent: number;
}

/** How far the changelog of a partition is read, in its records. */
export interface RestoringPartition extends TopicPartition {
  readonly done: number;
  readonly total: number;
}

export function groupLabel({ name, version }: FeatureGroup): string {
  return `${name}:${version}`;
}

export function countsOf({ pipelines }: LivePartition): readonly PartitionCounts[] {
  return pipelines.map(({ source, partition, counters, clock, tasks }) => ({
    source: source.name,
    partition,
    records: counters.records,
    marks: counters.marks,
    rejected: counters.rejected,
    isOwned: true,
    watermark: clock.watermark,
    logTime: clock.logTime,
    tasks: tasks.map(({ group, counters, overflows, entityCount, stateBytes }) => ({
      ...counters,
      group: groupLabel(group),
      overflow: overflows,
      entities: entityCount,
      stateBytes,
    })),
  }));
}

/** Of a partition that is somebody else's from now on. */
export function retiredCounts(partition: LivePartition): readonly PartitionCounts[] {
  return countsOf(partition).map((counts) => ({
    ...counts,
    isOwned: false,
    tasks: counts.tasks.map((task) => ({ ...task, entities: 0, stateBytes: 0 })),
  }));
}
