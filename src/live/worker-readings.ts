import type { PartitionCounts, SentCounts, TaskCounts, WorkerCounts } from './worker-counts.ts';

/** A metric that is read off a worker's counts. */
interface Reading {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Values with the same labels are added up. */
  readonly read: (counts: WorkerCounts) => readonly Value[];
}

type Value = readonly [value: number, labels: Readonly<Record<string, string | number>>];

/** By source and partition. */
function ofPartitions(read: (partition: PartitionCounts) => number) {
  return ({ partitions }: Pick<WorkerCounts, 'partitions'>): readonly Value[] =>
    partitions.map((each) => [read(each), { source: each.source, partition: each.partition }]);
}

/** The same, of the partitions that are owned and know what time it is. */
function ofClocks(read: (partition: PartitionCounts) => number) {
  const ofThem = ofPartitions(read);
  return ({ partitions }: WorkerCounts): readonly Value[] =>
    ofThem({ partitions: partitions.filter((each) => each.isOwned && Number.isFinite(each.watermark)) });
}

/** By group, of all partitions. */
function ofGroups(read: (task: TaskCounts) => number) {
  return ({ partitions }: WorkerCounts): readonly Value[] =>
    partitions.flatMap(({ tasks }) => tasks.map((task): Value => [read(task), { group: task.group }]));
}

function ofSent(name: string, read: (sent: SentCounts) => Readonly<Record<string, number>>) {
  return ({ sent }: WorkerCounts): readonly Value[] =>
    sent.flatMap((each) =>
      Object.entries(read(each)).map(([key, count]): Value => [count, { group: each.group, [name]: key }]),
    );
}

function rejections({ partitions }: WorkerCounts): readonly Value[] {
  return partitions.flatMap(({ source, rejected, tasks }) => [
    ...[...rejected].map(([reason, count]): Value => [count, { source, group: '', reason }]),
    ...tasks.flatMap((task) =>
      [...task.rejected].map(([reason, count]): Value => [count, { source, group: task.group, reason }]),
    ),
  ]);
}

/** Every metric that is not observed as it happens; docs/running.md explains them one by one. */
export const READINGS: readonly Reading[] = [
  {
    type: 'counter',
    name: 'tidemark_records_consumed_total',
    help: 'Records taken in, accepted or not',
    labels: ['source', 'partition'],
    read: ofPartitions(({ records }) => records),
  },
  {
    type: 'counter',
    name: 'tidemark_marks_total',
    help: 'Marks of idle partitions',
    labels: ['source', 'partition'],
    read: ofPartitions(({ marks }) => marks),
  },
  {
    type: 'counter',
    name: 'tidemark_records_rejected_total',
    help: 'Records that take no part, by reason; the group is empty when the source rejects',
    labels: ['source', 'group', 'reason'],
    read: rejections,
  },
  {
    type: 'gauge',
    name: 'tidemark_lag_records',
    help: 'Records in the log that are not taken in yet, as of the last report',
    labels: ['topic', 'partition'],
    read: ({ lag }) =>
      lag.map(({ topic, partition, position, end }) => [Math.max(0, end - position), { topic, partition }]),
  },
  {
    type: 'gauge',
    name: 'tidemark_watermark_timestamp_seconds',
    help: 'The watermark, in seconds since 1970',
    labels: ['source', 'partition'],
    read: ofClocks(({ watermark }) => watermark / 1000),
  },
  {
    type: 'gauge',
    name: 'tidemark_watermark_lag_seconds',
    help: 'By how much the watermark is behind log time, the greatest timestamp of a record',
    labels: ['source', 'partition'],
    read: ofClocks(({ watermark, logTime }) => (logTime - watermark) / 1000),
  },
  {
    type: 'counter',
    name: 'tidemark_group_records_total',
    help: 'Records that a group takes part of: accepted, and passing its where',
    labels: ['group'],
    read: ofGroups(({ records }) => records),
  },
  {
    type: 'counter',
    name: 'tidemark_records_late_total',
    help: 'Records that came after their first window had closed',
    labels: ['group'],
    read: ofGroups(({ late }) => late),
  },
  {
    type: 'counter',
    name: 'tidemark_records_partly_late_total',
    help: 'Late records for which some windows were final',
    labels: ['group'],
    read: ofGroups(({ partlyLate }) => partlyLate),
  },
  {
    type: 'counter',
    name: 'tidemark_records_dropped_total',
    help: 'Late records for which all windows were final',
    labels: ['group'],
    read: ofGroups(({ dropped }) => dropped),
  },
  {
    type: 'counter',
    name: 'tidemark_results_overflow_total',
    help: 'Results that became null because they were out of range',
    labels: ['group'],
    read: ofGroups(({ overflow }) => overflow),
  },
  {
    type: 'counter',
    name: 'tidemark_revisions_total',
    help: 'Revisions of rows, by when they were made: early, on-time or late',
    labels: ['group', 'timing'],
    read: ofSent('timing', ({ revisions }) => revisions),
  },
  {
    type: 'counter',
    name: 'tidemark_upserts_total',
    help: 'Rows sent, by what the online store said: accepted, equal (sent before) or stale (older than its own)',
    labels: ['group', 'result'],
    read: ofSent('result', ({ upserts }) => ({ ...upserts })),
  },
  {
    type: 'gauge',
    name: 'tidemark_unsent_rows',
    help: 'Rows that wait for the online store',
    labels: ['group'],
    read: ({ sent }) => sent.map(({ group, unsent }) => [unsent, { group }]),
  },
  {
    type: 'gauge',
    name: 'tidemark_entities',
    help: 'Entities that have state',
    labels: ['group'],
    read: ofGroups(({ entities }) => entities),
  },
  {
    type: 'gauge',
    name: 'tidemark_state_bytes',
    help: 'Bytes of the entities that are held in memory',
    labels: ['group'],
    read: ofGroups(({ stateBytes }) => stateBytes),
  },
  {
    type: 'gauge',
    name: 'tidemark_partitions',
    help: 'Partitions of this worker that run, by source',
    labels: ['source'],
    read: ({ partitions }) => partitions.map(({ source, isOwned }) => [isOwned ? 1 : 0, { source }]),
  },
  {
    type: 'gauge',
    name: 'tidemark_restore_done_records',
    help: 'Of a partition that is being restored: records of the changelog that are read',
    labels: ['topic', 'partition'],
    read: ({ restoring }) => restoring.map(({ topic, partition, done }) => [done, { topic, partition }]),
  },
  {
    type: 'gauge',
    name: 'tidemark_restore_records',
    help: 'Of a partition that is being restored: records of the changelog that are to be read',
    labels: ['topic', 'partition'],
    read: ({ restoring }) => restoring.map(({ topic, partition, total }) => [total, { topic, partition }]),
  },
];
