import { describe, expectTypeOf, it } from 'vitest';
import {
  approxDistinctCount,
  approxPercentile,
  avg,
  correlation,
  count,
  countBy,
  decayedSum,
  defineAggregate,
  defineFeatureGroup,
  defineSource,
  distinctCount,
  entropy,
  type FeatureGroup,
  type FeatureGroupOptions,
  field,
  first,
  histogram,
  last,
  lastDistinctN,
  lastN,
  max,
  maxN,
  min,
  minN,
  type RecordOf,
  rate,
  sum,
  timeSinceLast,
  topKBySum,
  variance,
} from '../../src/index.ts';

// `tsc` is the test here: each @ts-expect-error fails the type check when the line below it is no error.
// What the types refuse is wrapped in functions that are never called, as it would be refused again.

const schema = {
  card_id: field.string,
  amount: field.long,
  price: field.nullable(field.double),
  status: field.enum('settled', 'failed'),
  geo: field.nullable(field.string),
  ok: field.nullable(field.boolean),
  photo: field.bytes,
  event_ts: field.timestampMillis,
};
const transactions = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema,
  eventTime: { field: 'event_ts' },
});
type Transaction = RecordOf<typeof schema>;

const geometricMean = defineAggregate(
  'geometricMean',
  { n: count((x: number) => x), logs: sum((x: number) => Math.log(x), { where: (x) => x > 0 }) },
  ({ n, logs }) => Math.exp(logs / n),
);
const slope = defineAggregate(
  'slope',
  { n: count(), x: sum((x: number) => x), xy: sum((x: number, y: number) => x * y) },
  (values) => values.xy / values.n - values.x,
);
const isRising = defineAggregate(
  'isRising',
  { before: first((x: number) => x), now: last((x: number) => x), mean: geometricMean((x: number) => x) },
  ({ before, now, mean }) => now > before && now > mean,
);

const records = defineAggregate('records', { n: count() }, ({ n }) => n);

