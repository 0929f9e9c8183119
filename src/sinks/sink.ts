import type { FeatureGroup, Scalar, Value } from '../definitions/definition.ts';
import type { StoredValue } from '../definitions/value.ts';
import { TidemarkError } from '../errors.ts';
import type { EventTimeMs, Offset, Version } from '../time.ts';

/** The contract of this folder: where revisions go. */

/** One row for the online store, keyed by (entity, windowEnd, version). */
export interface Upsert {
  readonly entity: readonly Scalar[];
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  /** The row is no more: no reader sees it any longer. Its version counts as that of any other row. */
  readonly deleted?: true;
  /** The grid time at which the first of what the row holds leaves its range; null when nothing does. */
  readonly leave: EventTimeMs | null;
  /** One per feature of the group, in its order. */
  readonly values: readonly StoredValue[];
  /** The row is final when this is ≥ its window_end + allowed lateness: rows before it can be revised no more. */
  readonly watermark: EventTimeMs;
}

/** What the store said of each row sent (semantics.md, "Online store"). */
export interface UpsertCounts {
  accepted: number;
  /** Same version as stored: nothing changed. */
  equal: number;
  /** Older than what is stored, or than every row still kept. */
  stale: number;
}

export interface OnlineRow {
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  readonly values: readonly (Value | null)[];
}

/** The row that is served. */
export interface LatestRow extends OnlineRow {
  /** {@link Upsert.leave}: from then on the values may be due to fall, though no event has come to say so. */
  readonly leave: EventTimeMs | null;
}

/**
 * A write that waited for an absent store was given up, because its owner stops. Who commits only what is written
 * loses nothing: the next start writes it again.
 */
export class StoreAwayError extends TidemarkError {}

/** How far somebody's rows are in the store: what shows that it has lost some since. */
export interface RememberedPosition {
  readonly name: string;
  readonly position: Offset;
  /** Who tells it. */
  readonly writer: string;
  /** At least this position, told by this writer last (null: by whomever); null: the store need not remember any. */
  readonly expected: { readonly position: Offset; readonly writer: string | null } | null;
}

/**
 * An online store. Rows of one entity are written and read atomically; a row is accepted iff its version is
 * greater than the stored one of that (entity, windowEnd). Writing twice, late or out of order is harmless.
 */
export interface OnlineStore {
  /**
   * Resolves when all rows are in the store; retries while it is away, keeping order.
   *
   * @throws StoreAwayError when the store is to close while it waits
   */
  write(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts>;
  /**
   * Remembers positions, of each name the greatest and its last writer; answers the names of which it does not remember
   * what is expected. It has lost data since, or another writer has told those; they stay as they are.
   *
   * @throws StoreAwayError when the store is to close while it waits
   */
  remember(positions: readonly RememberedPosition[]): Promise<readonly string[]>;
  /** The row with the greatest windowEnd; null when the entity has none. */
  latest(group: FeatureGroup, entity: readonly Scalar[]): Promise<LatestRow | null>;
  /** Every row still kept, by windowEnd. */
  windows(group: FeatureGroup, entity: readonly Scalar[]): Promise<readonly OnlineRow[]>;
  close(): Promise<void>;
}

/** An online store that says whether it can be reached. */
export interface ReachableStore extends OnlineStore {
  /** Resolves when the store answers; fails, without patience, when it is away. */
  ping(): Promise<void>;
}
