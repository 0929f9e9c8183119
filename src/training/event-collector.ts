import { DOUBLE, type DuckDBType, type DuckDBValue, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { FeatureGroup, FieldKind, Row, Scalar } from '../definitions/definition.ts';
import { GroupGate } from '../operators/group-gate.ts';
import type { JudgedRecord, RecordTaker } from '../operators/judged-record.ts';
import { isTextField, TEXT_MARK } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs, Offset } from '../time.ts';
import type { EntityNumbers } from './entity-numbers.ts';
import { RowAppender } from './row-appender.ts';

/** One event of an entity of the spine, with the fields that the group's features read. */
export interface CollectedEvent {
  readonly entity: number;
  readonly eventTime: EventTimeMs;
  readonly offset: Offset;
  readonly row: Row;
}

/** The table `events_INDEX` of a group: what the group takes of the log, for the entities of the spine. */
export class EventTable {
  readonly #fields: readonly (readonly [name: string, kind: FieldKind])[];
  readonly #table: string;
  #rows: RowAppender | null = null;

  constructor(group: FeatureGroup, index: number) {
    const read = new Set<string>();
    for (const { aggregations } of group.features) {
      for (const { input, other, where } of aggregations) {
        for (const expression of [input, other, where]) {
          for (const field of expression?.fields ?? []) read.add(field);
        }
      }
    }
    this.#fields = [...read].map((name) => [name, group.source.fields.get(name)!.kind] as const);
    this.#table = `events_${index}`;
  }

  async create(database: ScratchDatabase): Promise<void> {
    const types = this.#fields.map(([, kind]) => storageType(kind));
    const columns = types.map((type, field) => `, x${field} ${type}`).join('');
    await database.run(
      `CREATE TABLE ${this.#table} (entity INTEGER, event_time DOUBLE, log_offset DOUBLE${columns})`,
    );
    this.#rows = await RowAppender.open(database, this.#table, [INTEGER, DOUBLE, DOUBLE, ...types]);
  }

  add({ entity, eventTime, offset, row }: CollectedEvent): void {
    const fields = this.#fields.map(([name]) => stored(row[name]!));
    this.#rows!.append([entity, eventTime, offset, ...fields]);
  }

  close(): void {
    this.#rows!.close();
  }

  /** The events by entity, event time and offset, some at a time. */
  async *read(database: ScratchDatabase): AsyncGenerator<CollectedEvent[]> {
    const fields = this.#fields.map((_, field) => `, x${field}`).join('');
    const batches = database.batches(
      `SELECT entity, event_time, log_offset${fields} FROM ${this.#table} ORDER BY entity, event_time, log_offset`,
    );
    for await (const rows of batches) yield rows.map((row) => this.#eventOf(row));
  }

  #eventOf([entity, eventTime, offset, ...values]: DuckDBValue[]): CollectedEvent {
    const row: Record<string, Scalar | null> = {};
    for (const [field, [name, kind]] of this.#fields.entries()) {
      row[name] = restored(values[field] as number | string | null, kind);
    }
    return { entity: entity as number, eventTime: eventTime as number, offset: offset as number, row };
  }
}

/** Takes one partition's records in the place of a task, and keeps those that the group would take. */
export class EventCollector implements RecordTaker {
  readonly #group: FeatureGroup;
  readonly #gate: GroupGate;
  readonly #entities: EntityNumbers;
  readonly #events: EventTable;
  #nextOffset: Offset = 0;

  constructor(group: FeatureGroup, entities: EntityNumbers, events: EventTable) {
    this.#group = group;
    this.#gate = new GroupGate(group);
    this.#entities = entities;
    this.#events = events;
  }

  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  process(record: JudgedRecord): void {
    const { log, row, eventTime } = record;
    this.#nextOffset = log.offset + 1;
    if (!this.#gate.accepts(row)) return;
    const key = this.#group.entity.map((name) => row[name] ?? null);
    const isWhole = key.every((value): value is Scalar => value !== null);
    if (this.#gate.judge(record, isWhole) !== null || !isWhole) return;
    const entity = this.#entities.numberOf(key);
    if (entity !== undefined) this.#events.add({ entity, eventTime, offset: log.offset, row });
  }

  skip(offset: Offset): void {
    this.#nextOffset = offset + 1;
  }

  /** What the whole log says of a range does not depend on when it closed. */
  advance(): void {}

  readonly isClosing = false;
  close(): void {}
}

function storageType(kind: FieldKind): DuckDBType {
  return isTextField(kind) ? VARCHAR : DOUBLE;
}

/** Of bytes only whether they are there: that is all that a lambda can ask. */
function stored(value: Scalar | null): DuckDBValue {
  // A byte order mark in front of a text would be dropped when it is read: a mark of our own stands before it.
  if (typeof value === 'string') return TEXT_MARK + value;
  if (value === null || typeof value === 'number') return value;
  return typeof value === 'boolean' ? Number(value) : 1;
}

function restored(value: number | string | null, kind: FieldKind): Scalar | null {
  if (value === null || typeof value === 'string')
    return value === null ? null : value.slice(TEXT_MARK.length);
  if (kind === 'boolean') return value !== 0;
  return kind === 'bytes' ? new Uint8Array() : value;
}
