import type { FeatureGroup, Source } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type Slices, SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import type { OnlineStore, Upsert } from '../sinks/sink.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { LogPosition } from '../sources/log-reader.ts';
import type { LogRecord } from '../sources/record.ts';
import { requireFingerprint } from '../state/fingerprint.ts';
import type { TaskId } from '../state/state-store.ts';
import type { Offset } from '../time.ts';
import type { JournalEntry, Mark } from '../watermark/mark.ts';
import type { PartitionStore, Step, StepSource } from './durability.ts';
import type { RowFlusher } from './row-flusher.ts';

/** What a row that waits for the next step takes in memory, about. */
const BYTES_PER_ROW = 200;

/** A mark of one of the partition's sources. */
export interface PipelineMark {
  readonly pipeline: SourcePartition;
  readonly mark: Mark;
}

/** One partition of a topic that this worker owns: the tasks of all groups over it, restored from their states. */
export class LivePartition implements StepSource {
  readonly topic: string;
  readonly partition: number;
  readonly pipelines: readonly SourcePartition[];
  readonly #start: LogPosition;
  /** What the tasks had counted when they were restored; their own counters begin at 0. */
  readonly #countedBefore = new Map<Task, Readonly<Record<string, number>>>();
  readonly #store: PartitionStore;
  readonly #ids = new Map<Task, TaskId>();
  /** What was sent to the online store since the last step. */
  #sent = new Map<Task, Upsert[]>();
  #sentRows = 0;
  #stepOffset: Offset;
  /** The journal's position after the last mark that was applied, and after the last one that was written. */
  #journal: Offset = 0;
  #journalEnd: Offset = 0;
  /** Read from the journal, and not applied yet, in their order. */
  readonly #marks: (PipelineMark & { readonly next: Offset })[] = [];
  #changed = false;

