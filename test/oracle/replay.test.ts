import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replayCaseArbitrary } from './replay-case.ts';
import { checkReplay } from './replay-check.ts';

/** More of them: `node test/oracle/soak.ts`. */
const SEEDS = [1, 2, 3, 4, 5, 6];

it.each(SEEDS)('tidemark replay writes what the oracle says, line by line (seed %i)', async (seed) => {
  const cases = fc.sample(replayCaseArbitrary(120), { seed, numRuns: 1 });
  const difference = await checkReplay(cases[0]!);
  expect(difference?.text ?? 'no difference').toBe('no difference');
});
