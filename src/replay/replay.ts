import type { FeatureGroup, Source } from '../definitions/definition.ts';
import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { type Slice, SliceMeter } from '../offline/coverage.ts';
import { StoreAddition } from '../offline/store-addition.ts';
import { SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import type { OfflineGroup } from '../sinks/offline-store.ts';
import { type Archive, openArchive } from '../sources/archive-reader.ts';
import { createDecoder } from '../sources/decode-record.ts';
import { MarkedLog } from '../sources/marked-log.ts';
import type { RejectedRecord } from '../sources/record.ts';
import { ArchiveMeter } from './archive-meter.ts';
import { FilesOutput } from './files-output.ts';
import type {
  CorruptPlace,
  GroupSummary,
  ReplayOptions,
  ReplaySummary,
  ReplayTarget,
  SourceSummary,
} from './options.ts';
import type { PartitionOutput, ReplayOutput } from './replay-output.ts';

/** About as many revisions are held in memory when a window_end of many entities closes. */
const ENTITIES_PER_SLICE = 10_000;

/**
 * The same operators as a worker's, over archived topics. Each partition is read from its first record to its last,
 * one after the other: a task is a function of its partition's log alone. Nothing closes at the end of the archive.
 *
 * @throws TidemarkError when the definitions, the archive or the output are not usable; then nothing was written.
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const definitions = await loadDefinitions(options.definitionsFile);
  const groups = selectGroups(definitions, options.groups);
  for (const group of groups) assertRunnable(group, definitions.file);
  const archive = await openArchive(options.archive, { skipCorrupt: options.skipCorrupt });
  // Before the output is touched: every topic must be there, and every journal.
  const logs = sourcesOf(groups).map((source) => new MarkedLog(archive, source, options.journal));
  const output = await openOutput(options.output, groups);
  try {
    const tasks: Task[] = [];
    const meter = new ArchiveMeter(archive, sourcesOf(groups), options);
    const sources: SourceSummary[] = [];
    for (const log of logs) {
      const { source } = log;
      const mine = groups.filter((group) => group.source === source);
      const partitions: SourcePartition[] = [];
      const corruptBefore = archive.skips.damagedPlaces;
      for (const partition of log.partitions) {
        const opened = await output.openPartition(source, partition);
        const pipeline = new SourcePartition({
          source,
          partition,
          decoder: createDecoder(source),
          tasks: mine.map((group) => createTask(group, partition, opened.group(group))),
          rejected: (record, rejection) => opened.rejected.write({ partition, record, rejection }),
        });
        partitions.push(pipeline);
        tasks.push(...pipeline.tasks);
        await opened.close(await replayPartition(log, pipeline, opened, meter));
      }
      sources.push(summarizeSource(log, partitions, archive, corruptBefore));
    }
    const written = await output.finish();
    return {
      sources,
      groups: written.map(({ group, ...summary }) => ({
        ...countTasks(tasks.filter((task) => task.group === group)),
        group: group.name,
        version: group.version,
        ...summary,
      })),
    };
  } catch (error) {
    output.abort();
    throw error;
  }
}

function openOutput(output: ReplayTarget, groups: readonly FeatureGroup[]): Promise<ReplayOutput> {
  return output.kind === 'files' ? FilesOutput.open(output, groups) : StoreAddition.open(output, groups);
}

function createTask(group: FeatureGroup, partition: number, { dropped, rejected }: OfflineGroup): Task {
  const outputs = {
    dropped: dropped.write.bind(dropped),
    rejected: (record: RejectedRecord['record'], rejection: RejectedRecord['rejection']) =>
      rejected.write({ partition, record, rejection }),
  };
  return new Task(group, partition, outputs, null, ENTITIES_PER_SLICE);
}

/** Returns what was read of the partition; null when it has no record. */
async function replayPartition(
  log: MarkedLog,
  pipeline: SourcePartition,
  output: PartitionOutput,
  meter: ArchiveMeter,
): Promise<Slice | null> {
  const slice = new SliceMeter(pipeline.source.epoch);
  for await (const part of log.read(pipeline.partition)) {
    for (const _ of pipeline.part(part)) {
      for (const task of pipeline.tasks) {
        output.group(task.group).revisions.append(task.revisions);
        task.drained();
      }
    }
    slice.add(part.records);
    meter.add(part.records.length);
  }
  return slice.slice(pipeline.clock.logTime);
}

function sourcesOf(groups: readonly FeatureGroup[]): Source[] {
  return [...new Set(groups.map((group) => group.source))];
}

function summarizeSource(
  { source, marksBeyond }: MarkedLog,
  partitions: readonly SourcePartition[],
  archive: Archive,
  corruptBefore: number,
): SourceSummary {
  const rejected: Record<string, number> = {};
  let records = 0;
  let marks = 0;
  for (const { counters } of partitions) {
    records += counters.records;
    marks += counters.marks;
    addCounts(rejected, counters.rejected);
  }
  return {
    source: source.name,
    partitions: partitions.length,
    records,
    marks,
    marksBeyond,
    rejected,
    corruptPlaces: archive.skips.damagedPlaces - corruptBefore,
    corrupt: archive.skips.damages
      .slice(corruptBefore)
      .map(({ place = {}, message }): CorruptPlace => ({ place, message })),
  };
}

function countTasks(
  tasks: readonly Task[],
): Pick<GroupSummary, 'late' | 'partlyLate' | 'dropped' | 'rejected'> {
  const rejected: Record<string, number> = {};
  let late = 0;
  let partlyLate = 0;
  let dropped = 0;
  for (const { counters } of tasks) {
    late += counters.late - counters.dropped;
    partlyLate += counters.partlyLate;
    dropped += counters.dropped;
    addCounts(rejected, counters.rejected);
  }
  return { late, partlyLate, dropped, rejected };
}

function addCounts(into: Record<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [reason, count] of counts) into[reason] = (into[reason] ?? 0) + count;
}
