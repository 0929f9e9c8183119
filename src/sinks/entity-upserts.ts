import type { EventTimeMs } from '../time.ts';
import { entityText } from './entity-text.ts';
import type { Upsert } from './sink.ts';

/** What one write holds for one entity: the unit that an online store takes atomically. */
export interface EntityUpserts {
  /** {@link entityText} of the entity. */
  readonly text: string;
  /** Ascending by windowEnd, one per windowEnd: of several revisions of a row only the newest is sent. */
  readonly rows: Upsert[];
  /** The highest watermark among the rows, those left out included. */
  watermark: EventTimeMs;
}

/** Sorts the rows of a write into entities, in the order in which these first appear. */
export function groupByEntity(rows: readonly Upsert[]): EntityUpserts[] {
  const byText = new Map<string, EntityUpserts>();
  const all: EntityUpserts[] = [];
  for (const row of rows) {
    const text = entityText(row.entity);
    const entity = byText.get(text);
    if (entity === undefined) {
      const fresh = { text, rows: [row], watermark: row.watermark };
      byText.set(text, fresh);
      all.push(fresh);
      continue;
    }
    if (row.watermark > entity.watermark) entity.watermark = row.watermark;
    insert(entity.rows, row);
  }
  return all;
}

/** Rows come nearly sorted, so the place is looked for from the end. */
function insert(rows: Upsert[], row: Upsert): void {
  let at = rows.length;
  while (at > 0 && rows[at - 1]!.windowEnd > row.windowEnd) at--;
  const before = rows[at - 1];
  if (before === undefined || before.windowEnd !== row.windowEnd) rows.splice(at, 0, row);
  else if (row.version >= before.version) rows[at - 1] = row;
}
