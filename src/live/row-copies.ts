import { setImmediate as nextTurn } from 'node:timers/promises';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { type StoredValue, VectorJson, vectorOf, vectorText } from '../definitions/value.ts';
import { groupByEntity } from '../sinks/entity-upserts.ts';
import { jsonRow, parseBytes, quote } from '../sinks/json-row.ts';
import type { Upsert } from '../sinks/sink.ts';
import { taskText } from '../state/memory-state-store.ts';
import {
  ALL_KEYS,
  type EntityState,
  ORDERED_KEY_BYTES,
  type StateStore,
  type TaskChanges,
  type TaskId,
} from '../state/state-store.ts';
import type { EventTimeMs } from '../time.ts';
import type { SentRows, Step } from './durability.ts';

/**
 * Copies of the rows that an online store holds, by entity, with the state: a store that has lost its data is filled
 * again from them. An entity's copy is its latest row and every row that can still be revised, one line each:
 * window_end, leave (or `-`) and the row as the stores have it, in order of window_end. A row that was deleted has
 * `deleted` in place of leave: its version must keep away what a former owner may still send of it.
 */

/** Entities between two turns of the event loop. */
const ENTITIES_PER_TURN = 256;
/** With each step so many copies, and as many as it changes, are looked at for being older than the group's ttl. */
const LEAST_LOOKED_AT = 16;

const ZERO = Buffer.from([0]);
const DELETED = 'deleted';

/** Keeps the copies in step with what is sent. */
export class RowCopies {
  readonly #state: StateStore;
  /** The last copy of each task that was looked at for its age, by task. */
  readonly #lookedAt = new Map<string, Uint8Array>();

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** The step's changes, with those of the copies. */
  async complete({ changes, sent }: Step): Promise<readonly TaskChanges[]> {
    const all: TaskChanges[] = [];
    for (const change of changes) {
      const rows = sent.filter(({ task }) => task === change.task);
      const copies: EntityState[] = [];
      for (const each of rows) copies.push(...(await this.#changed(each)), ...this.#expired(each, change));
      all.push({ ...change, entities: [...change.entities], rows: copies });
    }
    return all;
  }

  async #changed({ task, group, rows }: SentRows): Promise<EntityState[]> {
    const changes: EntityState[] = [];
    const entities = groupByEntity(rows);
    for (let from = 0; from < entities.length; from += ENTITIES_PER_TURN) {
      if (from > 0) await nextTurn();
      const some = entities.slice(from, from + ENTITIES_PER_TURN);
      const keys = some.map(({ rows }) => copyKey(rows[0]!.entity));
      for (const [index, stored] of this.#state.rowsAt(task, keys).entries()) {
        const { rows: upserts, watermark } = some[index]!;
        const lines = stored === null ? [] : textOf(stored).split('\n');
        for (const row of upserts) putLine(lines, row);
        leaveServed(lines, watermark - group.allowedLatenessMs);
        changes.push({ key: keys[index]!, state: lines.length === 0 ? null : Buffer.from(lines.join('\n')) });
      }
    }
    return changes;
  }

  /** Copies of what the store itself has forgotten meanwhile; a few at a time, round and round. */
  #expired({ task, group, rows }: SentRows, { progress }: TaskChanges): EntityState[] {
    if (group.ttlMs === null || progress === null) return [];
    const changed = new Set(rows.map(({ entity }) => Buffer.from(copyKey(entity)).toString('latin1')));
    const name = taskText(task);
    const after = this.#lookedAt.get(name);
    const range = after === undefined ? ALL_KEYS : { from: Buffer.concat([after, ZERO]), to: null };
    const expired: EntityState[] = [];
    let left = LEAST_LOOKED_AT + changed.size;
    for (const { key, state } of this.#state.rows(task, range)) {
      const isOld = lastKnownAt(state!) + group.ttlMs <= progress.logTime;
      if (isOld && !changed.has(Buffer.from(key).toString('latin1'))) expired.push({ key, state: null });
      this.#lookedAt.set(name, Uint8Array.from(key));
      if (--left === 0) return expired;
    }
    this.#lookedAt.delete(name);
    return expired;
  }
}

