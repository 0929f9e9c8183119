import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { finish, type Slices, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { LogRecord, RejectedRecord, RejectionReason } from '../../src/sources/record.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { KeptState } from './kept-state.ts';
import type { WrittenRecord } from './log-arbitrary.ts';
import type { Drop, OracleRejection } from './oracle.ts';
import type { Subject } from './subject.ts';

/** What a driver does between records, or slices; `take` and `store` are the two halves of a commit. */
export type DriverStep = 'go on' | 'drain' | 'take' | 'store' | 'commit' | 'restore';

export interface TaskSubjectOptions {
  /** More are not held in memory once they are stored; default: all are held. */
  readonly maxEntities?: number;
  /** More are not woken in one slice; default: all are. */
  readonly entitiesPerSlice?: number;
  /** Asked between two slices; default: `go on`. */
  readonly betweenSlices?: () => DriverStep;
}

/** A task as a driver runs it: records decoded and judged, state kept in a map. */
export class TaskSubject implements Subject {
  readonly group: FeatureGroup;
  readonly dropped: Drop[] = [];
  readonly rejected: OracleRejection[] = [];
  /** What all the tasks counted that there were until {@link end}. */
  readonly counters = { records: 0, late: 0, partlyLate: 0, dropped: 0, rejected: 0 };
  readonly #options: TaskSubjectOptions;
  readonly #state: KeptState;
  #task: Task;
  #partition: SourcePartition;
  #read = 0;
  /** Those after the last record. */
  #marks: readonly Mark[] = [];

  constructor(group: FeatureGroup, options: TaskSubjectOptions = {}) {
    this.group = group;
    this.#options = options;
    this.#state = new KeptState(options.maxEntities);
    this.#task = this.#newTask();
    this.#partition = this.#newPartition();
  }

  process(record: WrittenRecord): readonly Revision[] {
    const made: Revision[] = [];
    this.#run(this.#partition.process([logRecordOf(record)]), made);
    this.#marks = record.marks.map((mark) => ({ after: record.offset, ...mark }));
    for (const mark of this.#marks) this.#run(this.#partition.mark(mark), made);
    return made;
  }

  #run(slices: Slices, made: Revision[]): void {
    for (const _ of slices) {
      const { revisions } = this.#task;
      for (; this.#read < revisions.length; this.#read += 1) made.push(revisions.at(this.#read));
      const step = this.#task.isClosing ? (this.#options.betweenSlices?.() ?? 'go on') : 'go on';
      if (step === 'restore') {
        this.#reopen();
        this.#run(this.#partition.settle(), made);
        return;
      }
      if (step !== 'go on') this[step]();
    }
  }

  get entityCount(): number {
    return this.#task.entityCount;
  }

  /** The end of a batch. */
  drain(): void {
    this.#task.drained();
    this.#read = 0;
  }

  /** Takes what changed, to be stored, as after a flush. */
  take(): void {
    this.#state.take(this.#task);
  }

  /** What was taken is stored. */
  store(): void {
    this.#state.store(this.#task);
  }

  commit(): void {
    this.take();
    this.store();
  }

  /** Goes on from the state; the marks of the journal that it may lack are read again. */
  restore(): void {
    this.#reopen();
    for (const mark of this.#marks) finish(this.#partition.mark(mark));
  }

  #reopen(): void {
    this.store();
    const progress = this.#task.progress({});
    this.commit();
    this.#countTask();
    this.#task = this.#newTask();
    this.#task.restore(progress);
    this.#partition = this.#newPartition();
    this.#partition.restoreClock(progress);
    this.#read = 0;
  }

  /** To be called once, after the last record. */
  end(): void {
    this.#countTask();
  }

  #countTask(): void {
    const { rejected, ...counts } = this.#task.counters;
    for (const name of ['records', 'late', 'partlyLate', 'dropped'] as const) {
      this.counters[name] += counts[name];
    }
    for (const count of rejected.values()) this.counters.rejected += count;
  }

  #newTask(): Task {
    return new Task(
      this.group,
      0,
      {
        dropped: ({ partition: _, ...drop }) => this.dropped.push(drop),
        rejected: (record, rejection) => this.#reject('group', record, rejection),
      },
      this.#state,
      this.#options.entitiesPerSlice,
    );
  }

  #newPartition(): SourcePartition {
    const { source } = this.group;
    return new SourcePartition({
      source,
      partition: 0,
      decoder: createDecoder(source),
      tasks: [this.#task],
      rejected: (record, rejection) => this.#reject('source', record, rejection),
    });
  }

  #reject(by: 'source' | 'group', record: LogRecord, { reason }: RejectedRecord['rejection']): void {
    this.rejected.push({ offset: record.offset, by, reason: reason satisfies RejectionReason });
  }
}

export function logRecordOf({ offset, timestamp, key, valueText }: WrittenRecord): LogRecord {
  const value = valueText === 'null' ? null : Buffer.from(valueText);
  return { offset, timestamp, key: key === null ? null : Buffer.from(key), value };
}
