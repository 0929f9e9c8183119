import type { Upsert } from '../src/sinks/sink.ts';

/** How many cards the rows are of, in turn. */
export const UPSERT_CARDS = 20_000;

const STEP_MS = 300_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % STEP_MS);

const entities = Array.from({ length: UPSERT_CARDS }, (_, n) => [`card-${n}`]);

/** The i-th row of five features that a worker might send: each card in turn, each window in two revisions. */
export function cardUpsert(i: number): Upsert {
  const windowEnd = START + Math.floor(i / UPSERT_CARDS / 2) * STEP_MS;
  return {
    entity: entities[i % UPSERT_CARDS]!,
    windowEnd,
    version: i + 1,
    knownAt: windowEnd + i,
    leave: windowEnd + STEP_MS,
    values: [i % 50, (i % 13) / 50, ((i * 7919) % 1e6) / 100, i % 7, Math.log2(1 + (i % 977)) / 3],
    watermark: windowEnd - STEP_MS,
  };
}
