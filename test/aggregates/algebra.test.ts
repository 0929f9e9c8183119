import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Aggregate } from '../../src/aggregates/aggregate.ts';
import { ByteReader, ByteWriter } from '../../src/aggregates/byte-codec.ts';
import { createAggregate, inputEncoding } from '../../src/aggregates/create-aggregate.ts';
import { Dictionary } from '../../src/aggregates/dictionary.ts';
import { type AggregateName, signatureOf } from '../../src/definitions/aggregate-signatures.ts';
import type { Aggregation } from '../../src/definitions/definition.ts';
import type { Expression, ValueType } from '../../src/definitions/expression.ts';

type Value = number | string | boolean;

/** Every aggregate over every type of input that it takes. */
const CASES: readonly (readonly [AggregateName, ValueType])[] = [
  ['count', 'integer'],
  ['sum', 'integer'],
  ['sum', 'number'],
  ['avg', 'integer'],
  ['avg', 'number'],
  ['min', 'number'],
  ['max', 'number'],
  ['min', 'string'],
  ['max', 'string'],
  ['first', 'number'],
  ['last', 'number'],
  ['first', 'string'],
  ['last', 'string'],
  ['first', 'boolean'],
  ['rate', 'boolean'],
  ['distinctCount', 'string'],
  ['distinctCount', 'number'],
  ['entropy', 'string'],
  ['entropy', 'boolean'],
];

const VALUES: Record<ValueType, fc.Arbitrary<Value>> = {
  integer: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger()),
  number: fc
    .oneof(
      fc.integer({ min: -5000, max: 5000 }).map((minor) => minor / 100),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    )
    .map((value) => value + 0),
  string: fc.constantFrom('a', 'b', 'c', '', '\u{10000}', '\uffff', 'é'),
  boolean: fc.boolean(),
  bytes: fc.constant(false),
};

interface Input {
  readonly value: Value;
  readonly eventTime: number;
}

const PANES = 6;
const PANE_MS = 10;

/** Some values in each of a few panes, in order of time. */
function panesOf(type: ValueType): fc.Arbitrary<Input[][]> {
  const pane = (index: number) =>
    fc.array(
      fc.record({
        value: VALUES[type],
        eventTime: fc.integer({ min: 0, max: PANE_MS - 1 }).map((ms) => index * PANE_MS + ms),
      }),
      { maxLength: 12 },
    );
  return fc.tuple(...Array.from({ length: PANES }, (_, index) => pane(index)));
}

/** One aggregate over cells of its own: panes in a row, then the window. */
class Bench {
  readonly aggregate: Aggregate;
  readonly dictionary = new Dictionary();
  readonly cells: Float64Array;
  readonly #encoding: ReturnType<typeof inputEncoding>;

  constructor(name: AggregateName, type: ValueType) {
    const input: Expression = { type, fields: new Set(['x']), canonical: 'x', code: 'record.x' };
    const aggregation: Aggregation = {
      aggregate: name,
      input,
      other: null,
      where: null,
      parameters: {},
      valueType: signatureOf(name).valueType([type]),
    };
    this.aggregate = createAggregate(aggregation, this.dictionary);
    this.#encoding = inputEncoding(aggregation, 0);
    this.cells = new Float64Array(PANES * this.aggregate.paneWidth + this.aggregate.windowWidth);
    for (let pane = 0; pane < PANES; pane++) this.aggregate.initPane(this.cells, this.pane(pane));
    this.aggregate.initWindow(this.cells, this.window);
  }

  pane(index: number): number {
    return index * this.aggregate.paneWidth;
  }

  get window(): number {
    return PANES * this.aggregate.paneWidth;
  }

  encoded(value: Value): number {
    return this.#encoding === 'category' ? this.dictionary.intern(value) : Number(value);
  }

  /** Offsets follow the order in which values are filled in. */
  fill(panes: readonly (readonly Input[])[]): void {
    let offset = 0;
    for (const [index, inputs] of panes.entries()) {
      for (const { value, eventTime } of inputs) {
        this.aggregate.insertPane(this.cells, this.pane(index), this.encoded(value), eventTime, offset++, 0);
      }
    }
  }

  result(): { value: Value | null; empty: boolean } {
    const cell = this.aggregate.result(this.cells, this.window, PANES * PANE_MS);
    const isText = this.aggregate.constructor.name === 'TextExtreme' || this.#isTextFirstLast;
    const value = Number.isNaN(cell) ? null : isText ? this.dictionary.textOf(cell) : cell;
    return { value, empty: this.aggregate.isEmpty(this.cells, this.window) };
  }

