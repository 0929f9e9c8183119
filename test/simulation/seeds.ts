import { test } from 'vitest';
import { simulate } from './simulation.ts';

/** The tests run the seeds from 1 on, `npm run simulate` those behind them. */
const SEEDS = 10_000;
/** As many files, `seeds-1.test.ts` to `seeds-4.test.ts`: files run beside each other. */
const SHARES = 4;

/** The test of a share: 1 to {@link SHARES}. The first share has the first seeds. */
export function testShare(share: number): void {
  const last = (share * SEEDS) / SHARES;
  const first = last - SEEDS / SHARES + 1;
  test(`whatever happens to a cluster of workers, and when, its state and outputs are those of the log: seeds ${first} to ${last}`, {
    timeout: 600_000,
  }, async () => {
    for (let seed = first; seed <= last; seed++) await simulate(seed);
  });
}
