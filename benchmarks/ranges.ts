import { aggregateFeatures } from './aggregate-features.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import type { CardRowsOptions } from './card-rows.ts';
import { runProcess } from './processes.ts';

const WINDOWS_PROCESS = new URL('./processes/windows.ts', import.meta.url);

interface Case {
  readonly what: string;
  readonly windows: string;
  readonly features: readonly string[];
  /** Hours from one event of a card to its next, on average. */
  readonly everyHours: number;
  /** Events of each card before the clock starts: at least a window full. */
  readonly before: number;
  readonly measured: number;
}

const SINCE_DAY = `since: { unit: 'day', zone: 'Asia/Kolkata' }`;

/** Windows that are long, fine, of a calendar, made by the events, or of many features. */
const CASES: readonly Case[] = [
  {
    what: '24 h, every 5 min: count',
    windows: `every: '5m'`,
    features: [`txns: count({ last: '24h' })`],
    everyHours: 2.4,
    before: 11,
    measured: 1e6,
  },
  {
    what: '24 h, every 1 s: count',
    windows: `every: '1s'`,
    features: [`txns: count({ last: '24h' })`],
    everyHours: 2.4,
    before: 11,
    measured: 1e6,
  },
  {
    what: 'since midnight, every 30 min: sum',
    windows: `every: '30m'`,
    features: [`spend: sum((t) => t.amount_minor / 100, { ${SINCE_DAY} })`],
    everyHours: 2.4,
    before: 11,
    measured: 1e6,
  },
  {
    what: '30 days, every hour: exact distinct',
    windows: `every: '1h'`,
    features: [`merchants: distinctCount((t) => t.merchant_id, { last: '30d' })`],
    everyHours: 72,
    before: 11,
    measured: 1e6,
  },
  {
    what: '24 h, every 5 min: median and 99th percentile',
    windows: `every: '5m'`,
    features: [
      `median: approxPercentile((t) => t.amount_minor, { p: 0.5, last: '24h' })`,
      `p99: approxPercentile((t) => t.amount_minor, { p: 0.99, last: '24h' })`,
    ],
    everyHours: 2.4,
    before: 11,
    measured: 1e6,
  },
  {
    what: 'sessions of 30 min: count and sum',
    windows: `session: '30m'`,
    features: [`txns: count()`, `spend: sum((t) => t.amount_minor / 100)`],
    everyHours: 0.25,
    before: 10,
    measured: 1e6,
  },
  {
    what: '1 h, every 5 min: all aggregates at once',
    windows: `every: '5m'`,
    features: eachAggregate(`last: '1h'`),
    everyHours: 1,
    before: 1,
    measured: 2e5,
  },
];

/** A feature of each aggregate, whatever it is over. */
function eachAggregate(range: string): string[] {
  const texts = new Map(aggregateFeatures(range).map(({ name, text }) => [name, text]));
  return Array.from(texts, ([name, text]) => `${name}_1h: ${text}`);
}

const CARDS = [1000, 1_000_000];

/** Each kind of range with few entities and with many. */
export const ranges: Benchmark = {
  name: 'ranges',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const rows: ResultRow[] = [];
    for (const { what, windows, features, everyHours, before, measured } of CASES) {
      for (const cards of quick ? CARDS.slice(0, 1) : CARDS) {
        progress(`ranges: ${what}, ${cards} cards`);
        const stream: CardRowsOptions = { cards, perSecond: cards / (everyHours * 3600), cardsBy: 'random' };
        const figures = await medians(runs, () =>
          runProcess<RangesFigures>(WINDOWS_PROCESS, {
            group: { windows, features },
            stream,
            warmUp: quick ? 0 : cards * before,
            measured: quick ? 10_000 : measured,
          }),
        );
        rows.push({
          what,
          cards,
          'events/card': before,
          'events/s': rounded(figures.perSecond),
          'CPU µs/event': rounded(figures.cpuUs, 2),
          'rows/event': rounded(figures.rowsPerEvent, 2),
          'entities held': rounded(figures.entities),
          'bytes/entity': rounded(figures.bytesPerEntity),
          'RSS MB': rounded(figures.rssMb),
        });
      }
    }
    const notes = [
      'One task, one partition; cards at random, all equally often, so that few and many cards differ in nothing else.',
      '"events/card" came before the clock starts: at least what the range holds.',
    ];
    return [{ title: 'Ranges and sessions', notes, rows }];
  },
};

type RangesFigures = {
  perSecond: number;
  cpuUs: number;
  rowsPerEvent: number;
  entities: number;
  bytesPerEntity: number;
  rssMb: number;
};
