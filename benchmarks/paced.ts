import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import type { Benchmark, BenchmarkSettings, ResultTable } from './benchmark.ts';
import { cardRecords, eachCardOnce, TOPIC_PARTITIONS } from './card-topic.ts';
import { type PacedFigures, runPaced } from './paced-run.ts';
import { withServices } from './services.ts';

const PER_SECOND = 8000;
/** A day before the paced part, so that events leave the windows too. */
const HISTORY_MS = 86_400_000;
const STEP_MS = 300_000;
const OUT_OF_ORDER_MS = 30_000;

/** `tidemark run` at 8,000 events a second: how far behind it falls, how fresh its rows are, what it costs. */
export const paced: Benchmark = {
  name: 'paced',
  run(settings: BenchmarkSettings) {
    const { quick, progress } = settings;
    const cards = quick ? 100 : 100_000;
    const historySize = quick ? 2000 : (HISTORY_MS / 1000) * 12;
    const stream = streamOf(settings, cards);
    const history = {
      ...stream,
      seed: 2,
      startMs: stream.startMs - HISTORY_MS,
      count: historySize,
      perSecond: (historySize * 1000) / HISTORY_MS,
    };
    return withServices(async (services) => {
      const figures: PacedFigures[] = [];
      for (const features of quick ? ([2] as const) : ([2, 5] as const)) {
        const load = {
          features,
          history: cardRecords(history, false),
          historySize,
          stream,
          seconds: secondsOf(settings),
          args: [],
          nodeArgs: [],
        };
        figures.push(
          await runPaced(load, services, (text) => progress(`paced: ${features} features, ${text}`)),
        );
      }
      return describe('Live at a steady pace', figures, [
        `${cards} cards, ${TOPIC_PARTITIONS} partitions, values in Avro, every 5 minutes; a day of ` +
          `${historySize} events was taken in before. Half way a grid time closes.`,
      ]);
    });
  },
};

/** Of the worker. */
const HEAP_LIMIT_MB = 1024;

/** The same with fifty times as many cards, of which few are held in memory. */
export const pacedLarge: Benchmark = {
  name: 'paced-large',
  run(settings: BenchmarkSettings) {
    const { quick, progress } = settings;
    const cards = quick ? 2000 : 5_000_000;
    const cacheEntities = cards / 20;
    const stream = streamOf(settings, cards);
    return withServices(async (services) => {
      const load = {
        features: 2,
        history: eachCardOnce(cards, stream.startMs - HISTORY_MS, HISTORY_MS),
        historySize: cards,
        stream,
        seconds: secondsOf(settings),
        args: ['--cache-entities', String(cacheEntities)],
        nodeArgs: [`--max-old-space-size=${HEAP_LIMIT_MB}`],
      } as const;
      const figures = await runPaced(load, services, (text) => progress(`paced-large: ${text}`));
      return describe(
        'Live with a state larger than memory',
        [figures],
        [
          `${cards} cards, of which the worker holds ${cacheEntities}, with a heap of ${HEAP_LIMIT_MB} MB at most; each had an event`,
          `in the day before. Then cards come by Zipf's law. ${TOPIC_PARTITIONS} partitions, values in Avro, every 5 minutes;`,
          'half way a grid time closes.',
        ],
      );
    });
  },
};

function secondsOf({ quick, minutes }: BenchmarkSettings): number {
  return quick ? 5 : minutes * 60;
}

/** A grid time closes in its middle: every card that saw an event or loses one gets a row then. */
function streamOf(settings: BenchmarkSettings, cards: number) {
  const seconds = secondsOf(settings);
  const perSecond = settings.quick ? 500 : PER_SECOND;
  return {
    ...TRANSACTION_DEFAULTS,
    cards,
    partitions: TOPIC_PARTITIONS,
    startMs: TRANSACTION_DEFAULTS.startMs + OUT_OF_ORDER_MS - ((seconds * 500) % STEP_MS),
    count: seconds * perSecond,
    perSecond,
  };
}

function describe(
  title: string,
  figures: readonly PacedFigures[],
  notes: readonly string[],
): readonly ResultTable[] {
  return [
    {
      title,
      rows: figures.map(({ row }) => row),
      notes: [
        ...notes,
        'Freshness: from the append (the clock of the broker, same machine, whole ms rounded down) until a probe record,',
        '25 a second, shows in Redis, which is asked every ms by another process: up to 2 ms too high, never too low.',
        'Broker, Redis, producer and probe run on the same cores as the worker.',
      ],
    },
    {
      title: 'Lag in records, greatest of each quarter of the run',
      rows: figures.map(({ lag }) => lag),
      notes: [],
    },
  ];
}
