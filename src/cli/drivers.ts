import { extname, join } from 'node:path';
import type { Definitions } from '../definitions/definition.ts';
import type { DemoOptions, DemoResult } from '../demo/options.ts';
import type { RunOptions } from '../live/options.ts';
import type { WorkerSummary } from '../live/worker-summary.ts';
import type { StoreDescription } from '../offline/describe.ts';
import type { ProofSummary, ProveOptions } from '../proof/options.ts';
import type { CompareOptions, GroupComparison } from '../replay/compare.ts';
import type { ReplayOptions, ReplaySummary } from '../replay/options.ts';
import type { ServeOptions, ServeSummary } from '../serving/options.ts';
import type { ArchiveOptions, ArchiveSummary } from '../sources/kafka-options.ts';
import type { JoinOptions, JoinSummary } from '../training/options.ts';
import type { Logger } from './logger.ts';

/** What the commands call. Each is loaded when it is first called, so that `--help` costs nothing. */
export interface Drivers {
  loadDefinitions(file: string): Promise<Definitions>;
  /** Resolves when the signal is aborted and everything is stopped in good order. */
  runWorker(options: RunOptions, log: Logger, signal: AbortSignal): Promise<WorkerSummary>;
  /** Resolves as {@link Drivers.runWorker} does. */
  serve(options: ServeOptions, log: Logger, signal: AbortSignal): Promise<ServeSummary>;
  replay(options: ReplayOptions): Promise<ReplaySummary>;
  compare(options: CompareOptions): Promise<readonly GroupComparison[]>;
  join(options: JoinOptions): Promise<JoinSummary>;
  prove(options: ProveOptions): Promise<ProofSummary>;
  describeStore(store: string): Promise<StoreDescription>;
  archiveTopic(options: ArchiveOptions, log: Logger): Promise<ArchiveSummary>;
  runDemo(options: DemoOptions): Promise<DemoResult>;
}

const FORKED_WORKER = join(import.meta.dirname, `forked-worker${extname(import.meta.filename)}`);

export const DRIVERS: Drivers = {
  loadDefinitions: async (file) => (await import('../definitions/load.ts')).loadDefinitions(file),
  runWorker: async (options, log, signal) => {
    const { runWorkers } = await import('../live/run-workers.ts');
    return runWorkers(options, log, signal, FORKED_WORKER);
  },
  serve: async (options, log, signal) => (await import('../serving/serve.ts')).serve(options, log, signal),
  replay: async (options) => (await import('../replay/replay.ts')).replay(options),
  compare: async (options) => (await import('../replay/compare.ts')).compare(options),
  join: async (options) => (await import('../training/join.ts')).join(options),
  prove: async (options) => (await import('../proof/prove.ts')).prove(options),
  describeStore: async (store) => (await import('../offline/describe.ts')).describeStore(store),
  archiveTopic: async (options, log) =>
    (await import('../sources/kafka-archive.ts')).archiveTopic(options, log),
  runDemo: async (options) => (await import('../demo/run-demo.ts')).runDemo(options),
};