  get #isTextFirstLast(): boolean {
    return this.#encoding === 'category' && this.aggregate.constructor.name === 'FirstLast';
  }
}

/** What a window over the panes `low` ≤ index < `high` answers when it is made anew. */
function fresh(
  name: AggregateName,
  type: ValueType,
  panes: readonly (readonly Input[])[],
  low: number,
  high: number,
) {
  const bench = new Bench(name, type);
  bench.fill(panes);
  const { aggregate, cells, window } = bench;
  for (let pane = low; pane < high; pane++) aggregate.add(cells, window, bench.pane(pane));
  return bench.result();
}

describe.each(CASES)('%s of %s', (name, type) => {
  test('a window that slid, either way, answers what one made anew does', () => {
    const moves = fc.array(fc.tuple(fc.nat(PANES), fc.nat(PANES)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(panesOf(type), moves, (panes, positions) => {
        const bench = new Bench(name, type);
        bench.fill(panes);
        const { aggregate, cells, window } = bench;
        let [low, high] = [0, 0];
        for (const [a, b] of positions) {
          const [newLow, newHigh] = [Math.min(a, b), Math.max(a, b)];
          let rebuild = false;
          for (let pane = 0; pane < PANES; pane++) {
            const was = pane >= low && pane < high;
            const is = pane >= newLow && pane < newHigh;
            if (is && !was) aggregate.add(cells, window, bench.pane(pane));
            if (was && !is) rebuild = !aggregate.subtract(cells, window, bench.pane(pane)) || rebuild;
          }
          expect(rebuild && aggregate.subtracts).toBe(false);
          if (rebuild) {
            aggregate.rebuild(cells, window, bench.pane(newLow), bench.pane(newHigh), aggregate.paneWidth);
          }
          [low, high] = [newLow, newHigh];
          expect(bench.result()).toEqual(fresh(name, type, panes, low, high));
        }
      }),
    );
  });

  test('a value put into pane and window answers what a window over the pane does', () => {
    fc.assert(
      fc.property(panesOf(type), (panes) => {
        const bench = new Bench(name, type);
        const { aggregate, cells, window } = bench;
        let offset = 0;
        for (const [index, inputs] of panes.entries()) {
          for (const { value, eventTime } of inputs) {
            const input = bench.encoded(value);
            aggregate.insertPane(cells, bench.pane(index), input, eventTime, offset, 0);
            aggregate.insertWindow(cells, window, input, eventTime, offset++, 0);
          }
        }
        expect(bench.result()).toEqual(fresh(name, type, panes, 0, PANES));
      }),
    );
  });

  test('panes merged into one answer what they did apart', () => {
    fc.assert(
      fc.property(panesOf(type), (panes) => {
        const bench = new Bench(name, type);
        bench.fill(panes);
        const { aggregate, cells, window } = bench;
        for (let pane = 1; pane < PANES; pane++) {
          aggregate.mergePane(cells, bench.pane(pane), bench.pane(pane - 1));
          aggregate.freePane(cells, bench.pane(pane - 1));
        }
        bench.dictionary.collect();
        aggregate.add(cells, window, bench.pane(PANES - 1));
        expect(bench.result()).toEqual(fresh(name, type, panes, 0, PANES));
      }),
    );
  });

  test('panes survive encoding, and nothing is retained once they are freed', () => {
    fc.assert(
      fc.property(panesOf(type), (panes) => {
        const bench = new Bench(name, type);
        bench.fill(panes);
        const out = new ByteWriter();
        for (let pane = 0; pane < PANES; pane++)
          bench.aggregate.encodePane(bench.cells, bench.pane(pane), out);

        const restored = new Bench(name, type);
        const from = new ByteReader(out.take());
        const { aggregate, cells, window } = restored;
        for (let pane = 0; pane < PANES; pane++) aggregate.decodePane(cells, restored.pane(pane), from);
        expect(from.done).toBe(true);
        for (let pane = 0; pane < PANES; pane++) aggregate.add(cells, window, restored.pane(pane));
        expect(restored.result()).toEqual(fresh(name, type, panes, 0, PANES));

        aggregate.clearWindow(cells, window);
        expect(restored.result().empty).toBe(true);
        for (let pane = 0; pane < PANES; pane++) aggregate.freePane(cells, restored.pane(pane));
        restored.dictionary.collect();
        expect(restored.dictionary.size).toBe(0);
      }),
    );
  });
});
