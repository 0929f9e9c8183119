import {
  DEFAULT_MAX_ENTITY_STATE,
  type FeatureGroup,
  type FeatureType,
  type FieldKind,
  type Scalar,
  type Value,
} from '../../src/definitions/definition.ts';
import { isVectorValue, vectorText } from '../../src/definitions/value.ts';
import { RevisionBatch, TIMINGS } from '../../src/operators/revision.ts';
import type { OfflineRows } from '../../src/sinks/offline-store.ts';
import { aFeature } from './a-group.ts';

/** One revision as the tests think of it; `timing` is an index of TIMINGS. */
export interface PlainRevision {
  readonly entity: readonly Scalar[];
  readonly windowEnd: number;
  readonly version: number;
  readonly knownAt: number;
  readonly timing: number;
  readonly deleted: boolean;
  readonly values: readonly (Value | null)[];
}

/** A group of which only what the offline store looks at is filled with sense. */
export function groupOf(
  entity: Readonly<Record<string, FieldKind>>,
  features: Readonly<Record<string, FeatureType>>,
  name = 'card_risk',
): FeatureGroup {
  const fields = new Map(
    Object.entries(entity).map(([field, kind]) => [field, { kind, nullable: false, symbols: [] }] as const),
  );
  return {
    kind: 'featureGroup',
    name,
    version: 1,
    source: {
      kind: 'source',
      name: 'transactions',
      topic: 'transactions',
      key: null,
      fields,
      format: 'json',
      writerSchemaFile: null,
      eventTime: { field: 'event_ts', zone: null },
      maxOutOfOrdernessMs: 0,
      maxAheadMs: null,
      idleTimeoutMs: null,
      onNullEventTime: 'reject',
      epoch: 0,
      checkKey: false,
    },
    entity: [...fields.keys()],
    grid: { kind: 'fixed', stepMs: 60_000, offsetMs: 0 },
    usesCalendar: false,
    allowedLatenessMs: 0,
    emit: 'change',
    maxEntityState: DEFAULT_MAX_ENTITY_STATE,
    ttlMs: null,
    where: null,
    features: Object.entries(features).map(([feature, valueType]) => aFeature(feature, valueType)),
    fingerprint: '00',
  };
}

/**
 * A task's batch: entities and texts are numbers that hold until the batch is filled anew, and that stand for
 * others then.
 */
export class TaskBatch {
  readonly batch: RevisionBatch;
  #entities: (readonly Scalar[])[] = [];
  #texts: string[] = [];
  readonly #early = new Set<string>();

  constructor(group: FeatureGroup) {
    this.batch = new RevisionBatch(group, {
      entityOf: (id) => this.#entities[id]!,
      textOf: (id) => this.#texts[id]!,
    });
  }

  fill(revisions: readonly PlainRevision[]): RevisionBatch {
    const { batch } = this;
    batch.clear();
    this.#texts = [];
    // Reversed, so that numbers of one fill are those of other entities in the next.
    this.#entities = [...new Map(revisions.map(({ entity }) => [keyOf(entity), entity])).values()].reverse();
    for (const revision of revisions) {
      const row = batch.push();
      const rowKey = `${keyOf(revision.entity)} ${revision.windowEnd}`;
      batch.entity[row] = this.#entities.findIndex((entity) => keyOf(entity) === keyOf(revision.entity));
      batch.windowEnd[row] = revision.windowEnd;
      batch.version[row] = revision.version;
      batch.knownAt[row] = revision.knownAt;
      batch.timing[row] = revision.timing;
      batch.replaces[row] = this.#early.has(rowKey) ? 1 : 0;
      batch.deleted[row] = revision.deleted ? 1 : 0;
      if (revision.deleted) this.#early.delete(rowKey);
      else if (revision.timing === 0) this.#early.add(rowKey);
      for (const [feature, value] of revision.values.entries()) {
        batch.values[row * batch.width + feature] = this.#cell(value);
      }
    }
    return batch;
  }

  #cell(value: Value | null): number {
    if (value === null) return Number.NaN;
    if (isVectorValue(value)) return this.#texts.push(vectorText(value)) - 1;
    return typeof value === 'string' ? this.#texts.push(value) - 1 : Number(value);
  }
}

export function keyOf(entity: readonly Scalar[]): string {
  return JSON.stringify(entity);
}

/** What semantics.md says the files hold, the slow way. */
export function expectedRows(revisions: readonly PlainRevision[], rows: OfflineRows): PlainRevision[] {
  const kept = revisions.filter((one) => {
    if (rows === 'all') return true;
    if (rows === 'revisions') return one.timing > 0;
    return !revisions.some((other) => sameRow(one, other) && compareRevision(other, one) > 0);
  });
  return kept.sort(
    (a, b) => compareEntity(a.entity, b.entity) || a.windowEnd - b.windowEnd || compareRevision(a, b),
  );
}

function sameRow(a: PlainRevision, b: PlainRevision): boolean {
  return a.windowEnd === b.windowEnd && keyOf(a.entity) === keyOf(b.entity);
}

function compareRevision(a: PlainRevision, b: PlainRevision): number {
  return a.version - b.version || a.timing - b.timing;
}

function compareEntity(a: readonly Scalar[], b: readonly Scalar[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]!;
    const order =
      typeof left === 'string'
        ? Buffer.compare(Buffer.from(left), Buffer.from(right as string))
        : Number(left) - Number(right);
    if (order !== 0) return order;
  }
  return 0;
}

/** A row as the readers of the tests give it: entity, window_end, version, known_at, timing, deleted, features. */
export function plainRow(revision: PlainRevision): (Value | null)[] {
  const { entity, windowEnd, version, knownAt, timing, deleted, values } = revision;
  return [...entity, windowEnd, version, knownAt, TIMINGS[timing]!, deleted, ...values];
}

/** The same as JSON holds it: maps are objects. */
export function jsonRow(revision: PlainRevision): unknown[] {
  return plainRow(revision).map((value) =>
    value !== null && isVectorValue(value) ? JSON.parse(vectorText(value)) : value,
  );
}
