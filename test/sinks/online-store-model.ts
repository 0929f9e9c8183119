import type { Scalar } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import type { OnlineRow, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';

/** What an online store must hold of one entity, told as plainly as possible. */
export class EntityModel {
  rows: OnlineRow[] = [];
  /** The newest final row that was seen; what lay below it is gone. */
  floor = -Infinity;

  write(upserts: readonly Upsert[], allowedLatenessMs: number): UpsertCounts {
    const counts = { accepted: 0, equal: 0, stale: 0 };
    let added = false;
    for (const upsert of newestPerWindow(upserts)) {
      const stored = this.rows.find((row) => row.windowEnd === upsert.windowEnd);
      if (stored === undefined && upsert.windowEnd < this.floor) counts.stale++;
      else if (stored !== undefined && upsert.version < stored.version) counts.stale++;
      else if (stored !== undefined && upsert.version === stored.version) counts.equal++;
      else {
        counts.accepted++;
        added ||= stored === undefined;
        this.rows = this.rows.filter((row) => row !== stored).concat(asRead(upsert));
      }
    }
    this.rows.sort((a, b) => a.windowEnd - b.windowEnd);
    const watermark = Math.max(...upserts.map((upsert) => upsert.watermark));
    const final = this.rows.filter((row) => row.windowEnd + allowedLatenessMs <= watermark);
    if (added && final.length > 0) {
      this.floor = final.at(-1)!.windowEnd;
      this.rows = this.rows.filter((row) => row.windowEnd >= this.floor);
    }
    return counts;
  }

  get latest(): OnlineRow | null {
    return this.rows.at(-1) ?? null;
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
