import { join } from 'node:path';
import type { Log } from '../sources/kafka-client.ts';
import { forkWorker } from './fork-worker.ts';
import { serveMetrics } from './metrics-server.ts';
import type { RunOptions } from './options.ts';
import { runWorker } from './run-worker.ts';
import type { WorkerLog } from './worker.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerSummary } from './worker-summary.ts';

/**
 * `tidemark run`: one worker in this process, or several in processes of their own, with one place to watch them.
 *
 * @param entry the module that a process of its own begins with
 * @throws TidemarkError when they cannot start or go on; what was committed stands
 */
export async function runWorkers(
  options: RunOptions,
  log: WorkerLog & Log,
  signal: AbortSignal,
  entry: string,
): Promise<WorkerSummary> {
  const { workers, metrics, stateDir } = options;
  const expose = metrics === null ? null : serveMetrics(metrics, log);
  if (workers === 1) return runWorker(options, log, signal, expose);
  const start = (worker: number) =>
    forkWorker(entry, worker, { ...options, stateDir: join(stateDir, `worker-${worker}`) });
  const pool = new WorkerPool(workers, start, log);
  const conceal = await expose?.(pool);
  try {
    return await pool.run(signal);
  } finally {
    await conceal?.();
  }
}
