import { CALENDAR_FROM, CALENDAR_TO } from '../definitions/calendar.ts';
import type { FeatureGroup, Row } from '../definitions/definition.ts';
import { Rejection } from '../sources/record.ts';
import type { JudgedRecord } from './judged-record.ts';
import { keyMatches } from './key-check.ts';

/** What a group rejects of the records that its source accepted and its `where` let pass (semantics.md, "The log"). */
export class GroupGate {
  readonly #entity: readonly string[];
  /** The key field to compare with the record key; null when it is not checked. */
  readonly #checkedKey: string | null;
  readonly #usesCalendar: boolean;

  constructor({ entity, source, usesCalendar }: FeatureGroup) {
    this.#entity = entity;
    this.#checkedKey = source.checkKey ? source.key : null;
    this.#usesCalendar = usesCalendar;
  }

  /** The first reason that applies; null when the group takes the record. */
  judge({ log, row, eventTime }: Pick<JudgedRecord, 'log' | 'row' | 'eventTime'>): Rejection | null {
    for (const field of this.#entity) {
      if (row[field] === null) return new Rejection('null_entity', `field ${field} is null`);
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
