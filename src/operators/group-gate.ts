import { CALENDAR_FROM, CALENDAR_TO } from '../definitions/calendar.ts';
import type { FeatureGroup, Row } from '../definitions/definition.ts';
import { createRuntime } from '../definitions/expression-runtime.ts';
import { Rejection } from '../sources/record.ts';
import type { JudgedRecord } from './judged-record.ts';
import { keyMatches } from './key-check.ts';

/** Which of the records that its source accepted a group takes (semantics.md, "The log"). */
export class GroupGate {
  /** The group's own `where`: records for which this is not true are passed over. */
  readonly accepts: (row: Row) => boolean;
  readonly #runtime = createRuntime();
  readonly #entity: readonly string[];
  /** The key field to compare with the record key; null when it is not checked. */
  readonly #checkedKey: string | null;
  readonly #usesCalendar: boolean;

  constructor({ where, entity, source, usesCalendar }: FeatureGroup) {
    const code = where === null ? 'true' : `${where.code} === true`;
    this.accepts = new Function('runtime', `return (record) => ${code};`)(this.#runtime);
    this.#entity = entity;
    this.#checkedKey = source.checkKey ? source.key : null;
    this.#usesCalendar = usesCalendar;
  }

  /** How many steps of `where` became null because they were out of range. */
  get overflows(): number {
    return this.#runtime.overflows;
  }

  /**
   * Why the group rejects a record that `where` let pass, the first reason that applies; null when it takes it.
   * `hasEntity`: no field of the entity is null.
   */
  judge({ log, row, eventTime }: JudgedRecord, hasEntity: boolean): Rejection | null {
    if (!hasEntity) {
      const field = this.#entity.find((name) => row[name] === null);
      return new Rejection('null_entity', `field ${field} is null`);
    }
    if (this.#checkedKey !== null && !keyMatches(log.key, row[this.#checkedKey]!)) {
      return new Rejection('key_mismatch', keyMismatch(log.key, this.#checkedKey, row));
    }
    if (this.#usesCalendar && (eventTime < CALENDAR_FROM || eventTime >= CALENDAR_TO)) {
      return new Rejection('event_time_range', `event time ${eventTime} is not of 1970 to 2099`);
    }
    return null;
  }
}

function keyMismatch(key: Uint8Array | null, field: string, row: Row): string {
  const found = key === null ? 'null' : JSON.stringify(Buffer.from(key).toString('utf8'));
  return `record key ${found}, field ${field} ${JSON.stringify(row[field])}`;
}
