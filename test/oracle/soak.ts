import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import type { WindowKind } from './frames.ts';
import { replayCaseArbitrary } from './replay-case.ts';
import { checkReplay, type ReplayDifference } from './replay-check.ts';

/**
 * Replays random archives through the command line against the oracle, for as long as you like:
 * `node test/oracle/soak.ts --seeds 500 --seed 1 --length 200 --windows steps|calendars|sessions`. Each seed is one
 * definition and one log.
 * Ends with 1 at the first seed that differs, after looking for a smaller case, whose files it leaves;
 * `--seeds 1 --seed S` repeats it.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '200' },
    windows: { type: 'string', default: 'steps' },
  },
});
const SHRINK_FOR_MS = 120_000;
const first = Number(values.seed);
const end = first + Number(values.seeds);

const cases = replayCaseArbitrary(Number(values.length), values.windows as WindowKind);
let smallest: ReplayDifference | null = null;
const property = fc.asyncProperty(cases, async (replayCase) => {
  const difference = await checkReplay(replayCase);
  if (difference === null) return true;
  if (smallest !== null) rmSync(smallest.directory, { recursive: true });
  smallest = difference;
  return false;
});

for (let seed = first; seed < end; seed += 1) {
  await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_FOR_MS });
  const found = smallest as ReplayDifference | null;
  if (found !== null) {
    console.error(`seed ${seed}, length ${values.length}: ${found.text}`);
    process.exitCode = 1;
    break;
  }
  const done = seed - first + 1;
  if (done % 25 === 0 || seed + 1 === end) console.log(`${done} seeds agree`);
}
