import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import type { RevisionBatch } from '../operators/revision.ts';
import { finish, SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { LogPart, MarkedLog } from '../sources/marked-log.ts';
import { type EventTimeMs, type Version, versionOf } from '../time.ts';
import type { EntityNumbers } from './entity-numbers.ts';
import { LatestRows } from './latest-rows.ts';

/** A group that is asked for, and its entities that are. */
export interface ServedGroup {
  readonly group: FeatureGroup;
  readonly entities: EntityNumbers;
}

/** A place in the log of a partition. */
interface Position {
  readonly version: Version;
  readonly knownAt: EventTimeMs;
}

/**
 * Whether a revision comes before a question. In a partition versions and log times only grow: once a revision does
 * not, none after it does.
 */
type IsBefore = (version: Version, knownAt: EventTimeMs) => boolean;

/**
 * What the online store has, straight from the operators: the log is replayed as far as a question wants, which is then
 * answered from the rows made so far. Questions come in order of the log. Partitions are replayed side by side; of the
 * rows only the latest of each entity that is asked for is kept.
 */
export class ServedFromArchive {
  /** For each group, in their order. */
  readonly latest: readonly LatestRows[];
  readonly #partitions: readonly ReplayedPartition[];

  constructor(log: MarkedLog, groups: readonly ServedGroup[], onRecords: (count: number) => void) {
    this.latest = groups.map(({ group }) => new LatestRows(group));
    this.#partitions = log.partitions.map(
      (partition) => new ReplayedPartition({ log, partition, groups, latest: this.latest, onRecords }),
    );
  }

  /** Takes in every revision that comes before the question. */
  async advanceWhile(isBefore: IsBefore): Promise<void> {
    for (const partition of this.#partitions) {
      if (partition.canAdvance(isBefore)) await partition.advanceWhile(isBefore);
    }
  }

  /** Log time where the log ends, once it was read to its end; Infinity before. */
  get end(): EventTimeMs {
    return Math.max(
      ...this.#partitions.map(({ end }) => (end === null ? Number.POSITIVE_INFINITY : end.knownAt)),
    );
  }

  /**
   * Whether a revision that is not there may be one that the archive does not reach: a partition ends before it. An
   * entity lives in one partition, which is known once it has a row.
   */
  endsBefore(group: number, entity: number, version: Version, knownAt: EventTimeMs): boolean {
    const home = this.#partitions.find((partition) => partition.has(group, entity));
    return (home === undefined ? this.#partitions : [home]).some(
      ({ end }) => end !== null && end.version < version && end.knownAt <= knownAt,
    );
  }

  async close(): Promise<void> {
    for (const partition of this.#partitions) await partition.close();
  }
}

class ReplayedPartition {
  readonly #pipeline: SourcePartition;
  readonly #parts: AsyncGenerator<LogPart, void, void>;
  readonly #latest: readonly LatestRows[];
  readonly #onRecords: (count: number) => void;
  /** For each task, how many of its revisions were taken in. */
  readonly #taken: number[];
  /** For each task, those of the entities that it has made rows of. */
  readonly #numbers: readonly NumbersOfTask[];
  /** Before the part of the log whose revisions are being taken in. */
  #watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  /** The place of what was read last: what follows is there, by a mark, or later. */
  #reached: Position;
  #ended = false;

  constructor(options: {
    log: MarkedLog;
    partition: number;
    groups: readonly ServedGroup[];
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
    this.#reached = { version: versionOf(-1, source.epoch), knownAt: Number.NEGATIVE_INFINITY };
    this.#parts = log.read(partition);
    this.#latest = options.latest;
    this.#onRecords = options.onRecords;
    this.#taken = groups.map(() => 0);
    this.#numbers = groups.map(({ entities }) => new NumbersOfTask(entities));
  }

  /** How far the partition goes, once it was read to its end; null before. */
  get end(): Position | null {
    return this.#ended ? this.#reached : null;
  }

  has(group: number, entity: number): boolean {
    return this.#numbers[group]!.has(entity);
  }

  /** Whether there is, or may be, a revision before the question that was not taken in. */
  canAdvance(isBefore: IsBefore): boolean {
    const { tasks } = this.#pipeline;
    let isDrained = true;
    for (let index = 0; index < tasks.length; index++) {
      const { revisions } = tasks[index]!;
      const row = this.#taken[index]!;
      if (row === revisions.length) continue;
      if (isBefore(revisions.version[row]!, revisions.knownAt[row]!)) return true;
      isDrained = false;
    }
    return isDrained && this.#canReadOn(isBefore);
  }

  async advanceWhile(isBefore: IsBefore): Promise<void> {
    while (this.#takeWhile(isBefore) && this.#canReadOn(isBefore)) await this.#readPart();
  }

  async close(): Promise<void> {
    await this.#parts.return();
  }

  #canReadOn(isBefore: IsBefore): boolean {
    const { version, knownAt } = this.#reached;
    return !this.#ended && isBefore(version, knownAt);
  }

  /** Takes in the revisions that come before the question; false when there are later ones. */
  #takeWhile(isBefore: IsBefore): boolean {
    let all = true;
    for (const [index, { revisions, group }] of this.#pipeline.tasks.entries()) {
      const numbers = this.#numbers[index]!;
      const latest = this.#latest[index]!;
      const finalUpTo = this.#watermark - group.allowedLatenessMs;
      let row = this.#taken[index]!;
      for (; row < revisions.length; row++) {
        const version = revisions.version[row]!;
        const knownAt = revisions.knownAt[row]!;
        if (!isBefore(version, knownAt)) break;
        const entity = numbers.of(revisions, row);
        if (entity === undefined) continue;
        latest.add(
          entity,
          {
            windowEnd: revisions.windowEnd[row]!,
            version,
            knownAt,
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
    // All that closes is held until it is asked for.
    finish(this.#pipeline.part(next.value));
    const { nextOffset, source, clock } = this.#pipeline;
    this.#reached = { version: versionOf(nextOffset - 1, source.epoch), knownAt: clock.logTime };
    this.#onRecords(next.value.records.length);
  }
}

/** Looks an entity up once for as long as its task holds it, and not for each of its revisions. */
class NumbersOfTask {
  readonly #entities: EntityNumbers;
  readonly #found = new Set<number>();
  /** By the task's own number of the entity, which is another's when the fields are another array. */
  readonly #fields: (readonly Scalar[])[] = [];
  readonly #numbers: (number | undefined)[] = [];

  constructor(entities: EntityNumbers) {
    this.#entities = entities;
  }

  /** Undefined for an entity that nobody asks for. */
  of(revisions: RevisionBatch, row: number): number | undefined {
    const own = revisions.entity[row]!;
    const fields = revisions.entityOf(row);
    if (this.#fields[own] !== fields) {
      const number = this.#entities.numberOf(fields);
      this.#fields[own] = fields;
      this.#numbers[own] = number;
      if (number !== undefined) this.#found.add(number);
    }
    return this.#numbers[own];
  }

  /** Whether there were revisions of the entity. */
  has(number: number): boolean {
    return this.#found.has(number);
  }
}
