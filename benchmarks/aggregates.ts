import { type AggregateName, isVector, signatureOf } from '../src/definitions/aggregate-signatures.ts';
import { type AggregateFeature, aggregateFeatures, MERCHANTS } from './aggregate-features.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import type { CardRowsOptions } from './card-rows.ts';
import { runProcess } from './processes.ts';

const AGGREGATES_PROCESS = new URL('./processes/aggregates.ts', import.meta.url);

const RANGE = `last: '24h'`;
const STREAM: CardRowsOptions = { cards: 1000, perSecond: 1, cardsBy: 'zipf', merchants: MERCHANTS };
const WARM_UP = 25 * 3600;

/** Each aggregate as the only feature of a task, beside a task that counts records. */
export const aggregates: Benchmark = {
  name: 'aggregates',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const features = aggregateFeatures(RANGE);
    const measure = (some: readonly AggregateFeature[]) =>
      runProcess<AggregateFigures[]>(AGGREGATES_PROCESS, {
        windows: `every: '5m'`,
        plain: `count({ ${RANGE} })`,
        features: some.map(({ text }) => text),
        stream: STREAM,
        warmUp: quick ? 0 : WARM_UP,
        measured: quick ? 2000 : 200_000,
      });
    progress('aggregates: all, a few records each');
    const inQuick = quick ? await measure(features) : [];
    const rows: ResultRow[] = [];
    for (const [index, feature] of features.entries()) {
      const { name, of } = feature;
      if (!quick) progress(`aggregates: ${name} of ${of ?? 'records'}`);
      const figures = inQuick[index] ?? (await medians(runs, async () => (await measure([feature]))[0]!));
      rows.push({
        aggregate: name,
        of,
        'CPU µs/event': rounded(figures.cpuUs, 2),
        'count: CPU µs/event': rounded(figures.plainUs, 2),
        'times the count': rounded(figures.ratio, 2),
        aim: aimOf(name),
        'rows/event': rounded(figures.rowsPerEvent, 2),
      });
    }
    const notes = [
      `One feature over 24 h, every 5 min, after 25 hours of stream: ${STREAM.cards} cards, ${STREAM.perSecond} event/s, ${MERCHANTS} merchants.`,
      'The count takes in the same rows in the same process, chunk by chunk, in turns; each aggregate has a process of its own.',
    ];
    return [{ title: 'Aggregates, beside a plain count', notes, rows }];
  },
};

/** How many times the cost of a plain count an aggregate is to stay within. */
function aimOf(name: AggregateName): number {
  const { inputs, valueType } = signatureOf(name);
  const isSketch = name.startsWith('approx');
  return isSketch || isVector(valueType(inputs.map(([type]) => type!))) ? 10 : 3;
}

type AggregateFigures = {
  cpuUs: number;
  plainUs: number;
  ratio: number;
  rowsPerEvent: number;
};
