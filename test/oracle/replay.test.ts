import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replayCaseArbitrary } from './replay-case.ts';
import { checkReplay } from './replay-check.ts';

/** More of them: `npm run soak`, with `-- --windows calendars` or `sessions` for the others. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const CASES = (['steps', 'calendars', 'sessions'] as const).flatMap((windows) =>
  SEEDS.map((seed) => ({ windows, seed })),
);

it.each(CASES)('tidemark replay writes what the oracle says, line by line %o', async ({ windows, seed }) => {
  const cases = fc.sample(replayCaseArbitrary(windows === 'calendars' ? 60 : 120, windows), {
    seed,
    numRuns: 1,
  });
  const difference = await checkReplay(cases[0]!);
  expect(difference?.text ?? 'no difference').toBe('no difference');
});
