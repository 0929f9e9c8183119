import fc from 'fast-check';
import type { FeatureGroup, FeatureType, Grid, Scalar } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import type { LatestRow, OnlineRow, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';

const MINUTE = 60_000;
const T = 1_700_000_000_000;

export const HISTORIES: readonly (readonly [name: string, grid: Grid])[] = [
  ['windows', { kind: 'fixed', stepMs: MINUTE, offsetMs: 0 }],
  ['sessions', { kind: 'session', gapMs: MINUTE, maxDurationMs: null }],
];
export const HISTORY_ENTITIES: readonly (readonly Scalar[])[] = [['c1'], ['c2']];
export const HISTORY_FEATURES: Readonly<Record<string, FeatureType>> = {
  count: 'integer',
  rate: 'number',
  tags: { kind: 'list', of: 'string' },
};

/** Writes in any order, of rows again and again; only sessions are deleted. */
export function writesArbitrary(grid: Grid): fc.Arbitrary<Upsert[][]> {
  const upsert = fc
    .record({
      entity: fc.constantFrom(...HISTORY_ENTITIES),
      windowEnd: fc.integer({ min: -3, max: 9 }).map((n) => T + n * MINUTE),
      version: fc.integer({ min: 1, max: 12 }),
      isDeleted: grid.kind === 'session' ? fc.constantFrom(true, false, false) : fc.constant(false),
      watermark: fc.oneof(
        fc.constant(-Infinity),
        fc.integer({ min: -4, max: 14 }).map((n) => T + n * MINUTE - 1 + (n % 2)),
      ),
    })
    .map(({ isDeleted, ...row }): Upsert => {
      const { version } = row;
      const knownAt = T + version;
      if (isDeleted) return { ...row, knownAt, leave: null, deleted: true, values: [null, null, null] };
      // As in a log: the values of a row are a function of its version.
      const tags = Array.from({ length: version % 4 }, (_, n) => `"${n}],`);
      const values = [version, version % 3 === 0 ? null : 0.1, new VectorJson(JSON.stringify(tags))];
      const leave = grid.kind === 'session' || version % 5 === 0 ? null : T + version * MINUTE;
      return { ...row, knownAt, leave, values };
    });
  return fc.array(fc.array(upsert, { minLength: 1, maxLength: 8 }), { maxLength: 12 });
}

/** What an online store must hold of a group, told as plainly as possible. Times are milliseconds of any clock. */
export class StoreModel {
  readonly #group: FeatureGroup;
  readonly #entities = new Map<string, { readonly model: EntityModel; expiresAt: number }>();

  constructor(group: FeatureGroup) {
    this.#group = group;
  }

  write(upserts: readonly Upsert[], now: number): UpsertCounts {
    const sum = { accepted: 0, equal: 0, stale: 0 };
    const { allowedLatenessMs, ttlMs } = this.#group;
    for (const [name, own] of Map.groupBy(upserts, ({ entity }) => String(entity))) {
      const model = this.#modelOf(name, now);
      const counts = model.write(own, allowedLatenessMs);
      const expiresAt = this.#entities.get(name)?.expiresAt ?? Infinity;
      const isRenewed = counts.accepted > 0 && ttlMs !== null;
      this.#entities.set(name, { model, expiresAt: isRenewed ? now + ttlMs : expiresAt });
      sum.accepted += counts.accepted;
      sum.equal += counts.equal;
      sum.stale += counts.stale;
    }
    return sum;
  }

  windows(entity: readonly Scalar[], now: number): OnlineRow[] {
    return this.#modelOf(String(entity), now).windows.map(({ leave: _, ...row }) => row);
  }

  latest(entity: readonly Scalar[], now: number): LatestRow | null {
    return this.#modelOf(String(entity), now).windows.at(-1) ?? null;
  }

  /** A new one when nothing is known of the entity, or nothing any more. */
  #modelOf(name: string, now: number): EntityModel {
    const found = this.#entities.get(name);
    return found !== undefined && now < found.expiresAt ? found.model : new EntityModel();
  }
}

class EntityModel {
  /** By window_end. */
  rows = new Map<number, LatestRow>();
  /** Versions of deleted rows by window_end, until they are final. */
  deleted = new Map<number, number>();
  /** The newest final window_end that was seen; of what is not stored up to it nothing is taken in. */
  floor = -Infinity;

  write(upserts: readonly Upsert[], allowedLatenessMs: number): UpsertCounts {
    const counts = { accepted: 0, equal: 0, stale: 0 };
    let added = false;
    for (const upsert of newestPerWindow(upserts)) {
      const { windowEnd, version } = upsert;
      const stored = this.rows.get(windowEnd)?.version ?? this.deleted.get(windowEnd);
      if (stored === undefined && windowEnd <= this.floor) counts.stale++;
      else if (stored !== undefined && version < stored) counts.stale++;
      else if (stored !== undefined && version === stored) counts.equal++;
      else {
        counts.accepted++;
        added ||= stored === undefined;
        this.rows.delete(windowEnd);
        this.deleted.delete(windowEnd);
        if (upsert.deleted !== true) this.rows.set(windowEnd, asRead(upsert));
        else if (windowEnd > this.floor) this.deleted.set(windowEnd, version);
      }
    }
    const watermark = Math.max(...upserts.map((upsert) => upsert.watermark));
    if (added) this.#dropFinal(watermark - allowedLatenessMs);
    return counts;
  }

  /** Of the rows up to `horizon` the newest stays, of the deleted ones none. */
  #dropFinal(horizon: number): void {
    const isFinal = (windowEnd: number) => windowEnd <= horizon;
    const finalRows = [...this.rows.keys()].filter(isFinal);
    const finalDeleted = [...this.deleted.keys()].filter(isFinal);
    this.floor = Math.max(this.floor, ...finalRows, ...finalDeleted);
    for (const windowEnd of finalRows) {
      if (windowEnd < Math.max(...finalRows)) this.rows.delete(windowEnd);
    }
    for (const windowEnd of finalDeleted) this.deleted.delete(windowEnd);
  }

  /** By window_end. */
  get windows(): LatestRow[] {
    return [...this.rows.values()].sort((a, b) => a.windowEnd - b.windowEnd);
  }
}

/** Vectors are lists here. */
function asRead({ windowEnd, version, knownAt, leave, values }: Upsert): LatestRow {
  const read = values.map((value) =>
    value instanceof VectorJson ? (JSON.parse(value.json) as Scalar[]) : value,
  );
  return { windowEnd, version, knownAt, leave, values: read };
}

function newestPerWindow(upserts: readonly Upsert[]): Upsert[] {
  const newest = new Map<number, Upsert>();
  for (const upsert of upserts) {
    const other = newest.get(upsert.windowEnd);
    if (other === undefined || upsert.version >= other.version) newest.set(upsert.windowEnd, upsert);
  }
  return [...newest.values()].sort((a, b) => a.windowEnd - b.windowEnd);
}
