import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import type { LatestRow } from '../sinks/sink.ts';

/** The contract between readers and the online stores: what is served now. */

/** Names a row: the latest one of an entity. */
export interface RowKey {
  readonly group: FeatureGroup;
  readonly entity: readonly Scalar[];
}

export interface OnlineRows {
  /**
   * The latest row of each key, null where an entity has none; in one round trip, each row by itself as of one moment.
   *
   * @throws TidemarkError at once when the store is away: who serves does not wait for it
   */
  latest(keys: readonly RowKey[]): Promise<readonly (LatestRow | null)[]>;
  /** Resolves when the store answers, and fails as {@link latest} does. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
