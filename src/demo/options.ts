import type { WorkerSummary } from '../live/worker-summary.ts';
import type { Progress } from '../progress.ts';
import type { Comparison } from '../replay/compare-online.ts';
import type { ReplaySummary } from '../replay/options.ts';

/** What the demo does, in this order. */
export const DEMO_PHASES = ['make', 'live', 'replay', 'compare'] as const;
export type DemoPhase = (typeof DEMO_PHASES)[number];

/** What the demo is told when it starts. */
export interface DemoOptions {
  readonly seed: number;
  readonly events: number;
  readonly cards: number;
  /** Definitions, archive, state, online store and rows are left in this directory, absolute. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (phase: DemoPhase, progress: Progress) => void;
}

/** What happened, and whether live and replay agree. */
export interface DemoResult {
  readonly events: number;
  /** The definitions that were run, a copy to look at and to change. */
  readonly definitionsFile: string;
  /** The worker before it was stopped half-way, and after it was started again. */
  readonly live: readonly [WorkerSummary, WorkerSummary];
  readonly replay: ReplaySummary;
  readonly comparison: Comparison;
  readonly sample: DemoSample | null;
  /** How long each phase took. */
  readonly seconds: Readonly<Record<DemoPhase, number>>;
}

/** What the online store answers for one card at the end. */
export interface DemoSample {
  readonly entity: string;
  /** ISO text. */
  readonly windowEnd: string;
  readonly version: number;
  readonly values: Readonly<Record<string, unknown>>;
}