  constructor(options: {
    topic: string;
    partition: number;
    /** Those over other topics are left out. */
    groups: readonly FeatureGroup[];
    store: PartitionStore;
    from: 'earliest' | 'latest';
    /** How many entities each task may hold, as of now. */
    entitiesPerTask: () => number;
    /** At most so many of a task are woken in one slice. */
    entitiesPerSlice: number;
  }) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#store = options.store;
    const { store } = options;
    const positions: LogPosition[] = [];
    const journals: Offset[] = [];
    const groups = options.groups.filter(({ source }) => source.topic === options.topic);
    this.pipelines = [...bySource(groups)].map(([source, groups]) => {
      const tasks = groups.map((group) => this.#createTask(group, options));
      const progress = tasks.map((task) => store.progress(this.#idOf(task)));
      for (const [index, task] of tasks.entries()) {
        const stored = progress[index]!;
        if (stored === null) continue;
        requireFingerprint(this.#idOf(task), stored, task.group);
        task.restore(stored);
        this.#countedBefore.set(task, stored.counters);
      }
      // What some task has counted already was reported already.
      const reportFrom = Math.max(...tasks.map((task) => task.nextOffset));
      const pipeline = new SourcePartition({
        source,
        partition: this.partition,
        decoder: createDecoder(source),
        tasks,
        rejected: (record, rejection) => {
          if (record.offset < reportFrom) return;
          store.rejectedBySource(source, record, rejection);
        },
      });
      const oldest = progress.reduce((a, b) =>
        a === null || b === null ? null : a.nextOffset <= b.nextOffset ? a : b,
      );
      if (oldest !== null) pipeline.restoreClock(oldest);
      positions.push(oldest === null ? options.from : oldest.nextOffset);
      journals.push(...progress.map((stored) => stored?.journal ?? 0));
      return pipeline;
    });
    this.#start = earliestOf(positions);
    this.#stepOffset = this.nextOffset;
    this.#journal = Math.min(...journals);
  }

  /** Where reading goes on. */
  get position(): LogPosition {
    const { nextOffset } = this;
    return nextOffset === 0 ? this.#start : nextOffset;
  }

  get entityCount(): number {
    return this.tasks.reduce((sum, task) => sum + task.entityCount, 0);
  }

  get tasks(): readonly Task[] {
    return this.pipelines.flatMap((pipeline) => pipeline.tasks);
  }

  get nextOffset(): number {
    return Math.min(...this.pipelines.map((pipeline) => pipeline.nextOffset));
  }

  get keepsMarks(): boolean {
    return this.#store.journal !== null;
  }

  /**
   * Reads the marks that the restored tasks do not have; {@link resume} and {@link process} apply them at their places.
   * To be called once, before either.
   */
  async readMarks(): Promise<void> {
    const { journal } = this.#store;
    const byName = new Map(this.pipelines.map((pipeline) => [pipeline.source.name, pipeline]));
    const isWatched = this.pipelines.some(({ source }) => source.idleTimeoutMs !== null);
    if (journal === null || !isWatched) return;
    for await (const { entry, next } of journal.read(this.#journal)) {
      const pipeline = byName.get(entry.source);
      if (pipeline !== undefined) this.#marks.push({ pipeline, mark: entry.mark, next });
    }
  }

  /** Does what the restored tasks had not finished. To be done before anything else comes. */
  *resume(flusher: RowFlusher): Slices {
    for (const pipeline of this.pipelines) yield* this.#sending(pipeline, pipeline.settle(), flusher);
    yield* this.#applyMarks(flusher);
  }

  /** Makes marks durable; {@link mark} applies them. */
  async writeJournal(entries: readonly JournalEntry[]): Promise<void> {
    assert(this.#store.journal !== null, 'marks of a partition without a journal');
    this.#journalEnd = await this.#store.journal.write(entries);
  }

  /** Takes in the marks that were written to the journal last, and sends the rows that they make. */
  *mark(marks: readonly PipelineMark[], flusher: RowFlusher): Slices {
    const first = this.#journalEnd - marks.length;
    for (const [index, { pipeline, mark }] of marks.entries()) {
      this.#journal = first + index + 1;
      yield* this.#sending(pipeline, pipeline.mark(mark), flusher);
    }
  }

  /**
   * Takes in the records `from` ≤ index < `to` and sends the rows that they make. Between two slices a step may be taken,
   * and the partition be given up; nothing else may happen to it.
   */
  *process(records: readonly LogRecord[], from: number, to: number, flusher: RowFlusher): Slices {
    let next = from;
    while (this.#marks.length > 0) {
      const { after } = this.#marks[0]!.mark;
      let end = next;
      while (end < to && records[end]!.offset <= after) end++;
      yield* this.#take(records, next, end, flusher);
      next = end;
      if (next === to && this.nextOffset <= after) return;
      yield* this.#applyMarks(flusher);
    }
    yield* this.#take(records, next, to, flusher);
  }

  *#take(records: readonly LogRecord[], from: number, to: number, flusher: RowFlusher): Slices {
    if (from === to) return;
    for (const pipeline of this.pipelines) {
      yield* this.#sending(pipeline, pipeline.process(records, from, to), flusher);
    }
  }

  /** Those of the restored marks whose places are reached. */
  *#applyMarks(flusher: RowFlusher): Slices {
    while (this.#marks.length > 0 && this.#marks[0]!.mark.after < this.nextOffset) {
      const { pipeline, mark, next } = this.#marks.shift()!;
      this.#journal = next;
      yield* this.#sending(pipeline, pipeline.mark(mark), flusher);
    }
  }

  *#sending(pipeline: SourcePartition, slices: Slices, flusher: RowFlusher): Slices {
    for (const _ of slices) {
      this.#changed = true;
      this.#send(pipeline, flusher);
      yield;
    }
  }

  #send(pipeline: SourcePartition, flusher: RowFlusher): void {
    for (const task of pipeline.tasks) {
      this.#store.revised(task.group, task.revisions);
      this.#keepSent(task, flusher.send(task.group, task.revisions, pipeline.clock.watermark));
      task.drained();
    }
  }

  /** Whether anything happened since the last step. */
  get hasChanged(): boolean {
    return this.#changed;
  }

  takeStep(): Step {
    this.#changed = false;
    const { topic, partition, nextOffset } = this;
    this.#stepOffset = nextOffset;
    const changes = this.tasks.map((task) => ({
      task: this.#idOf(task),
      progress: {
        ...task.progress(countersOf(task, this.#countedBefore.get(task))),
        journal: this.#journal,
      },
      entities: task.takeChanges(),
    }));
    const sent = this.tasks.flatMap((task) => {
      const rows = this.#sent.get(task);
      return rows === undefined ? [] : [{ task: this.#idOf(task), group: task.group, rows }];
    });
    this.#sent = new Map();
    this.#sentRows = 0;
    return { topic, partition, position: nextOffset, changes, sent };
  }

  /** About as many bytes wait for the next step. */
  get pendingBytes(): number {
    return this.#store.pendingBytes + this.#sentRows * BYTES_PER_ROW;
  }

  /** How far the last step came. */
  get committedOffset(): Offset {
    return this.#stepOffset;
  }

  /**
   * Sends every row up to here to an online store that has lost its data: those of the last step from their copies, and
   * what was sent since, which the store may have had and lost, too. Answers how many there were.
   */
  async refill(store: OnlineStore): Promise<number> {
    let rows = 0;
    for (const task of this.tasks) {
      const write = async (batch: readonly Upsert[]) => {
        await store.write(task.group, batch);
        rows += batch.length;
      };
      for (const batch of this.#store.copies(this.#idOf(task), task.group)) await write(batch);
      await write([...(this.#sent.get(task) ?? [])]);
    }
    return rows;
  }

  #keepSent(task: Task, rows: readonly Upsert[]): void {
    if (rows.length === 0) return;
    const sent = this.#sent.get(task);
    if (sent === undefined) this.#sent.set(task, [...rows]);
    else for (const row of rows) sent.push(row);
    this.#sentRows += rows.length;
  }

  /** The last step is stored. */
  stored(): void {
    for (const task of this.tasks) task.stored();
  }

  /** Nothing is processed any more. */
  release(): Promise<void> {
    return this.#store.release();
  }

  #createTask(
    group: FeatureGroup,
    { entitiesPerTask, entitiesPerSlice }: { entitiesPerTask: () => number; entitiesPerSlice: number },
  ): Task {
    const store = this.#store;
    const { name, version } = group;
    const id = { group: name, version, topic: this.topic, partition: this.partition };
    const task = new Task(
      group,
      this.partition,
      {
        dropped: (dropped, record) => store.dropped(group, dropped, record),
        rejected: (record, rejection) => store.rejectedByGroup(group, record, rejection),
      },
      {
        read: (range) => store.entities(id, range),
        get maxEntities() {
          return entitiesPerTask();
        },
      },
      entitiesPerSlice,
    );
    this.#ids.set(task, id);
    return task;
  }

  #idOf(task: Task): TaskId {
    return this.#ids.get(task)!;
  }
}

function bySource(groups: readonly FeatureGroup[]): Map<Source, FeatureGroup[]> {
  return Map.groupBy(groups, ({ source }) => source);
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
