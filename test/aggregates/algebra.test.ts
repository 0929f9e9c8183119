import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/aggregates/byte-codec.ts';
import {
  AGGREGATE_NAMES,
  type AggregateName,
  signatureOf,
} from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters, Scalar } from '../../src/definitions/definition.ts';
import type { ValueType } from '../../src/definitions/expression.ts';
import { aggregateOf } from '../oracle/aggregate.ts';
import { parametersFrom } from '../oracle/parameters.ts';
import { type Answer, Bench, END, type Event, PANE_MS, PANES } from './bench.ts';

/** Every aggregate over every combination of input types that its signature allows, and over records where it may. */
const CASES: readonly (readonly [string, AggregateName, readonly ValueType[]])[] = AGGREGATE_NAMES.flatMap(
  (name) => {
    const { inputs, optionalInput } = signatureOf(name);
    const combinations = inputs.reduce<ValueType[][]>(
      (before, types) => before.flatMap((chosen) => types.map((type) => [...chosen, type])),
      [[]],
    );
    const all = optionalInput === true ? [[], ...combinations] : combinations;
    return all.map((types) => [`${name}(${types.join(', ')})`, name, types] as const);
  },
);

const VALUES: Readonly<Record<ValueType, fc.Arbitrary<Scalar>>> = {
  integer: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger()),
  number: fc
    .oneof(
      fc.integer({ min: -5000, max: 5000 }).map((minor) => minor / 100),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    )
    .map((value) => value + 0),
  string: fc.constantFrom('a', 'b', 'c', '', '\u{10000}', '\uffff', 'é'),
  boolean: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 2 }),
};

/** `rank` places an event in another order of arrival. */
type RankedEvent = Event & { readonly rank: number };

interface Scenario {
  readonly parameters: AggregateParameters;
  readonly events: readonly RankedEvent[];
}

/** Events within {@link PANES} panes, in order of time; many at equal times. */
function scenarios(name: AggregateName, types: readonly ValueType[]): fc.Arbitrary<Scenario> {
  const value = (index: number) => VALUES[types[index] ?? 'boolean'];
  const event = fc.record({
    row: fc.record({ x: value(0), y: value(1) }),
    eventTime: fc.nat({ max: END - 1 }),
    rank: fc.nat(),
  });
  return fc.record({
    parameters: fc
      .nat({ max: 999 })
      .map((choice) => parametersFrom(signatureOf(name).parameters ?? {}, choice, PANE_MS)),
    events: fc
      .array(event, { maxLength: 50 })
      .map((events) =>
        events.map((event, offset) => ({ ...event, offset })).sort((a, b) => a.eventTime - b.eventTime),
      ),
  });
}

function inAnotherOrder(events: readonly RankedEvent[]): readonly RankedEvent[] {
  return [...events].sort((a, b) => a.rank - b.rank);
}

describe.each(CASES)('%s', (_, name, types) => {
  const bench = ({ parameters }: Scenario): Bench => new Bench(name, types, parameters);

  /** What a window over the panes `low` ≤ index < `high` answers when it is made anew. */
  const fresh = (scenario: Scenario, low = 0, high = PANES, windowEnd = END): Answer => {
    const made = bench(scenario);
    made.fill(scenario.events);
    made.add(low, high);
    return made.answer(windowEnd);
  };

  const holds = (check: (scenario: Scenario) => void): void =>
    fc.assert(fc.property(scenarios(name, types), check));

  test('answers what its naive twin does, in any order of arrival', () => {
    holds((scenario) => {
      const description = {
        name,
        aggregate: name,
        range: { kind: 'last', lengthMs: END } as const,
        input: types.length > 0 ? (row: Readonly<Record<string, Scalar | null>>) => row['x']! : null,
        other: types.length > 1 ? (row: Readonly<Record<string, Scalar | null>>) => row['y']! : null,
        integer: types[0] === 'integer',
        parameters: scenario.parameters,
        where: null,
        default: null,
      };
      const twin = {
        value: aggregateOf(description, scenario.events, END),
        empty: scenario.events.length === 0,
      };
      expect(fresh(scenario)).toEqual(twin);
      expect(fresh({ ...scenario, events: inAnotherOrder(scenario.events) })).toEqual(twin);
    });
  });

  test('a window that slid, either way, answers what one made anew does', () => {
    const moves = fc.array(fc.tuple(fc.nat(PANES), fc.nat(PANES)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(scenarios(name, types), moves, (scenario, positions) => {
        const slid = bench(scenario);
        slid.fill(scenario.events);
        const { aggregate, cells, window } = slid;
        let [low, high] = [0, 0];
        for (const [a, b] of positions) {
          const [newLow, newHigh] = [Math.min(a, b), Math.max(a, b)];
          let rebuild = false;
          for (let pane = 0; pane < PANES; pane++) {
            const was = pane >= low && pane < high;
            const is = pane >= newLow && pane < newHigh;
            if (is && !was) aggregate.add(cells, window, slid.pane(pane));
            if (was && !is) rebuild = !aggregate.subtract(cells, window, slid.pane(pane)) || rebuild;
          }
          expect(rebuild && aggregate.subtracts).toBe(false);
          if (rebuild) {
            aggregate.rebuild(cells, window, slid.pane(newLow), slid.pane(newHigh), aggregate.paneWidth);
          }
          [low, high] = [newLow, newHigh];
          const windowEnd = high * PANE_MS;
          expect(slid.answer(windowEnd)).toEqual(fresh(scenario, low, high, windowEnd));
        }
      }),
    );
  });

  test('a value put into pane and window answers what a window over the pane does', () => {
    holds((scenario) => {
      const both = bench(scenario);
      for (const event of inAnotherOrder(scenario.events)) {
        both.insertPane(event);
        both.insertWindow(event);
      }
      expect(both.answer()).toEqual(fresh(scenario));
    });
  });

  test('panes merged into one, in any order and grouping, answer what they did apart', () => {
    const pairs = fc.array(fc.tuple(fc.nat(PANES - 1), fc.nat(PANES - 1)), { maxLength: 12 });
    fc.assert(
      fc.property(scenarios(name, types), pairs, (scenario, merges) => {
        const merged = bench(scenario);
        merged.fill(scenario.events);
        for (const [pane, from] of merges) if (pane !== from) merged.merge(pane, from);
        for (let pane = 1; pane < PANES; pane++) merged.merge(0, pane);
        merged.dictionary.collect();
        merged.add(0, 1);
        expect(merged.answer()).toEqual(fresh(scenario));
      }),
    );
  });

  test('panes survive encoding, and nothing is retained once they are freed', () => {
    holds((scenario) => {
      const written = bench(scenario);
      written.fill(inAnotherOrder(scenario.events));
      const out = new ByteWriter();
      for (let pane = 0; pane < PANES; pane++) {
        written.aggregate.encodePane(written.cells, written.pane(pane), out);
      }
      const restored = bench(scenario);
      const from = new ByteReader(out.take());
      const { aggregate, cells, window } = restored;
      for (let pane = 0; pane < PANES; pane++) aggregate.decodePane(cells, restored.pane(pane), from);
      expect(from.done).toBe(true);
      restored.add(0, PANES);
      expect(restored.answer()).toEqual(fresh(scenario));

      aggregate.clearWindow(cells, window);
      expect(restored.answer().empty).toBe(true);
      for (let pane = 0; pane < PANES; pane++) aggregate.freePane(cells, restored.pane(pane));
      restored.dictionary.collect();
      expect(restored.dictionary.size).toBe(0);
    });
  });
});
