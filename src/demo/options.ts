import type { Progress } from '../progress.ts';
import type { ReplaySummary } from '../replay/options.ts';
import type { UpsertCounts } from '../sinks/sink.ts';

/** What the demo is told when it starts. */
export interface DemoOptions {
  readonly seed: number;
  readonly events: number;
  readonly cards: number;
  /** Archive, state, online store and rows are left here, absolute. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What happened, and whether live and replay agree. */
export interface DemoResult {
  readonly events: number;
  /** What the worker sent to the online store. */
  readonly upserts: UpsertCounts;
  readonly replay: ReplaySummary;
  /** Rows of the online store that were compared with replay's. */
  readonly compared: number;
  /** One line for each difference; empty when all is well. */
  readonly differences: readonly string[];
}
