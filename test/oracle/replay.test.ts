import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replayCaseArbitrary } from './replay-case.ts';
import { checkReplay } from './replay-check.ts';

/** More of them: `npm run soak`, with `-- --calendars` for the others. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const CASES = [false, true].flatMap((withCalendars) => SEEDS.map((seed) => ({ seed, withCalendars })));

it.each(CASES)(
  'tidemark replay writes what the oracle says, line by line %o',
  async ({ seed, withCalendars }) => {
    const cases = fc.sample(replayCaseArbitrary(withCalendars ? 60 : 120, { withCalendars }), {
      seed,
      numRuns: 1,
    });
    const difference = await checkReplay(cases[0]!);
    expect(difference?.text ?? 'no difference').toBe('no difference');
  },
);
