import type { FeatureGroup, Source } from '../definitions/definition.ts';
import { SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { LogPosition } from '../sources/log-reader.ts';
import type { LogRecord } from '../sources/record.ts';
import { requireFingerprint } from '../state/fingerprint.ts';
import type { StateStore, TaskChanges, TaskId } from '../state/state-store.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { RowFlusher } from './row-flusher.ts';

/** One partition of a topic that this worker owns: the tasks of all groups over it, restored from their states. */
export class LivePartition {
  readonly topic: string;
  readonly partition: number;
  readonly pipelines: readonly SourcePartition[];
  /** Where reading goes on. */
  readonly start: LogPosition;
  /** What the tasks had counted when they were restored; their own counters begin at 0. */
  readonly #countedBefore = new Map<Task, Readonly<Record<string, number>>>();
  #changed = false;

  constructor(options: {
    topic: string;
    partition: number;
    /** The groups over each source of the topic. */
    groups: ReadonlyMap<Source, readonly FeatureGroup[]>;
    state: StateStore;
    deadLetters: DeadLetters;
    from: 'earliest' | 'latest';
  }) {
    this.topic = options.topic;
    this.partition = options.partition;
    const positions: LogPosition[] = [];
    this.pipelines = [...options.groups].map(([source, groups]) => {
      const tasks = groups.map((group) => this.#createTask(group, options.deadLetters));
      const progress = tasks.map((task) => options.state.progress(this.#idOf(task)));
      for (const [index, task] of tasks.entries()) {
        const stored = progress[index]!;
        if (stored === null) continue;
        requireFingerprint(this.#idOf(task), stored, task.group);
        task.restore(stored, options.state.entities(this.#idOf(task)));
        this.#countedBefore.set(task, stored.counters);
      }
      // What some task has counted already was reported already.
      const reportFrom = Math.max(...tasks.map((task) => task.nextOffset));
      const rejected = options.deadLetters.rejectedBySource(source);
      const pipeline = new SourcePartition({
        source,
        partition: this.partition,
        decoder: createDecoder(source),
        tasks,
        rejected: (record, rejection) => {
          if (record.offset < reportFrom) return;
          rejected.write({ partition: this.partition, record, rejection });
        },
      });
      const oldest = progress.reduce((a, b) =>
        a === null || b === null ? null : a.nextOffset <= b.nextOffset ? a : b,
      );
      if (oldest !== null) pipeline.restoreClock(oldest);
      positions.push(oldest === null ? options.from : oldest.nextOffset);
      return pipeline;
    });
    this.start = earliestOf(positions);
  }

  get tasks(): readonly Task[] {
    return this.pipelines.flatMap((pipeline) => pipeline.tasks);
  }

  get nextOffset(): number {
    return Math.min(...this.pipelines.map((pipeline) => pipeline.nextOffset));
  }

  /** Takes in the records `from` ≤ index < `to` and sends the rows that they make. */
  process(records: readonly LogRecord[], from: number, to: number, flusher: RowFlusher): void {
    this.#changed = true;
    for (const pipeline of this.pipelines) {
      pipeline.process(records, from, to);
      for (const task of pipeline.tasks) {
        flusher.send(task.group, task.revisions, pipeline.clock.watermark);
        task.drained();
      }
    }
  }

  /** What changed since the last call, as it stands between two batches. */
  takeChanges(): TaskChanges[] {
    if (!this.#changed) return [];
    this.#changed = false;
    return this.tasks.map((task) => ({
      task: this.#idOf(task),
      progress: task.progress(countersOf(task, this.#countedBefore.get(task))),
      entities: task.takeChanges(),
    }));
  }

  #createTask(group: FeatureGroup, deadLetters: DeadLetters): Task {
    const dropped = deadLetters.droppedByGroup(group);
    const rejected = deadLetters.rejectedByGroup(group);
    return new Task(
      group,
      this.partition,
      {
        dropped: (record) => dropped.write(record),
        rejected: (record, rejection) => rejected.write({ partition: this.partition, record, rejection }),
      },
      { trackChanges: true },
    );
  }

  #idOf(task: Task): TaskId {
    const { group } = task;
    return { group: group.name, version: group.version, topic: this.topic, partition: this.partition };
  }
}

/** Of the whole log up to here. */
function countersOf(task: Task, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const { records, late, partlyLate, dropped, rejected } = task.counters;
  const sums: Record<string, number> = { ...before };
  for (const [name, count] of Object.entries({ records, late, partlyLate, dropped })) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  for (const [reason, count] of rejected) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
}

function earliestOf(positions: readonly LogPosition[]): LogPosition {
  if (positions.includes('earliest')) return 'earliest';
  const offsets = positions.filter((position) => typeof position === 'number');
  return offsets.length === 0 ? 'latest' : Math.min(...offsets);
}
