import type { FeatureGroup } from '../definitions/definition.ts';
import type { StoredValue } from '../definitions/value.ts';
import type { EventTimeMs, Version } from '../time.ts';

/** A revision as {@link LatestRows} takes it; those of an entity come in the order in which they were made. */
export interface SeenRevision {
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  readonly deleted: boolean;
  readonly values: readonly StoredValue[];
}

/**
 * What the online store answers of each entity after the revisions so far: of all of them the last one of the greatest
 * window_end that is not deleted (semantics.md, "Offline store", S).
 */
export class LatestRows {
  /** For each entity its rows by window_end; only the last one, where none can be the latest again. */
  readonly #rows: SeenRevision[][] = [];
  /** When the entity was last written. */
  readonly #lastWrite: EventTimeMs[] = [];
  /** An older row may be the latest again, because newer ones are deleted or expire. */
  readonly #canFallBack: boolean;

  constructor(group: FeatureGroup) {
    this.#canFallBack = group.grid.kind === 'session' || group.ttlMs !== null;
  }

  /** `finalUpTo`: no row whose window_end is at most this will be revised or deleted any more. */
  add(entity: number, revision: SeenRevision, finalUpTo: EventTimeMs): void {
    this.#lastWrite[entity] = revision.knownAt;
    const rows = this.#rows[entity] ?? [];
    this.#rows[entity] = rows;
    let place = rows.length;
    while (place > 0 && rows[place - 1]!.windowEnd > revision.windowEnd) place--;
    const isThere = place > 0 && rows[place - 1]!.windowEnd === revision.windowEnd;
    if (revision.deleted) {
      if (isThere) rows.splice(place - 1, 1);
    } else if (isThere) rows[place - 1] = revision;
    else rows.splice(place, 0, revision);
    this.#forget(rows, finalUpTo);
  }

  /** Null when the entity has no row. */
  latest(entity: number): SeenRevision | null {
    return this.#rows[entity]?.at(-1) ?? null;
  }

  /** The row of this window, if it is the latest or can still become it; else null. */
  row(entity: number, windowEnd: EventTimeMs): SeenRevision | null {
    return this.#rows[entity]?.findLast((row) => row.windowEnd === windowEnd) ?? null;
  }

  /** When any row of the entity was last written; −Infinity for never. */
  lastWrite(entity: number): EventTimeMs {
    return this.#lastWrite[entity] ?? Number.NEGATIVE_INFINITY;
  }

  /** Drops the rows that can never be the latest again. */
  #forget(rows: SeenRevision[], finalUpTo: EventTimeMs): void {
    let needed = rows.length - 1;
    if (this.#canFallBack) while (needed > 0 && rows[needed]!.windowEnd > finalUpTo) needed--;
    if (needed > 0) rows.splice(0, needed);
  }
}

/** What the store has of an entity: its latest row, nothing yet, or nothing any more (`ttl`). */
export type Outcome = 'answered' | 'withoutRow' | 'expired';

/** What the online store answers when everything known at a time is in it. */
export function outcomeOf(
  group: FeatureGroup,
  latest: LatestRows,
  entity: number,
  known: EventTimeMs,
): Outcome {
  if (latest.latest(entity) === null) return 'withoutRow';
  return group.ttlMs !== null && known >= latest.lastWrite(entity) + group.ttlMs ? 'expired' : 'answered';
}
