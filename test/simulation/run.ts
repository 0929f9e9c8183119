import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

/**
 * Simulates clusters, one a seed: `node test/simulation/run.ts --seeds 10000 --seed 1`. Ends with 1 at the first
 * violation; `--seed S` alone repeats one seed.
 */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
});
const first = Number(values.seed);
const end = first + Number(values.seeds);
try {
  for (let seed = first; seed < end; seed++) {
    await simulate(seed);
    const done = seed - first + 1;
    if (done % 1000 === 0 || seed + 1 === end) console.log(`${done} seeds hold`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
