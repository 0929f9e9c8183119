import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again, for two minutes at most. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  explain: () => string,
): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`timed out: ${explain()}`);
    await sleep(50);
  }
}
