import type { Aggregate, Cells } from '../aggregates/aggregate.ts';
import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { createAggregate, type InputEncoding, inputEncoding } from '../aggregates/create-aggregate.ts';
import type { Dictionary } from '../aggregates/dictionary.ts';
import type { Aggregation, Feature, FeatureGroup, Row } from '../definitions/definition.ts';
import type { Expression } from '../definitions/expression.ts';
import { createRuntime } from '../definitions/expression-runtime.ts';
import type { EventTimeMs, Offset } from '../time.ts';
import { differentRanges } from './window-layout.ts';

/**
 * The group's features as straight-line code over cells: generated once per group, so that the aggregates' small
 * methods are called at sites of their own and can be inlined. A pane's first cell is its number; a window's cells
 * are those of every aggregation of every feature.
 */
export interface Kernel {
  readonly paneWidth: number;
  readonly windowWidth: number;
  /** How many results and inputs became null because they were out of range. */
  readonly overflows: () => number;
  /** Evaluates the inputs of all features; the insert functions use them until the next call. */
  read(record: Row): void;
  initPane(cells: Cells, pane: number): void;
  freePane(cells: Cells, pane: number): void;
  initWindow(cells: Cells, window: number): void;
  clearWindow(cells: Cells, window: number): void;
  /** Gives how many values the pane keeps outside its cells that it did not before. */
  insertPane(cells: Cells, pane: number, time: EventTimeMs, offset: Offset): number;
  /** All ranges at once. */
  insertWindow(cells: Cells, window: number, time: EventTimeMs, offset: Offset): void;
  /** The features' values as of window_end, one after the other from `at` on. */
  evaluate(cells: Cells, window: number, windowEnd: EventTimeMs, out: Float64Array, at: number): void;
  /** The values of all features, or of the lifetime features, go over from one pane to another. */
  mergePane(cells: Cells, pane: number, from: number): void;
  mergeLifetime(cells: Cells, pane: number, from: number): void;
  /** Empties the pane of the features that are not of a lifetime. */
  clearEnding(cells: Cells, pane: number): void;
  /** How many values the pane keeps outside its cells. */
  valuesIn(cells: Cells, pane: number): number;
  encodePane(cells: Cells, pane: number, out: ByteWriter): void;
  decodePane(cells: Cells, pane: number, from: ByteReader): void;
  /** One for each of `differentRanges`. */
  readonly ranges: readonly RangeKernel[];
}

/** The features of one range. */
export interface RangeKernel {
  clear(cells: Cells, window: number): void;
  insert(cells: Cells, window: number, time: EventTimeMs, offset: Offset): void;
  add(cells: Cells, window: number, pane: number): void;
  /** True when `rebuild` must follow: some aggregate could not subtract the pane. */
  subtract(cells: Cells, window: number, pane: number): boolean;
  /** Over the panes at `first`, `first + stride`, … below `end`; only what cannot subtract. */
  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void;
}

/** An aggregation of a feature, and where its cells are. */
interface Part {
  /** Its name in the code: `a0`, `a1`, …; its inputs are x[index] and y[index]. */
  readonly name: string;
  readonly index: number;
  readonly aggregation: Aggregation;
  readonly aggregate: Aggregate;
  readonly feature: Feature;
  readonly range: number;
  readonly pane: number;
  readonly window: number;
}

export function createKernel(group: FeatureGroup, dictionary: Dictionary): Kernel {
  const { ranges, rangeOf } = differentRanges(group.features);
  const parts: Part[] = [];
  let paneWidth = 1;
  let windowWidth = 0;
  for (const [index, feature] of group.features.entries()) {
    for (const aggregation of feature.aggregations) {
      const aggregate = createAggregate(aggregation, dictionary);
      const part = { name: `a${parts.length}`, index: parts.length, aggregation, aggregate, feature };
      parts.push({ ...part, range: rangeOf[index]!, pane: paneWidth, window: windowWidth });
      paneWidth += aggregate.paneWidth;
      windowWidth += aggregate.windowWidth;
    }
  }

  const aggregates = parts.map(({ aggregate }) => aggregate);
  const inputs = new Float64Array(parts.length);
  const others = new Float64Array(parts.length);
  const defaults = group.features.map((feature) => defaultOf(feature, dictionary));
  let build = BUILDERS.get(group);
  if (build === undefined) {
    const code = kernelCode(group, parts, { paneWidth, windowWidth, ranges: ranges.length });
    const names = parts.map(({ name }) => name);
    build = new Function(...names, 'x', 'y', 'runtime', 'dictionary', 'defaults', code) as BuildKernel;
    BUILDERS.set(group, build);
  }
  return build(...aggregates, inputs, others, createRuntime(), dictionary, defaults);
}

