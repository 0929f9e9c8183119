import { Dictionary } from '../aggregates/dictionary.ts';
import type { FeatureGroup } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type LogRecord, Rejection, type RejectionReason } from '../sources/record.ts';
import type { EntityState, TaskProgress } from '../state/state-store.ts';
import { type EventTimeMs, type Offset, type Version, versionOf } from '../time.ts';
import { createWindows } from './create-windows.ts';
import { EntityTable } from './entity-table.ts';
import { EntityTimers } from './entity-timers.ts';
import { GroupGate } from './group-gate.ts';
import type { JudgedRecord, RecordTaker } from './judged-record.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { RevisionBatch } from './revision.ts';
import { StoredEntities } from './stored-entities.ts';
import { StoredTimers } from './stored-timers.ts';
import type { TaskState } from './task-state.ts';
import { MemoryTimers } from './timers.ts';
import type { MissedWindows, Windows } from './windows.ts';

/** A record that came when every window whose range holds it was final. */
export interface DroppedRecord extends MissedWindows {
  readonly partition: number;
  readonly offset: Offset;
  readonly timestamp: EventTimeMs;
  readonly eventTime: EventTimeMs;
  /** The watermark it was judged against. */
  readonly watermark: EventTimeMs;
}

/** What a task does with the records that make no row. */
export interface TaskOutputs {
  dropped(dropped: DroppedRecord, record: LogRecord): void;
  rejected(record: LogRecord, rejection: Rejection): void;
}

export interface TaskCounters {
  /** Accepted by the source, passing the group's `where`, and not rejected by the group. */
  records: number;
  /** The first window after the event was closed already; includes partly late and dropped ones. */
  late: number;
  /** Some, but not all windows whose range holds the event were final. */
  partlyLate: number;
  /** All of them were. */
  dropped: number;
  readonly rejected: Map<RejectionReason, number>;
}

/**
 * A feature group over one partition: a deterministic state machine, (state, record) → (state', revisions). It
 * knows no Kafka, no Redis, no clock and no file; its drivers own everything that can fail or wait.
 *
 * Records go in by {@link process}; revisions pile up in {@link revisions} until {@link drained}.
 */
export class Task implements RecordTaker {
  readonly group: FeatureGroup;
  readonly partition: number;
  readonly revisions: RevisionBatch;
  readonly counters: TaskCounters = { records: 0, late: 0, partlyLate: 0, dropped: 0, rejected: new Map() };

  readonly #outputs: TaskOutputs;
  readonly #dictionary = new Dictionary();
  readonly #entities: EntityTable;
  readonly #kernel: Kernel;
  readonly #timers: EntityTimers;
  readonly #windows: Windows;
  readonly #gate: GroupGate;
  readonly #arrival = { eventTime: 0, offset: 0, version: 0, knownAt: 0 };

  #nextOffset: Offset = 0;
  #watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  #logTime: EventTimeMs = Number.NEGATIVE_INFINITY;
  /** While rows are to be closed, their version. */
  #closing: Version | null = null;
  readonly #entitiesPerSlice: number;

  /** Null: everything is held in memory, and nobody asks for changes. */
  readonly #stored: { readonly entities: StoredEntities; readonly timers: StoredTimers } | null;

