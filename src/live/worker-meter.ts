import type { FeatureGroup } from '../definitions/definition.ts';
import type { Upsert } from '../sinks/sink.ts';
import type { DurationMs } from '../time.ts';
import type { LostPartition } from './durability.ts';

/**
 * Hears what a worker does that takes time. What it counts is no news: it stands in its {@link WorkerCounts}, for
 * whoever asks.
 */
export interface WorkerMeter {
  /** The rows are in the online store. */
  flushed(group: FeatureGroup, rows: readonly Upsert[], took: DurationMs): void;
  /** Steps are durable, the wait for their rows included. */
  committed(took: DurationMs): void;
  /** The step of a partition is not known to be durable. */
  commitFailed(reason: LostPartition['reason']): void;
  /** A record for a topic was too large, and went there without its value. */
  valueLeftOut(topic: string): void;
}