/** The rows of every copy of a task, entity by entity, in batches. */
export function* copiedRows(
  state: StateStore,
  task: TaskId,
  group: FeatureGroup,
): Generator<readonly Upsert[]> {
  const watermark = state.progress(task)?.watermark ?? Number.NEGATIVE_INFINITY;
  // Each page is a scan of its own: whoever takes them may wait in between, and steps may be committed.
  for (let from: Uint8Array = ALL_KEYS.from; ; ) {
    const page: Upsert[] = [];
    let entities = 0;
    let last: Uint8Array | null = null;
    for (const { key, state: stored } of state.rows(task, { from, to: null })) {
      const entity = parseEntity(group, key);
      for (const line of textOf(stored!).split('\n')) page.push(parseLine(group, entity, line, watermark));
      last = key;
      if (++entities >= ENTITIES_PER_TURN && key.length <= ORDERED_KEY_BYTES) break;
    }
    if (last === null) return;
    yield page;
    from = Buffer.concat([last, ZERO]);
  }
}

/** JSON of the entity: no key begins with another. */
function copyKey(entity: readonly Scalar[]): Uint8Array {
  const parts = entity.map((part) =>
    typeof part === 'string' || part instanceof Uint8Array ? quote(part) : String(part),
  );
  return Buffer.from(`[${parts.join(',')}]`);
}

function parseEntity(group: FeatureGroup, key: Uint8Array): readonly Scalar[] {
  const parts = JSON.parse(Buffer.from(key).toString()) as Scalar[];
  return parts.map((part, index) => {
    const { kind } = group.source.fields.get(group.entity[index]!)!;
    return kind === 'bytes' ? parseBytes(part as string) : part;
  });
}

/** Puts the row in its place among the lines, which are in order of window_end. */
function putLine(lines: string[], row: Upsert): void {
  let at = lines.length;
  while (at > 0 && windowEndOf(lines[at - 1]!) > row.windowEnd) at--;
  const isThere = at > 0 && windowEndOf(lines[at - 1]!) === row.windowEnd;
  const leave = row.deleted === true ? DELETED : (row.leave ?? '-');
  lines.splice(isThere ? at - 1 : at, isThere ? 1 : 0, `${row.windowEnd} ${leave} ${jsonRow(row)}`);
}

/** Leaves the latest row, and those beyond `final`. */
function leaveServed(lines: string[], final: EventTimeMs): void {
  const beyond = lines.findIndex((line) => windowEndOf(line) > final);
  const finals = lines.splice(0, beyond === -1 ? lines.length : beyond);
  if (lines.some((line) => !isDeleted(line))) return;
  const latest = finals.findLast((line) => !isDeleted(line));
  if (latest !== undefined) lines.unshift(latest);
}

function isDeleted(line: string): boolean {
  return line.split(' ', 2)[1] === DELETED;
}

function windowEndOf(line: string): EventTimeMs {
  return Number(line.slice(0, line.indexOf(' ')));
}

/** When the newest of the rows was known. */
function lastKnownAt(stored: Uint8Array): EventTimeMs {
  return Math.max(
    ...textOf(stored)
      .split('\n')
      .map((line) => (JSON.parse(line.slice(line.indexOf('['))) as number[])[1]!),
  );
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function parseLine(
  group: FeatureGroup,
  entity: readonly Scalar[],
  line: string,
  watermark: EventTimeMs,
): Upsert {
  const [windowEnd, leave] = line.split(' ', 2) as [string, string];
  const cells = JSON.parse(line.slice(windowEnd.length + leave.length + 2)) as unknown[];
  const [version, knownAt, ...values] = cells as [number, number, ...unknown[]];
  return {
    entity,
    windowEnd: Number(windowEnd),
    version,
    knownAt,
    ...(leave === DELETED ? { deleted: true } : {}),
    leave: leave === DELETED || leave === '-' ? null : Number(leave),
    values: group.features.map(({ valueType }, index) => storedValue(valueType, values[index])),
    watermark,
  };
}

function storedValue(type: FeatureGroup['features'][number]['valueType'], cell: unknown): StoredValue {
  if (cell === null) return null;
  if (isVector(type)) return new VectorJson(vectorText(vectorOf(cell, type)));
  return type === 'bytes' ? parseBytes(cell as string) : (cell as Scalar);
}
