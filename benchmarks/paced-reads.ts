import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './benchmark.ts';

/** How many reads there were, how many a second, and their times in milliseconds. */
export interface ReadFigures {
  readonly reads: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  [name: string]: number;
}

const WARM_UP_READS = 500;
/** At a steady rate, unless said otherwise; a server that has just started still compiles what it does. */
export const WARM_UP_SECONDS = 5;

/**
 * Reads at a steady rate, whether earlier reads are answered or not; each is timed from when it is asked to its
 * answer. Before that reads go on for some seconds, so that code is compiled and connections stand.
 */
export async function pacedReads(
  read: (number: number) => Promise<void>,
  {
    perSecond,
    seconds,
    warmUpSeconds = WARM_UP_SECONDS,
    started,
  }: { perSecond: number; seconds: number; warmUpSeconds?: number; started: () => void },
): Promise<ReadFigures> {
  for (let number = 0; number < WARM_UP_READS; number++) await read(number);
  await atPace(read, perSecond, warmUpSeconds);
  started();
  const start = performance.now();
  const times = await atPace(read, perSecond, seconds);
  return figuresOf(times, performance.now() - start);
}

async function atPace(
  read: (number: number) => Promise<void>,
  perSecond: number,
  seconds: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  const timed = async (number: number) => {
    const asked = performance.now();
    await read(number);
    times.push(performance.now() - asked);
  };
  const start = performance.now();
  const reads: Promise<void>[] = [];
  for (let number = 0; number < perSecond * seconds; number++) {
    const dueMs = (number * 1000) / perSecond - (performance.now() - start);
    if (dueMs > 0) await sleep(dueMs);
    reads.push(timed(number));
  }
  await Promise.all(reads);
  return times;
}

/** Reads as fast as answers come, so many at a time. */
export async function reactiveReads(
  read: (number: number) => Promise<void>,
  { atOnce, seconds, started }: { atOnce: number; seconds: number; started: () => void },
): Promise<ReadFigures> {
  for (let number = 0; number < WARM_UP_READS; number++) await read(number);
  started();
  const times: number[] = [];
  const start = performance.now();
  let number = 0;
  const lane = async () => {
    while (performance.now() - start < seconds * 1000) {
      const asked = performance.now();
      await read(number++);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return figuresOf(times, performance.now() - start);
}

function figuresOf(times: readonly number[], elapsedMs: number): ReadFigures {
  return {
    reads: times.length,
    perSecond: (times.length * 1000) / elapsedMs,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    max: times.reduce((a, b) => Math.max(a, b), 0),
  };
}
