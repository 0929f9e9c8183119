import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { Dictionary } from '../aggregates/dictionary.ts';
import type { FeatureGroup } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import type { LogRecord, Rejection, RejectionReason } from '../sources/record.ts';
import type { EntityState, TaskProgress } from '../state/state-store.ts';
import { type EventTimeMs, type Offset, type Version, versionOf } from '../time.ts';
import { createWindows } from './create-windows.ts';
import { EntityTable } from './entity-table.ts';
import { GroupGate } from './group-gate.ts';
import type { JudgedRecord, RecordTaker } from './judged-record.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { RevisionBatch } from './revision.ts';
import type { ChunkLabel, MissedWindows, Windows } from './windows.ts';

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
  readonly #windows: Windows;
  readonly #gate: GroupGate;
  readonly #arrival = { eventTime: 0, offset: 0, version: 0, knownAt: 0 };

  #nextOffset: Offset = 0;
  #watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  #logTime: EventTimeMs = Number.NEGATIVE_INFINITY;

  /** Entities changed since the last {@link takeChanges}, each once; null when nobody asks for changes. */
  readonly #changed: number[] | null;
  #isChanged = new Uint8Array(1024);
  /** Keys of chunks that are no more. */
  #gone: Uint8Array[] = [];
  readonly #writer = new ByteWriter();

  constructor(
    group: FeatureGroup,
    partition: number,
    outputs: TaskOutputs,
    options: { trackChanges: boolean },
  ) {
    this.group = group;
    this.partition = partition;
    this.#outputs = outputs;
    this.#entities = new EntityTable(group);
    this.#kernel = createKernel(group, this.#dictionary);
    this.revisions = new RevisionBatch(group, {
      entityOf: (id) => this.#entities.valuesOf(id),
      textOf: (id) => this.#dictionary.textOf(id),
    });
    this.#changed = options.trackChanges ? [] : null;
    this.#gate = new GroupGate(group);
    this.#windows = createWindows(group, this.#kernel, this.revisions, {
      onEmpty: (entity) => this.#removeEntity(entity),
      onChunkGone: (entity, chunk) => {
        if (this.#changed !== null) this.#gone.push(this.#keyBytes(entity, chunk));
      },
    });
  }

  get entityCount(): number {
    return this.#entities.size;
  }

  /** Bytes of the entities' cells. */
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

  /** Moves the watermark and closes what it passes. To be told again what is part of the state changes nothing. */
  advance(watermark: EventTimeMs, version: Version, logTime: EventTimeMs): void {
    if (logTime > this.#logTime) this.#logTime = logTime;
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    if (watermark >= this.#windows.nextAdvance) this.#windows.advance(watermark, version, this.#logTime);
  }

  /** The revisions were read: their entities and texts need not be kept any longer. */
  drained(): void {
    this.revisions.clear();
    this.#entities.recycle();
    this.#dictionary.collect();
  }

  progress(counters: Readonly<Record<string, number>>): TaskProgress {
    return {
      fingerprint: this.group.fingerprint,
      nextOffset: this.#nextOffset,
      watermark: this.#watermark,
      logTime: this.#logTime,
      counters,
    };
  }

  /** What changed of the entities' states since the last call, in chunks, those that are no more first. */
  takeChanges(): EntityState[] {
    assert(this.#changed !== null, 'the task was made to track its changes');
    const changes: EntityState[] = this.#gone.map((key) => ({ key, state: null }));
    this.#gone = [];
    const writer = this.#writer;
    for (const entity of this.#changed) {
      if (this.#isChanged[entity] === 0) continue;
      this.#isChanged[entity] = 0;
      this.#windows.encodeChanges(entity, writer, (chunk) => {
        const state = writer.take();
        changes.push({ key: this.#keyBytes(entity, chunk), state });
      });
    }
    this.#changed.length = 0;
    return changes;
  }

  /** Continues where another task of the same group and partition stopped. To be called before any record. */
  restore(progress: TaskProgress, entities: Iterable<EntityState>): void {
    assert(progress.fingerprint === this.group.fingerprint, 'a state belongs to one definition');
    this.#nextOffset = progress.nextOffset;
    this.#watermark = progress.watermark;
    this.#logTime = progress.logTime;
    if (progress.watermark > Number.NEGATIVE_INFINITY) this.#windows.restoreWatermark(progress.watermark);
    for (const { key, state } of entities) {
      if (state === null) continue;
      this.#windows.decode(this.#entities.decode(new ByteReader(key)), new ByteReader(state));
    }
    for (const entity of [...this.#entities.ids()]) {
      if (!this.#windows.resume(entity)) this.#removeEntity(entity);
    }
    this.drained();
  }

  #take(record: JudgedRecord): void {
    const { log, row, eventTime, watermarkBefore } = record;
    const key = this.#entities.keyOf(row);
    const rejection = this.#gate.judge(record, key !== null);
    if (rejection !== null) {
      this.#reject(log, rejection);
      return;
    }
    this.counters.records++;

    let entity = this.#entities.idOf(key!);
    const lateness = this.#windows.judge(entity, eventTime);
    if (lateness !== 'in-time') {
      this.counters.late++;
      if (lateness === 'partly-late') this.counters.partlyLate++;
      if (lateness === 'dropped') {
        this.counters.dropped++;
        this.#outputs.dropped(this.#droppedRecord(log, eventTime, watermarkBefore), log);
        return;
      }
    }
    if (entity === undefined) entity = this.#entities.add(key!, row);
    this.#markChanged(entity);
    this.#kernel.read(row);
    const arrival = this.#arrival;
    arrival.eventTime = eventTime;
    arrival.offset = log.offset;
    arrival.version = versionOf(log.offset, this.group.source.epoch);
    arrival.knownAt = record.logTime;
    this.#windows.apply(entity, arrival);
  }

  #droppedRecord(log: LogRecord, eventTime: EventTimeMs, watermark: EventTimeMs): DroppedRecord {
    const { partition } = this;
    const { offset, timestamp } = log;
    return { partition, offset, timestamp, eventTime, watermark, ...this.#windows.missed(eventTime) };
  }

  #reject(log: LogRecord, rejection: Rejection): void {
    const { rejected } = this.counters;
    rejected.set(rejection.reason, (rejected.get(rejection.reason) ?? 0) + 1);
    this.#outputs.rejected(log, rejection);
  }

  #markChanged(entity: number): void {
    if (this.#changed === null) return;
    if (entity >= this.#isChanged.length) {
      const wider = new Uint8Array(Math.max(this.#isChanged.length * 2, entity + 1));
      wider.set(this.#isChanged);
      this.#isChanged = wider;
    }
    if (this.#isChanged[entity] === 1) return;
    this.#isChanged[entity] = 1;
    this.#changed.push(entity);
  }

  #removeEntity(entity: number): void {
    if (this.#changed !== null && entity < this.#isChanged.length) this.#isChanged[entity] = 0;
    this.#entities.remove(entity);
  }

  /** The entity, then the chunk's label. */
  #keyBytes(entity: number, chunk: ChunkLabel): Uint8Array {
    this.#entities.encode(entity, this.#writer);
    if (chunk !== null) this.#writer.signed(chunk);
    return this.#writer.take();
  }
}
