import type { Scalar } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import type { OnlineRow, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';

/** What an online store must hold of one entity, told as plainly as possible. */
export class EntityModel {
  /** By window_end. */
  rows = new Map<number, OnlineRow>();
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
  get windows(): OnlineRow[] {
    return [...this.rows.values()].sort((a, b) => a.windowEnd - b.windowEnd);
  }

  get latest(): OnlineRow | null {
    return this.windows.at(-1) ?? null;
  }
}

/** Vectors are lists here. */
function asRead({ windowEnd, version, knownAt, values }: Upsert): OnlineRow {
  const read = values.map((value) =>
    value instanceof VectorJson ? (JSON.parse(value.json) as Scalar[]) : value,
  );
  return { windowEnd, version, knownAt, values: read };
}

function newestPerWindow(upserts: readonly Upsert[]): Upsert[] {
  const newest = new Map<number, Upsert>();
  for (const upsert of upserts) {
    const other = newest.get(upsert.windowEnd);
    if (other === undefined || upsert.version >= other.version) newest.set(upsert.windowEnd, upsert);
  }
  return [...newest.values()].sort((a, b) => a.windowEnd - b.windowEnd);
}
