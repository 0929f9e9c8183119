import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { simulate } from './simulation.ts';

/**
 * Simulates clusters, one a seed, on all cores: `node test/simulation/run.ts --seeds 10000 --seed 1`. Ends with 1 at the
 * first violation; `--seed S` alone repeats one seed.
 */
function runAll(): void {
  const { values } = parseArgs({
    options: { seeds: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
  });
  const first = Number(values.seed);
  const seeds = Number(values.seeds);
  const threads = Math.min(seeds, availableParallelism());
  let held = 0;
  const workers = Array.from({ length: threads }, (_, thread) => {
    const share: Share = { first: first + thread, end: first + seeds, step: threads };
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.on('message', () => {
      held++;
      if (held % 1000 === 0 || held === seeds) console.log(`${held} seeds hold`);
    });
    worker.on('error', (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
      for (const each of workers) void each.terminate();
    });
    return worker;
  });
}

/** The seeds of one thread. */
interface Share {
  readonly first: number;
  readonly end: number;
  readonly step: number;
}

async function runShare({ first, end, step }: Share): Promise<void> {
  for (let seed = first; seed < end; seed += step) {
    await simulate(seed);
    parentPort!.postMessage(seed);
  }
}

if (isMainThread) runAll();
else await runShare(workerData as Share);
