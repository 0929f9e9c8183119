import { SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { LogPart, MarkedLog } from '../sources/marked-log.ts';
import type { EventTimeMs } from '../time.ts';
import { LatestRows } from './latest-rows.ts';
import type { AskedGroup } from './questions.ts';

/**
 * S(e, t) straight from the operators: the log is replayed as far as a question wants, which is then answered from the
 * rows made so far. Questions come in order of time. Partitions are replayed side by side, each as far as log time has
 * come; of the rows only the latest of each entity of the spine is kept.
 */
export class ServedFromArchive {
  /** For each group, in their order. */
  readonly latest: readonly LatestRows[];
  readonly #partitions: readonly ReplayedPartition[];

  constructor(log: MarkedLog, groups: readonly AskedGroup[], onRecords: (count: number) => void) {
    this.latest = groups.map(
      ({ group }) => new LatestRows({ areRowsDeleted: group.grid.kind === 'session' }),
    );
    this.#partitions = log.partitions.map(
      (partition) => new ReplayedPartition({ log, partition, groups, latest: this.latest, onRecords }),
    );
  }

  /** Takes in every revision that was known at the time. */
  async advanceTo(time: EventTimeMs): Promise<void> {
    for (const partition of this.#partitions) {
      if (!partition.isAt(time)) await partition.advanceTo(time);
    }
  }

  /** Log time where the log ends, once it was read to its end; Infinity before. */
  get end(): EventTimeMs {
    return Math.max(...this.#partitions.map((partition) => partition.end));
  }

  async close(): Promise<void> {
    for (const partition of this.#partitions) await partition.close();
  }
}

class ReplayedPartition {
  readonly #pipeline: SourcePartition;
  readonly #parts: AsyncGenerator<LogPart, void, void>;
  readonly #groups: readonly AskedGroup[];
  readonly #latest: readonly LatestRows[];
  readonly #onRecords: (count: number) => void;
  /** For each task, how many of its revisions were taken in. */
  readonly #taken: number[];
  /** Before the part of the log whose revisions are being taken in. */
  #watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  /** Every revision known at this time was taken in. */
  #isAt: EventTimeMs = Number.NEGATIVE_INFINITY;
  #ended = false;

  constructor(options: {
    log: MarkedLog;
    partition: number;
    groups: readonly AskedGroup[];
    latest: readonly LatestRows[];
    onRecords: (count: number) => void;
  }) {
    const { log, partition, groups } = options;
    const { source } = log;
    const nowhere = { dropped: () => {}, rejected: () => {} };
    this.#pipeline = new SourcePartition({
      source,
      partition,
      decoder: createDecoder(source),
      tasks: groups.map(({ group }) => new Task(group, partition, nowhere, null)),
      rejected: () => {},
    });
    this.#parts = log.read(partition);
    this.#groups = groups;
    this.#latest = options.latest;
    this.#onRecords = options.onRecords;
    this.#taken = groups.map(() => 0);
  }

  isAt(time: EventTimeMs): boolean {
    return this.#isAt >= time;
  }

  get end(): EventTimeMs {
    return this.#ended ? this.#pipeline.clock.logTime : Number.POSITIVE_INFINITY;
  }

  async advanceTo(time: EventTimeMs): Promise<void> {
    const { clock } = this.#pipeline;
    while (this.#takeKnownAt(time) && clock.logTime <= time && !this.#ended) await this.#readPart();
    this.#isAt = time;
  }

  async close(): Promise<void> {
    await this.#parts.return();
  }

  /** Takes in the revisions known at the time; false when there are later ones. */
  #takeKnownAt(time: EventTimeMs): boolean {
    let all = true;
    for (const [index, { revisions, group }] of this.#pipeline.tasks.entries()) {
      const { entities } = this.#groups[index]!;
      const latest = this.#latest[index]!;
      const finalUpTo = this.#watermark - group.allowedLatenessMs;
      let row = this.#taken[index]!;
      for (; row < revisions.length && revisions.knownAt[row]! <= time; row++) {
        const entity = entities.numberOf(revisions.entityOf(row));
        if (entity === undefined) continue;
        latest.add(
          entity,
          {
            windowEnd: revisions.windowEnd[row]!,
            version: revisions.version[row]!,
            knownAt: revisions.knownAt[row]!,
            deleted: revisions.deleted[row] === 1,
            values: revisions.storedValues(row),
          },
          finalUpTo,
        );
      }
      this.#taken[index] = row;
      if (row < revisions.length) all = false;
    }
    return all;
  }

  async #readPart(): Promise<void> {
    for (const [index, task] of this.#pipeline.tasks.entries()) {
      task.drained();
      this.#taken[index] = 0;
    }
    const next = await this.#parts.next();
    if (next.done === true) {
      this.#ended = true;
      return;
    }
    this.#watermark = this.#pipeline.clock.watermark;
    const { records, mark } = next.value;
    this.#pipeline.process(records);
    if (mark !== null) this.#pipeline.mark(mark);
    this.#onRecords(records.length);
  }
}
