import type { Aggregate } from '../../src/aggregates/aggregate.ts';
import { createAggregate, type InputEncoding, inputEncoding } from '../../src/aggregates/create-aggregate.ts';
import { Dictionary } from '../../src/aggregates/dictionary.ts';
import { type AggregateName, isVector, signatureOf } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters, Aggregation, Scalar, Value } from '../../src/definitions/definition.ts';
import type { Expression, ValueType } from '../../src/definitions/expression.ts';
import { parseVector } from '../../src/definitions/value.ts';
import type { Occurrence } from '../oracle/aggregate.ts';

export const PANES = 6;
export const PANE_MS = 10;
/** The end of the last pane. */
export const END = PANES * PANE_MS;

/** An event of one of the panes; `y` is there for aggregates over pairs. */
export interface Event extends Occurrence {
  readonly row: { readonly x: Scalar; readonly y: Scalar };
}

function paneOf({ eventTime }: Event): number {
  return Math.floor(eventTime / PANE_MS);
}

export interface Answer {
  readonly value: Value | null;
  readonly empty: boolean;
}

/** One aggregate over cells of its own: panes in a row, then the window. */
export class Bench {
  readonly aggregate: Aggregate;
  readonly dictionary = new Dictionary();
  readonly cells: Float64Array;
  readonly #aggregation: Aggregation;

  constructor(name: AggregateName, types: readonly ValueType[], parameters: AggregateParameters) {
    const [input = null, other = null] = types.map(
      (type): Expression => ({ type, fields: new Set(), canonical: '', code: '' }),
    );
    const valueType = signatureOf(name).valueType(types);
    this.#aggregation = { aggregate: name, input, other, where: null, parameters, valueType };
    this.aggregate = createAggregate(this.#aggregation, this.dictionary);
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

  insertPane(event: Event): void {
    const { eventTime, offset } = event;
    const [x, y] = this.#inputs(event);
    this.aggregate.insertPane(this.cells, this.pane(paneOf(event)), x, eventTime, offset, y);
  }

  insertWindow(event: Event): void {
    const { eventTime, offset } = event;
    const [x, y] = this.#inputs(event);
    this.aggregate.insertWindow(this.cells, this.window, x, eventTime, offset, y);
  }

  fill(events: readonly Event[]): void {
    for (const event of events) this.insertPane(event);
  }

  /** The panes `low` ≤ index < `high` enter the window. */
  add(low: number, high: number): void {
    for (let pane = low; pane < high; pane++) this.aggregate.add(this.cells, this.window, this.pane(pane));
  }

  merge(pane: number, from: number): void {
    this.aggregate.mergePane(this.cells, this.pane(pane), this.pane(from));
    this.aggregate.freePane(this.cells, this.pane(from));
    this.aggregate.initPane(this.cells, this.pane(from));
  }

  answer(windowEnd = END): Answer {
    const { aggregate, cells, window, dictionary } = this;
    const { valueType } = this.#aggregation;
    const cell = aggregate.result(cells, window, windowEnd);
    let value: Value | null = cell;
    if (Number.isNaN(cell)) value = null;
    else if (isVector(valueType)) value = parseVector(dictionary.textOf(cell), valueType);
    else if (valueType === 'string') value = dictionary.textOf(cell);
    else if (valueType === 'boolean') value = cell !== 0;
    return { value, empty: aggregate.isEmpty(cells, window) };
  }

  #inputs({ row }: Event): readonly [number, number] {
    const { other } = this.#aggregation;
    return [
      this.#encoded(row.x, inputEncoding(this.#aggregation, 0)),
      other === null ? 0 : this.#encoded(row.y, inputEncoding(this.#aggregation, 1)),
    ];
  }

  #encoded(value: Scalar, encoding: InputEncoding): number {
    if (encoding === 'record') return 1;
    return encoding === 'category'
      ? this.dictionary.intern(value as Exclude<Scalar, Uint8Array>)
      : Number(value);
  }
}

/** The value over all of these rows, in order of time, many at equal times; nulls do not reach the aggregate. */
export function valueOver(
  name: AggregateName,
  types: readonly ValueType[],
  parameters: AggregateParameters,
  rows: readonly (readonly [x: Scalar | null, y?: Scalar | null])[],
): Value | null {
  const bench = new Bench(name, types, parameters);
  for (const [offset, [x, y = 0]] of rows.entries()) {
    if (x === null || y === null) continue;
    bench.insertPane({ eventTime: Math.floor((offset * END) / rows.length), offset, row: { x, y } });
  }
  bench.add(0, PANES);
  return bench.answer().value;
}