type BuildKernel = (...parts: unknown[]) => Kernel;

/** A worker has a task for each partition, and makes them whenever it takes one over. */
const BUILDERS = new WeakMap<FeatureGroup, BuildKernel>();

function kernelCode(
  group: FeatureGroup,
  parts: readonly Part[],
  { paneWidth, windowWidth, ranges }: { paneWidth: number; windowWidth: number; ranges: number },
): string {
  const each = (write: (part: Part) => string, of: readonly Part[] = parts): string =>
    of.map(write).join('\n');
  const insertInto = (place: 'pane' | 'window', of: readonly Part[] = parts): string => {
    const method = place === 'pane' ? 'insertPane' : 'insertWindow';
    return each(({ name, index, aggregation, ...part }) => {
      const input = `x[${index}]`;
      const other = aggregation.other === null ? '0' : `y[${index}]`;
      return `if (${input} === ${input}) ${name}.${method}(cells, ${place} + ${part[place]}, ${input}, time, offset, ${other});`;
    }, of);
  };
  const rangeCode = (range: number): string => {
    const mine = parts.filter((part) => part.range === range);
    return `{
      clear(cells, window) { ${each((p) => `${p.name}.clearWindow(cells, window + ${p.window});`, mine)} },
      insert(cells, window, time, offset) { ${insertInto('window', mine)} },
      add(cells, window, pane) { ${each((p) => `${p.name}.add(cells, window + ${p.window}, pane + ${p.pane});`, mine)} },
      subtract(cells, window, pane) {
        let kept = true;
        ${each((p) => `kept = ${p.name}.subtract(cells, window + ${p.window}, pane + ${p.pane}) && kept;`, mine)}
        return !kept;
      },
      rebuild(cells, window, first, end, stride) {
        ${each(
          (p) =>
            `${p.name}.rebuild(cells, window + ${p.window}, first + ${p.pane}, end + ${p.pane}, stride);`,
          mine.filter(({ aggregate }) => !aggregate.subtracts),
        )}
      },
    }`;
  };
  const isOfLifetime = ({ feature }: Part): boolean => feature.range.kind === 'lifetime';
  const valuesInPane = parts
    .filter(({ aggregate }) => aggregate.valuesIn !== undefined)
    .reduce((sum, p) => `${sum} + ${p.name}.valuesIn(cells, pane + ${p.pane})`, '0');
  return `'use strict';
    let overflows = 0;
    return {
      paneWidth: ${paneWidth},
      windowWidth: ${windowWidth},
      overflows() { return overflows + runtime.overflows; },
      read(record) { ${each(readInputs)} },
      initPane(cells, pane) { ${each((p) => `${p.name}.initPane(cells, pane + ${p.pane});`)} },
      freePane(cells, pane) { ${each((p) => `${p.name}.freePane(cells, pane + ${p.pane});`)} },
      initWindow(cells, window) { ${each((p) => `${p.name}.initWindow(cells, window + ${p.window});`)} },
      clearWindow(cells, window) { ${each((p) => `${p.name}.clearWindow(cells, window + ${p.window});`)} },
      insertPane(cells, pane, time, offset) {
        const before = ${valuesInPane};
        ${insertInto('pane')}
        return ${valuesInPane} - before;
      },
      insertWindow(cells, window, time, offset) { ${insertInto('window')} },
      evaluate(cells, window, end, out, at) {
        let value;
        ${group.features
          .map((feature, index) => {
            const mine = parts.filter((part) => part.feature === feature);
            return `${evaluateFeature(feature, mine, index)} out[at + ${index}] = value;`;
          })
          .join('\n')}
      },
      mergePane(cells, pane, from) { ${mergeCode(parts)} },
      mergeLifetime(cells, pane, from) { ${mergeCode(parts.filter(isOfLifetime))} },
      clearEnding(cells, pane) { ${each(
        (p) => `${p.name}.freePane(cells, pane + ${p.pane}); ${p.name}.initPane(cells, pane + ${p.pane});`,
        parts.filter((part) => !isOfLifetime(part)),
      )} },
      valuesIn(cells, pane) { return ${valuesInPane}; },
      encodePane(cells, pane, out) { ${each((p) => `${p.name}.encodePane(cells, pane + ${p.pane}, out);`)} },
      decodePane(cells, pane, from) { ${each((p) => `${p.name}.decodePane(cells, pane + ${p.pane}, from);`)} },
      ranges: [${Array.from({ length: ranges }, (_, range) => rangeCode(range)).join(',\n')}],
    };`;
}

