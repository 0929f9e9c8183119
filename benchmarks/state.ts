import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import type { CardRowsOptions } from './card-rows.ts';
import { runProcess } from './processes.ts';

const STATE_PROCESS = new URL('./processes/state.ts', import.meta.url);

const STREAM: CardRowsOptions = { cards: 10_000, perSecond: 10, cardsBy: 'zipf' };
const HOURS = { 2: 25, 5: 7 * 24 + 1 } as const;
/** One partition's share of 8,000 records a second over four, committed every second and every five. */
const RECORDS_PER_COMMIT = [2000, 10_000];

/** What it costs to make a task's state durable. */
export const state: Benchmark = {
  name: 'state',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const rows: ResultRow[] = [];
    for (const features of [2, 5] as const) {
      for (const recordsPerCommit of RECORDS_PER_COMMIT) {
        progress(`state: ${features} features, ${recordsPerCommit} records a commit`);
        const figures = await medians(runs, () =>
          withTemporaryFolder((folder) =>
            runProcess<StateFigures>(STATE_PROCESS, {
              group: cardRisk(features),
              stream: STREAM,
              warmUp: quick ? 0 : HOURS[features] * 3600 * STREAM.perSecond,
              recordsPerCommit,
              commits: quick ? 2 : 50,
              folder,
            }),
          ),
        );
        rows.push({
          features,
          'records/commit': recordsPerCommit,
          'chunks/commit': rounded(figures.chunksPerCommit),
          'bytes/chunk': rounded(figures.bytesPerChunk),
          'encode µs/chunk': rounded(figures.encodeUsPerChunk, 1),
          'encode ms/commit': rounded(figures.encodeMs, 1),
          'longest ms': rounded(figures.longestMs, 1),
          'CPU µs/record, LMDB included': rounded(figures.cpuUsPerRecord, 2),
        });
      }
    }
    const notes = [
      `One task of ${STREAM.cards} cards after a day (five features: a week) of ${STREAM.perSecond} events/s; each commit`,
      'writes the chunks that changed. While states are encoded the worker does nothing else.',
    ];
    return [{ title: 'Commits of state', notes, rows }];
  },
};

type StateFigures = {
  chunksPerCommit: number;
  bytesPerChunk: number;
  encodeUsPerChunk: number;
  encodeMs: number;
  longestMs: number;
  cpuUsPerRecord: number;
};