describe('the types of definitions', () => {
  it('give lambdas the record of the schema', () => {
    expectTypeOf<Transaction>().toEqualTypeOf<{
      readonly card_id: string;
      readonly amount: number;
      readonly price: number;
      readonly status: 'settled' | 'failed';
      readonly geo: string;
      readonly ok: boolean;
      readonly photo: Uint8Array;
      readonly event_ts: number;
    }>();
  });

  it('let a nullable field be read like any other, and tested for null', () => {
    const group = defineFeatureGroup({
      name: 'cards',
      version: 1,
      source: transactions,
      entity: ['card_id', 'status'],
      every: '5m',
      where: (t) => t.price / 100 > 1 && t.geo !== null,
      features: {
        records: count({ last: '1h', where: (t) => t.status !== 'failed' }),
        priced: count((t) => t.price, { last: '1h' }),
        photos: count((t) => t.photo, { last: '1h' }),
        total: sum((t) => t.price ?? 0, { last: '1h', default: 0 }),
        mean: avg((t) => (t.ok ? t.amount : null), { last: '1h' }),
        least: min((t) => t.geo.toLowerCase(), { last: '1h', default: '' }),
        greatest: max((t) => t.event_ts, { last: '1h' }),
        earliest: first((t) => t.ok, { last: '1h', default: false }),
        failed: rate(({ status }) => status === 'failed', { last: '1h' }),
        places: distinctCount((t) => t.geo, { last: '1h' }),
        spread: entropy((t) => t.status, { last: '1h' }),
        visited: lastDistinctN((t) => t.geo, { n: 5, last: '1h' }),
        dearest: maxN((t) => t.price, { n: 3, last: '1h' }),
        spent: topKBySum(
          (t) => t.geo,
          (t) => t.amount,
          { k: 3, last: '1h' },
        ),
        sizes: histogram((t) => t.amount, { edges: [0, 10], last: '1h' }),
        byStatus: countBy((t) => t.status, { last: '1h' }),
        guests: approxDistinctCount((t) => t.card_id, { last: '1h' }),
        p95: approxPercentile((t) => t.price, { p: 0.95, last: '1h', default: 0 }),
        faded: decayedSum((t) => t.price, { last: '1h', halfLife: '10m' }),
        quiet: timeSinceLast({ last: '1h' }),
        scatter: variance((t) => t.amount, { last: '1h', default: 0 }),
        line: correlation(
          (t) => t.amount,
          (t) => t.price,
          { last: '1h' },
        ),
        typical: geometricMean((t) => t.price, { last: '1h', where: (t) => t.ok, default: 0 }),
        slope: slope(
          (t) => t.amount,
          ({ price }) => price,
          { last: '1h' },
        ),
        count: records({ last: '1h' }),
        rises: isRising((t) => t.amount, { last: '1h', default: false }),
      },
    });
    expectTypeOf(group).toEqualTypeOf<FeatureGroup>();
  });

  it('refuse what a lambda or an option cannot be', () => {
    const common = {
      name: 'cards',
      version: 1,
      source: transactions,
      entity: 'card_id',
      every: '5m',
    } as const;
    const refused: (() => unknown)[] = [
      () =>
        defineFeatureGroup({
          ...common,
          features: {
            // @ts-expect-error a misspelt field
            a: rate((t) => t.statsu === 'failed', { last: '1h' }),
            // @ts-expect-error a value that the enum has not
            b: rate((t) => t.status === 'fialed', { last: '1h' }),
            // @ts-expect-error a text where a number is needed
            c: sum((t) => t.card_id, { last: '1h' }),
            // @ts-expect-error a text where a number is needed
            d: avg((t) => t.geo, { last: '1h' }),
            // @ts-expect-error a number where a condition is needed
            e: rate((t) => t.amount, { last: '1h' }),
            // @ts-expect-error a text where a condition is needed
            f: count({ last: '1h', where: (t) => t.geo }),
            // @ts-expect-error bytes where a value is needed
            g: entropy((t) => t.photo, { last: '1h' }),
            // @ts-expect-error a boolean where an order is needed
            h: min((t) => t.ok, { last: '1h' }),
            // @ts-expect-error a text where a number is needed
            q: variance((t) => t.geo, { last: '1h' }),
            // @ts-expect-error no half-life
            u: decayedSum((t) => t.price, { last: '1h' }),
            // @ts-expect-error one lambda where two are needed
            r: correlation((t) => t.amount, { last: '1h' }),
            s: correlation(
              (t) => t.amount,
              // @ts-expect-error a condition where a number is needed
              (t) => t.ok,
              { last: '1h' },
            ),
            // @ts-expect-error two ranges
            j: count({ last: '1h', since: { unit: 'day', zone: 'UTC' } }),
            // @ts-expect-error a unit that there is not
            m: count({ since: { unit: 'hour', zone: 'UTC' } }),
            // @ts-expect-error two lengths
            o: count({ last: { days: 1, weeks: 1, zone: 'UTC' } }),
            // @ts-expect-error no lifetime
            p: count({ lifetime: false }),
            // @ts-expect-error a default of another type
            k: sum((t) => t.amount, { last: '1h', default: '0' }),
            // @ts-expect-error a list of no length
            noLength: lastN((t) => t.geo, { last: '1h' }),
            // @ts-expect-error a boolean where an order is needed
            unordered: minN((t) => t.ok, { n: 3, last: '1h' }),
            // @ts-expect-error a number where edges are needed
            oneEdge: histogram((t) => t.amount, { edges: 0, last: '1h' }),
            // @ts-expect-error a default where nothing is an empty map
            noNull: countBy((t) => t.geo, { last: '1h', default: 0 }),
            // @ts-expect-error no p
            noShare: approxPercentile((t) => t.amount, { last: '1h' }),
            // @ts-expect-error a text where a number is needed
            ofTexts: approxPercentile((t) => t.geo, { p: 0.5, last: '1h' }),
            // @ts-expect-error no aggregate
            l: 5,
          },
        }),
      // @ts-expect-error a misspelt field in the where of the group
      () => defineFeatureGroup({ ...common, where: (t) => t.amuont > 0, features: {} }),
      // @ts-expect-error an entity that is no field
      () => defineFeatureGroup({ ...common, entity: 'card', features: {} }),
      // @ts-expect-error an unknown option
      () => defineFeatureGroup({ ...common, features: {}, lateness: '5m' }),
      // @ts-expect-error a calendar grid of nowhere
      () => defineFeatureGroup({ ...common, every: { unit: 'day' }, features: {} }),
      // @ts-expect-error a key that is no field
      () => defineSource({ name: 'a', key: 'card', schema, eventTime: { field: 'event_ts' } }),
      // @ts-expect-error an event time that is no field
      () => defineSource({ name: 'a', schema, eventTime: { field: 'at' } }),
    ];
    expectTypeOf(refused).toBeArray();
  });

  it("refuse what an aggregate of the user's own cannot be made of, or used with", () => {
    const refused: (() => unknown)[] = [
      // @ts-expect-error a part that there is not
      () => defineAggregate('a', { n: count((x: number) => x) }, ({ m }) => 1 / m),
      // @ts-expect-error arithmetic on a text
      () => defineAggregate('a', { least: min((x: string) => x) }, ({ least }) => least * 2),
      // @ts-expect-error a result that is no single value
      () => defineAggregate('a', { n: count((x: number) => x) }, ({ n }) => [n]),
      // @ts-expect-error a text where a number is needed
      () => defineAggregate('a', { n: sum((x: string) => x) }, ({ n }) => n),
      // @ts-expect-error no aggregate
      () => defineAggregate('a', { n: 5 }, () => 1),
      () =>
        defineFeatureGroup({
          name: 'cards',
          version: 1,
          source: transactions,
          entity: 'card_id',
          every: '5m',
          features: {
            // @ts-expect-error a misspelt field
            n: geometricMean((t) => t.amuont, { last: '1h' }),
            // @ts-expect-error a text where the parts need a number
            q: geometricMean((t) => t.geo, { last: '1h' }),
            // @ts-expect-error one input where the parts read two
            r: slope((t) => t.amount, { last: '1h' }),
            s: slope(
              (t) => t.amount,
              // @ts-expect-error a text for the second input
              (t) => t.geo,
              { last: '1h' },
            ),
            // @ts-expect-error a default of another type than the result's
            t: isRising((t) => t.amount, { last: '1h', default: 0 }),
            // @ts-expect-error a misspelt field in where
            u: geometricMean((t) => t.amount, { last: '1h', where: (t) => t.okay }),
            // @ts-expect-error an aggregate over something else than the record
            v: sum((x: number) => x, { last: '1h' }),
          },
        }),
    ];
    expectTypeOf(refused).toBeArray();
  });

  it('take options for a group that are typed apart', () => {
    const options: FeatureGroupOptions<Transaction> = {
      name: 'cards',
      version: 1,
      source: transactions,
      entity: 'card_id',
      every: '5m',
      features: { n: rate((t) => t.amount > 5, { last: '1h' }) },
    };
    expectTypeOf(defineFeatureGroup(options)).toEqualTypeOf<FeatureGroup>();
  });
});
