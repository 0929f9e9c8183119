import { join } from 'node:path';
import { createKafkaClient, type Log } from '../sources/kafka-client.ts';
import { sayFarewell } from '../sources/kafka-farewell.ts';
import { memberFileIn, memberOfProcess } from '../sources/kafka-member.ts';
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
  const { workers, metrics, stateDir, kafka, app } = options;
  const expose = metrics === null ? null : serveMetrics(metrics, log);
  if (workers === 1) return runWorker(options, log, signal, expose);
  const start = (worker: number) => {
    const directory = join(stateDir, `worker-${worker}`);
    const forked = forkWorker(entry, worker, { ...options, stateDir: directory });
    void forked.ended.then(async ({ kind }) => {
      // Who stops in good order leaves the group itself. Nobody waits for this: the next start does it, too.
      if (kind === 'stopped' || forked.pid === undefined) return;
      const member = memberOfProcess(forked.pid, app, memberFileIn(directory));
      if (member === null) return;
      await sayFarewell(createKafkaClient(kafka, log), { group: app, member, fate: 'has died' }, log);
    });
    return forked;
  };
  const pool = new WorkerPool(workers, start, log);
  const conceal = await expose?.(pool);
  try {
    return await pool.run(signal);
  } finally {
    await conceal?.();
  }
}
