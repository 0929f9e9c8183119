import { type Benchmark, type BenchmarkSettings, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import type { CardRowsOptions } from './card-rows.ts';
import { startProcess } from './processes.ts';

const LARGE_STATE_PROCESS = new URL('./processes/large-state.ts', import.meta.url);

/** Of the process that is measured. */
const HEAP_LIMIT_MB = 1024;

interface Size {
  readonly cards: number;
  readonly events: number;
  readonly cacheEntities: number;
  readonly chunk: number;
  readonly eventsPerReport: number;
}
/** The cards come within the first events; what follows shows whether memory grows. */
const FULL: Size = {
  cards: 5e6,
  events: 35e6,
  cacheEntities: 250_000,
  chunk: 10_000,
  eventsPerReport: 5e6,
};
const QUICK: Size = {
  cards: 2000,
  events: 20_000,
  cacheEntities: 200,
  chunk: 1000,
  eventsPerReport: 5000,
};
/** How often a card comes in a day, so that most have state all the time and all are due now and then. */
const EVENTS_A_DAY = 4;

/** A task with twenty times as many entities as it holds in memory. */
export const largeState: Benchmark = {
  name: 'large-state',
  async run({ quick, progress }: BenchmarkSettings) {
    const size = quick ? QUICK : FULL;
    const { cards, cacheEntities, events, eventsPerReport } = size;
    const stream: CardRowsOptions = {
      cards,
      perSecond: Math.max(1, Math.round((cards * EVENTS_A_DAY) / 86_400)),
      cardsBy: 'random',
    };
    const rows: ResultRow[] = [];
    const restartMs = await withTemporaryFolder(async (folder) => {
      const child = startProcess(LARGE_STATE_PROCESS, { ...size, group: cardRisk(2), stream, folder }, [
        `--max-old-space-size=${HEAP_LIMIT_MB}`,
      ]);
      for (let done = eventsPerReport; done <= events; done += eventsPerReport) {
        progress(`large-state: up to ${done} of ${events} events`);
        rows.push(describe(await child.message<LargeStateFigures>()));
      }
      const { restartMs } = await child.message<{ restartMs: number }>();
      await child.end();
      return restartMs;
    });
    const notes = [
      `Two features of ${cards} cards, each ${EVENTS_A_DAY} times a day at random, of which ${cacheEntities} are held in`,
      `memory; a heap of ${HEAP_LIMIT_MB} MB at most. The rate and the CPU count the commits to LMDB and making the stream; busy is`,
      'the thread of the task alone. The last process starts again from its store, with a thousand records, in ' +
        `${rounded(restartMs)} ms.`,
    ];
    return [{ title: 'State larger than memory', notes, rows }];
  },
};

function describe(figures: LargeStateFigures): ResultRow {
  return {
    events: figures.events,
    entities: figures.entities,
    'heap MB': rounded(figures.heapMb),
    'buffers MB': rounded(figures.buffersMb),
    'anonymous MB': rounded(figures.anonymousMb),
    'of files MB': rounded(figures.filesMb),
    'store MB': rounded(figures.storeMb),
    'events/s': rounded(figures.perSecond),
    'CPU µs/event': rounded(figures.cpuUs, 1),
    'busy µs/event': rounded(figures.usPerEvent, 1),
    'rows/event': rounded(figures.rowsPerEvent, 1),
    'ms until others have a turn, median': rounded(figures.medianTurnMs, 1),
    longest: rounded(figures.longestTurnMs),
  };
}

type LargeStateFigures = {
  events: number;
  entities: number;
  heapMb: number;
  buffersMb: number;
  anonymousMb: number;
  filesMb: number;
  storeMb: number;
  perSecond: number;
  cpuUs: number;
  usPerEvent: number;
  rowsPerEvent: number;
  medianTurnMs: number;
  longestTurnMs: number;
};