  constructor(
    group: FeatureGroup,
    partition: number,
    outputs: TaskOutputs,
    /** Where the state is stored; null: nowhere, the task holds everything as long as it lives. */
    state: TaskState | null,
    /**
     * When the watermark closes rows of more entities, that is done in slices, between which revisions can be read and
     * the task stored: what bounds memory, and how long nobody else has a turn.
     */
    entitiesPerSlice = Number.POSITIVE_INFINITY,
  ) {
    this.group = group;
    this.partition = partition;
    this.#outputs = outputs;
    this.#entitiesPerSlice = entitiesPerSlice;
    this.#entities = new EntityTable(group);
    this.#kernel = createKernel(group, this.#dictionary);
    this.revisions = new RevisionBatch(group, {
      entityOf: (id) => this.#entities.valuesOf(id),
      textOf: (id) => this.#dictionary.textOf(id),
    });
    this.#gate = new GroupGate(group);
    this.#stored = state === null ? null : this.#storedIn(state);
    this.#timers = new EntityTimers(this.#stored?.timers ?? new MemoryTimers());
    this.#windows = createWindows(group, this.#kernel, this.revisions, this.#timers, {
      onEmpty: (entity) => (this.#stored?.entities ?? this.#entities).remove(entity),
      onChunkGone: (entity, chunk) => this.#stored?.entities.chunkGone(entity, chunk),
    });
  }

  /** Entities that have state, held in memory or not. */
  get entityCount(): number {
    return this.#stored?.entities.count ?? this.#entities.size;
  }

  /** Bytes of the cells of the entities that are held in memory. */
  get stateBytes(): number {
    return this.#windows.bytes;
  }

  /** Results that became null because they were out of range. */
  get overflows(): number {
    return this.#gate.overflows + this.#kernel.overflows();
  }

  /** The offset of the next record that this task wants; earlier ones are part of its state. */
  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  /** The least watermark that would close a row or end an entity; Infinity when none would. */
  get nextDue(): EventTimeMs {
    return this.#windows.nextDue;
  }

  /** Takes in one record that the source accepted. Records come in order of offset. */
  process(record: JudgedRecord): void {
    const { log } = record;
    assert(!this.isClosing, 'a record came while rows were to be closed');
    assert(log.offset >= this.#nextOffset, `record ${log.offset} came after ${this.#nextOffset - 1}`);
    if (this.#gate.accepts(record.row)) this.#take(record);
    this.#nextOffset = log.offset + 1;
    this.advance(record.watermark, versionOf(log.offset, this.group.source.epoch), record.logTime);
  }

  /** A record that the source rejected: it only moves the position and log time. */
  skip(offset: Offset, logTime: EventTimeMs): void {
    this.#nextOffset = offset + 1;
    this.#logTime = logTime;
  }

  /**
   * Moves the watermark and closes what it passes, or the first slice of it. To be told again what is part of the state
   * changes nothing.
   */
  advance(watermark: EventTimeMs, version: Version, logTime: EventTimeMs): void {
    if (logTime > this.#logTime) this.#logTime = logTime;
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    if (watermark < this.#windows.nextAdvance) return;
    this.#windows.advance(watermark);
    this.#closing = version;
    this.close();
  }

  get isClosing(): boolean {
    return this.#closing !== null;
  }

  /** Closes the next slice. */
  close(): void {
    assert(this.#closing !== null, 'there is nothing to close');
    if (this.#windows.close(this.#closing, this.#logTime, this.#entitiesPerSlice)) this.#closing = null;
  }

  /** The revisions were read: their entities and texts need not be kept any longer. */
  drained(): void {
    this.revisions.clear();
    this.#stored?.entities.makeRoom();
    this.#entities.recycle();
    this.#dictionary.collect();
  }

  progress(counters: Readonly<Record<string, number>>): TaskProgress {
    return {
      fingerprint: this.group.fingerprint,
      nextOffset: this.#nextOffset,
      watermark: this.#watermark,
      logTime: this.#logTime,
      ...(this.#closing === null
        ? {}
        : { closing: { version: this.#closing, toldUpTo: this.#stored?.timers.toldUpTo ?? '' } }),
      commit: this.#stored?.entities.commit ?? 0,
      entities: this.entityCount,
      counters,
    };
  }

  /**
   * What changed of the state since the last call, in chunks, those that are no more first. To be stored with the
   * {@link progress} of the same moment.
   */
  takeChanges(): EntityState[] {
    assert(this.#stored !== null, 'the task has a state that is stored');
    const { entities, timers } = this.#stored;
    const { commit } = entities;
    const changes = entities.takeChanges();
    for (const change of timers.takeChanges(commit)) changes.push(change);
    return changes;
  }

  /** All that {@link takeChanges} has given is stored: the task may rely on reading it. */
  stored(): void {
    this.#stored?.entities.stored();
    this.#stored?.timers.stored();
  }

  /**
   * Continues where another task of the same group and partition stopped, with what is stored. To be called before any
   * record. Entities are read when they are needed.
   */
  restore(progress: TaskProgress): void {
    assert(progress.fingerprint === this.group.fingerprint, 'a state belongs to one definition');
    assert(this.#stored !== null, 'the task has a state that is stored');
    this.#nextOffset = progress.nextOffset;
    this.#watermark = progress.watermark;
    this.#logTime = progress.logTime;
    if (progress.watermark > Number.NEGATIVE_INFINITY) this.#windows.restoreWatermark(progress.watermark);
    this.#stored.entities.restore(progress.commit, progress.entities);
    this.#stored.timers.restore(progress.closing?.toldUpTo ?? '');
    this.#closing = progress.closing?.version ?? null;
  }

  #take(record: JudgedRecord): void {
    const { log, row, eventTime, watermarkBefore } = record;
    const key = this.#entities.keyOf(row);
    const rejection = this.#gate.judge(record, key !== null);
    if (rejection !== null) {
      this.#reject(log, rejection);
      return;
    }
    const known =
      this.#entities.idOf(key!) ?? this.#stored?.entities.load(key!, this.#entities.valuesIn(row));
    const lateness = this.#windows.judge(known, eventTime);
    if (lateness === 'dropped') {
      this.#drop(log, eventTime, watermarkBefore);
      return;
    }
    const entity = known ?? this.#entities.add(key!, this.#entities.valuesIn(row));
    this.#stored?.entities.use(entity);
    if (known !== undefined && !this.#windows.hasRoom(known)) {
      const limit = `the state of its entity holds ${this.group.maxEntityState} values or more`;
      this.#reject(log, new Rejection('entity_too_large', limit));
      return;
    }
    this.counters.records++;
    if (lateness !== 'in-time') this.counters.late++;
    if (lateness === 'partly-late') this.counters.partlyLate++;
    this.#kernel.read(row);
    const arrival = this.#arrival;
    arrival.eventTime = eventTime;
    arrival.offset = log.offset;
    arrival.version = versionOf(log.offset, this.group.source.epoch);
    arrival.knownAt = record.logTime;
    this.#windows.apply(entity, arrival);
  }

  #drop(log: LogRecord, eventTime: EventTimeMs, watermark: EventTimeMs): void {
    this.counters.records++;
    this.counters.late++;
    this.counters.dropped++;
    const { partition } = this;
    const { offset, timestamp } = log;
    const missed = this.#windows.missed(eventTime);
    this.#outputs.dropped({ partition, offset, timestamp, eventTime, watermark, ...missed }, log);
  }

  #reject(log: LogRecord, rejection: Rejection): void {
    const { rejected } = this.counters;
    rejected.set(rejection.reason, (rejected.get(rejection.reason) ?? 0) + 1);
    this.#outputs.rejected(log, rejection);
  }

  #storedIn(state: TaskState): { entities: StoredEntities; timers: StoredTimers } {
    const task = this;
    const entities = new StoredEntities(state, this.#entities, {
      get windows() {
        return task.#windows;
      },
      get timers() {
        return task.#timers;
      },
    });
    return { entities, timers: new StoredTimers(state, entities) };
  }
}
