import type { Source } from '../definitions/definition.ts';
import {
  type LogRecord,
  type RecordDecoder,
  Rejection,
  type RejectionReason,
  type SourceRejection,
} from '../sources/record.ts';
import type { TaskProgress } from '../state/state-store.ts';
import { type EventTimeMs, type Offset, versionOf } from '../time.ts';
import type { Mark } from '../watermark/mark.ts';
import { PartitionClock } from '../watermark/partition-clock.ts';
import type { RecordTaker } from './judged-record.ts';
import type { Task } from './task.ts';

/** Work in parts: it is done when the last one was asked for. */
export type Slices = Generator<void, void>;

/** For who reads only what there is at the end. */
export function finish(slices: Slices): void {
  for (const _ of slices);
}

/** What was counted of a partition's records, before any group saw them. */
export interface SourceCounters {
  records: number;
  marks: number;
  readonly rejected: Map<RejectionReason, number>;
}

/**
 * One partition of a source on its way to the tasks of all groups over it (or what stands in their place): each record is decoded and judged once
 * (semantics.md, "The log"), moves log time and watermark, and goes to each task with both.
 */
export class SourcePartition<Taker extends RecordTaker = Task> {
  readonly source: Source;
  readonly partition: number;
  readonly tasks: readonly Taker[];
  readonly clock: PartitionClock;
  readonly counters: SourceCounters = { records: 0, marks: 0, rejected: new Map() };

  readonly #decoder: RecordDecoder;
  readonly #rejected: (record: LogRecord, rejection: Rejection) => void;

  constructor(options: {
    source: Source;
    partition: number;
    decoder: RecordDecoder;
    tasks: readonly Taker[];
    /** Hears of each record that the source rejects. */
    rejected: (record: LogRecord, rejection: Rejection) => void;
  }) {
    this.source = options.source;
    this.partition = options.partition;
    this.tasks = options.tasks;
    this.clock = new PartitionClock(options.source.maxOutOfOrdernessMs);
    this.#decoder = options.decoder;
    this.#rejected = options.rejected;
  }

  /**
   * Tasks that were restored go on together from the first offset that one of them wants; the clock is that
   * task's, for log time and watermark are the same function of the log for all of them.
   */
  restoreClock(progress: Pick<TaskProgress, 'watermark' | 'logTime'>): void {
    this.clock.watermark = progress.watermark;
    this.clock.logTime = progress.logTime;
  }

  /**
   * Records `from` ≤ index < `to`, in order of offset. A task that already has a record in its state does not get it
   * again. Yields whenever the tasks' revisions are to be read before it goes on, and at the end.
   */
  *process(records: readonly LogRecord[], from = 0, to = records.length): Slices {
    yield* this.settle();
    let next = from;
    while (next < to) {
      next = this.#take(records, next, to);
      yield;
      yield* this.settle();
    }
  }

  /** Works off what a restored task, or the last record or mark, has left. Yields as {@link process} does. */
  *settle(): Slices {
    while (this.tasks.some((task) => task.isClosing)) {
      for (const task of this.tasks) if (task.isClosing) task.close();
      yield;
    }
  }

  /** Stops behind a record that leaves something to {@link settle}; answers the index of the next one. */
  #take(records: readonly LogRecord[], from: number, to: number): number {
    const { clock, tasks, counters } = this;
    const judged = {
      log: records[from]!,
      row: {},
      eventTime: 0,
      watermarkBefore: 0,
      watermark: 0,
      logTime: 0,
    };
    for (let index = from; index < to; index++) {
      const log = records[index]!;
      counters.records++;
      clock.observe(log.timestamp);
      const row = log.timestamp === -1 ? NO_TIMESTAMP : this.#decoder.decode(log.value);
      const eventTime = row instanceof Rejection ? row : this.#judgeEventTime(this.#decoder.eventTime(row));
      if (row instanceof Rejection || eventTime instanceof Rejection) {
        this.#reject(log, eventTime as Rejection);
        continue;
      }
      judged.log = log;
      judged.row = row;
      judged.eventTime = eventTime;
      judged.watermarkBefore = clock.watermark;
      clock.accept(eventTime);
      judged.watermark = clock.watermark;
      judged.logTime = clock.logTime;
      let isClosing = false;
      for (let t = 0; t < tasks.length; t++) {
        const task = tasks[t]!;
        if (log.offset < task.nextOffset) continue;
        task.process(judged);
        if (task.isClosing) isClosing = true;
      }
      if (isClosing) return index + 1;
    }
    return to;
  }

  /**
   * A mark of the journal, at its place: after the records up to its offset, before the next one. A task that has a
   * later record, or this mark, in its state does not get it again. Yields as {@link process} does.
   */
  *mark(mark: Mark): Slices {
    yield* this.settle();
    const { clock, tasks, source } = this;
    this.counters.marks++;
    clock.mark(mark);
    const version = versionOf(mark.after, source.epoch);
    for (const task of tasks) {
      if (task.nextOffset <= mark.after + 1) task.advance(clock.watermark, version, clock.logTime);
    }
    yield;
    yield* this.settle();
  }

  /** Records, then a mark that comes after them. Yields as {@link process} does. */
  *part({ records, mark }: { readonly records: readonly LogRecord[]; readonly mark: Mark | null }): Slices {
    yield* this.process(records);
    if (mark !== null) yield* this.mark(mark);
  }

  #judgeEventTime(eventTime: EventTimeMs | null | Rejection): EventTimeMs | Rejection {
    if (eventTime instanceof Rejection) return eventTime;
    const { logTime } = this.clock;
    if (eventTime === null) {
      if (this.source.onNullEventTime === 'logTime') return logTime;
      return new Rejection('null_event_time', `field ${this.source.eventTime.field} is null`);
    }
    const limit = this.source.maxAheadMs;
    if (limit !== null && eventTime > logTime + limit) {
      return new Rejection(
        'ahead',
        `event time ${eventTime} is ${eventTime - logTime} ms ahead of log time ${logTime}`,
      );
    }
    return eventTime;
  }

  #reject(log: LogRecord, rejection: Rejection): void {
    const reason = rejection.reason as SourceRejection;
    this.counters.rejected.set(reason, (this.counters.rejected.get(reason) ?? 0) + 1);
    for (const task of this.tasks) {
      if (log.offset >= task.nextOffset) task.skip(log.offset, this.clock.logTime);
    }
    this.#rejected(log, rejection);
  }

  /** The first offset that some task still wants. */
  get nextOffset(): Offset {
    return Math.min(...this.tasks.map((task) => task.nextOffset));
  }
}

const NO_TIMESTAMP = new Rejection('no_timestamp', 'the record has no timestamp (−1)');