function mergeCode(parts: readonly Part[]): string {
  return parts.map((p) => `${p.name}.mergePane(cells, pane + ${p.pane}, from + ${p.pane});`).join('\n');
}

/** Code that evaluates the inputs of a part: NaN where the record does not reach the aggregate. */
function readInputs({ aggregation, index }: Part): string {
  const { input, other, where } = aggregation;
  const [x, y] = [`x[${index}]`, `y[${index}]`];
  let read = assignInput(x, input, inputEncoding(aggregation, 0));
  if (other !== null) {
    read += `${assignInput(y, other, inputEncoding(aggregation, 1))} if (${y} !== ${y}) ${x} = NaN;`;
  }
  return where === null ? read : `if (${where.code} === true) { ${read} } else ${x} = NaN;`;
}

/** A statement that makes `target` an input as its aggregate takes it; NaN for null. */
function assignInput(target: string, input: Expression | null, encoding: InputEncoding): string {
  if (input === null) return `${target} = 1;`;
  const encoded = {
    record: '1',
    number: 'v',
    boolean: 'v ? 1 : 0',
    category: 'dictionary.intern(v)',
  }[encoding];
  return `{ const v = ${input.code}; ${target} = v === null ? NaN : ${encoded}; }`;
}

/** Code that leaves a feature's value in `value`. */
function evaluateFeature(feature: Feature, parts: readonly Part[], index: number): string {
  const call = (method: 'isEmpty' | 'isOutOfRange') => (part: Part) =>
    `${part.name}.${method}(cells, window + ${part.window})`;
  const value = ({ name, window }: Part): string => `${name}.result(cells, window + ${window}, end)`;
  const isOutOfRange = call('isOutOfRange');
  const whenEmpty =
    feature.default === null
      ? ''
      : `if (${parts.map(call('isEmpty')).join(' && ')}) value = defaults[${index}];`;
  const whenNull = (outOfRange: readonly string[]): string => `if (value !== value) {
    if (${outOfRange.join(' || ')}) overflows++;
    ${whenEmpty}
  }`;
  const { result } = feature;
  if (result === null) return `value = ${value(parts[0]!)}; ${whenNull(parts.map(isOutOfRange))}`;
  // Only a part that is null itself is asked for the reason.
  const outOfRange = parts.map((part, index) => `(record[${index}] === null && ${isOutOfRange(part)})`);
  return `{
    const record = {
      ${parts.map((part, index) => `${index}: ${decodedResult(part, value(part))}`).join(',\n')}
    };
    ${assignInput('value', result, result.type === 'string' ? 'category' : 'number')}
    value += 0;
    ${whenNull(outOfRange)}
  }`;
}

/** Code of a result as lambdas see it. */
function decodedResult({ aggregation }: Part, result: string): string {
  const decoded =
    aggregation.valueType === 'string'
      ? 'dictionary.textOf(v)'
      : aggregation.valueType === 'boolean'
        ? 'v !== 0'
        : 'v';
  return `((v) => v !== v ? null : ${decoded})(${result})`;
}

/** As it stands in a cell. A string is a number of the dictionary like any other one, held for ever. */
function defaultOf({ default: value }: Feature, dictionary: Dictionary): number {
  if (typeof value !== 'string') return Number(value);
  const id = dictionary.intern(value);
  dictionary.retain(id);
  return id;
}
