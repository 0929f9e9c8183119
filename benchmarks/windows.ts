import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { cardRisk } from './card-risk.ts';
import type { CardRowsOptions } from './card-rows.ts';
import { runProcess } from './processes.ts';

const WINDOWS_PROCESS = new URL('./processes/windows.ts', import.meta.url);

interface Case {
  readonly what: string;
  readonly features: 2 | 5;
  readonly every: string;
  readonly stream: CardRowsOptions;
  /** Hours of event time before the clock starts. */
  readonly warmUpHours: number;
  readonly measured: number;
}

const DAY = 25;
const WEEK = 7 * 24 + 1;

const BASE: CardRowsOptions = { cards: 10_000, perSecond: 10, cardsBy: 'zipf' };
const MILLION: CardRowsOptions = { cards: 1_000_000, perSecond: 278, cardsBy: 'zipf' };
const HOURLY: CardRowsOptions = { cards: 10_000, perSecond: 10_000 / 3600, cardsBy: 'turn' };
const BUSY: CardRowsOptions = { cards: 100_000, perSecond: 8000, cardsBy: 'zipf' };

const CASES: readonly Case[] = [
  { what: 'base', features: 2, every: '5m', stream: BASE, warmUpHours: DAY, measured: 3e6 },
  {
    what: 'every minute',
    features: 2,
    every: '1m',
    stream: BASE,
    warmUpHours: DAY,
    measured: 3e6,
  },
  {
    what: 'one an hour',
    features: 2,
    every: '5m',
    stream: HOURLY,
    warmUpHours: DAY,
    measured: 3e6,
  },
  {
    what: '1 M cards',
    features: 2,
    every: '5m',
    stream: MILLION,
    warmUpHours: DAY,
    measured: 3e6,
  },
  { what: 'per event', features: 2, every: '1ms', stream: BASE, warmUpHours: DAY, measured: 2e6 },
  { what: 'busy', features: 2, every: '5m', stream: BUSY, warmUpHours: 0.02, measured: 3e6 },
  { what: 'base', features: 5, every: '5m', stream: BASE, warmUpHours: WEEK, measured: 2e6 },
  {
    what: 'every minute',
    features: 5,
    every: '1m',
    stream: BASE,
    warmUpHours: WEEK,
    measured: 2e6,
  },
  {
    what: 'one an hour',
    features: 5,
    every: '5m',
    stream: HOURLY,
    warmUpHours: WEEK,
    measured: 2e6,
  },
  {
    what: '1 M cards',
    features: 5,
    every: '5m',
    stream: MILLION,
    warmUpHours: DAY,
    measured: 2e6,
  },
  { what: 'per event', features: 5, every: '1ms', stream: BASE, warmUpHours: DAY, measured: 1e6 },
  { what: 'busy', features: 5, every: '5m', stream: BUSY, warmUpHours: 0.02, measured: 2e6 },
];

const QUICK_CARDS = 100;
const QUICK_RECORDS = 10_000;

/** Every revision of {@link CASES}, made and counted on one core, with nothing before and behind. */
export const windows: Benchmark = {
  name: 'windows',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const rows: ResultRow[] = [];
    for (const { what, features, every, stream: full, warmUpHours, measured } of CASES) {
      const stream = quick ? { ...full, cards: QUICK_CARDS } : full;
      progress(`windows: ${features} features, ${what}`);
      const figures = await medians(runs, () =>
        runProcess<WindowsFigures>(WINDOWS_PROCESS, {
          group: cardRisk(features, every),
          stream,
          warmUp: quick ? 0 : Math.ceil(warmUpHours * 3600 * stream.perSecond),
          measured: quick ? QUICK_RECORDS : measured,
        }),
      );
      rows.push({
        features,
        stream: what,
        every,
        cards: stream.cards,
        'events/s of stream': rounded(stream.perSecond, 1),
        'hours before': warmUpHours,
        'events/s': rounded(figures.perSecond),
        'CPU µs/event': rounded(figures.cpuUs, 2),
        'rows/event': rounded(figures.rowsPerEvent, 2),
        early: rounded(figures.early, 2),
        'on time': rounded(figures.onTime, 2),
        late: rounded(figures.late, 3),
        'entities held': rounded(figures.entities),
        'bytes/entity': rounded(figures.bytesPerEntity),
        'RSS MB': rounded(figures.rssMb),
      });
    }
    const notes = [
      'One task, one partition; decoded rows made ahead in chunks of 10,000, revisions counted and cleared every 1,000.',
      'Five features: spend over 24 h stands for the spend "today".',
      '"hours before" of the stream run before the clock starts; the one of 1 M cards holds a day, not the week.',
      '"one an hour": each card in its turn, one event an hour; the other cards follow Zipf\'s law.',
    ];
    return [{ title: 'Windows only', notes, rows }];
  },
};

type WindowsFigures = {
  perSecond: number;
  cpuUs: number;
  rowsPerEvent: number;
  early: number;
  onTime: number;
  late: number;
  entities: number;
  bytesPerEntity: number;
  rssMb: number;
};
