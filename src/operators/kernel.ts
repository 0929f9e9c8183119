import type { Aggregate, Cells } from '../aggregates/aggregate.ts';
import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { createAggregate, inputEncoding } from '../aggregates/create-aggregate.ts';
import type { Dictionary } from '../aggregates/dictionary.ts';
import type { FeatureGroup, Row } from '../definitions/definition.ts';
import { createRuntime } from '../definitions/expression-runtime.ts';
import type { WindowLayout } from './window-layout.ts';

/**
 * The group's features as straight-line code over cells: generated once per task, so that the aggregates' small
 * methods are called at sites of their own and can be inlined. A pane's first cell is its number; a window's cells
 * are those of every feature, range after range.
 */
export interface Kernel {
  readonly paneWidth: number;
  readonly windowWidth: number;
  /** How many results and inputs became null because they were out of range. */
  readonly overflows: () => number;
  /** The group's own `where`. */
  accepts(record: Row): boolean;
  /** Evaluates the inputs of all features; the insert functions use them until the next call. */
  read(record: Row): void;
  initPane(cells: Cells, pane: number): void;
  freePane(cells: Cells, pane: number): void;
  initWindow(cells: Cells, window: number): void;
  clearWindow(cells: Cells, window: number): void;
  insertPane(cells: Cells, pane: number, time: number, offset: number): void;
  /** All ranges at once. */
  insertWindow(cells: Cells, window: number, time: number, offset: number): void;
  evaluate(cells: Cells, window: number, out: Float64Array, at: number): void;
  /** The values of the lifetime features go over from one pane to another. */
  mergeLifetime(cells: Cells, pane: number, from: number): void;
  encodePane(cells: Cells, pane: number, out: ByteWriter): void;
  decodePane(cells: Cells, pane: number, from: ByteReader): void;
  readonly ranges: readonly RangeKernel[];
}

/** The features of one range. */
export interface RangeKernel {
  clear(cells: Cells, window: number): void;
  insert(cells: Cells, window: number, time: number, offset: number): void;
  add(cells: Cells, window: number, pane: number): void;
  /** True when `rebuild` must follow: some aggregate could not subtract the pane. */
  subtract(cells: Cells, window: number, pane: number): boolean;
  /** Over the panes at `first`, `first + stride`, … below `end`; only what cannot subtract. */
  rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void;
}

interface Part {
  readonly feature: number;
  readonly aggregate: Aggregate;
  readonly range: number;
  readonly pane: number;
  readonly window: number;
}

export function createKernel(group: FeatureGroup, layout: WindowLayout, dictionary: Dictionary): Kernel {
  const aggregates = group.features.map((feature) => createAggregate(feature, dictionary));
  const parts: Part[] = [];
  let paneWidth = 1;
  let windowWidth = 0;
  for (const [feature, aggregate] of aggregates.entries()) {
    parts.push({ feature, aggregate, range: layout.rangeOf[feature]!, pane: paneWidth, window: windowWidth });
    paneWidth += aggregate.paneWidth;
    windowWidth += aggregate.windowWidth;
  }
  const names = aggregates.map((_, feature) => `a${feature}`);
  const defaults = group.features.map((feature) =>
    typeof feature.default === 'string'
      ? dictionaryConstant(dictionary, feature.default)
      : Number(feature.default),
  );

  const each = (write: (part: Part, name: string) => string, of: readonly Part[] = parts): string =>
    of.map((part) => write(part, names[part.feature]!)).join('\n');
  const insertInto = (place: 'pane' | 'window', of: readonly Part[] = parts): string => {
    const method = place === 'pane' ? 'insertPane' : 'insertWindow';
    return each((part, name) => {
      const input = `x[${part.feature}]`;
      return `if (${input} === ${input}) ${name}.${method}(cells, ${place} + ${part[place]}, ${input}, time, offset);`;
    }, of);
  };
  const rangeCode = (range: number): string => {
    const mine = parts.filter((part) => part.range === range);
    return `{
      clear(cells, window) { ${each((p, a) => `${a}.clearWindow(cells, window + ${p.window});`, mine)} },
      insert(cells, window, time, offset) { ${insertInto('window', mine)} },
      add(cells, window, pane) { ${each((p, a) => `${a}.add(cells, window + ${p.window}, pane + ${p.pane});`, mine)} },
      subtract(cells, window, pane) {
        let kept = true;
        ${each((p, a) => `kept = ${a}.subtract(cells, window + ${p.window}, pane + ${p.pane}) && kept;`, mine)}
        return !kept;
      },
      rebuild(cells, window, first, end, stride) {
        ${each((p, a) => `if (!subtracts[${p.feature}]) ${a}.rebuild(cells, window + ${p.window}, first + ${p.pane}, end + ${p.pane}, stride);`, mine)}
      },
    }`;
  };
  const source = `'use strict';
    let overflows = 0;
    return {
      paneWidth: ${paneWidth},
      windowWidth: ${windowWidth},
      overflows() { return overflows + runtime.overflows; },
      accepts(record) { ${group.where === null ? 'return true;' : `return ${group.where.code} === true;`} },
      read(record) { ${group.features.map((_, feature) => readInput(group, feature)).join('\n')} },
      initPane(cells, pane) { ${each((p, a) => `${a}.initPane(cells, pane + ${p.pane});`)} },
      freePane(cells, pane) { ${each((p, a) => `${a}.freePane(cells, pane + ${p.pane});`)} },
      initWindow(cells, window) { ${each((p, a) => `${a}.initWindow(cells, window + ${p.window});`)} },
      clearWindow(cells, window) { ${each((p, a) => `${a}.clearWindow(cells, window + ${p.window});`)} },
      insertPane(cells, pane, time, offset) { ${insertInto('pane')} },
      insertWindow(cells, window, time, offset) { ${insertInto('window')} },
      evaluate(cells, window, out, at) {
        let value;
        ${each((p, a) => {
          const at = `cells, window + ${p.window}`;
          const fallback =
            group.features[p.feature]!.default === null ? '' : ` else value = ${defaults[p.feature]};`;
          return `value = ${a}.result(${at});
            if (value !== value) { if (!${a}.isEmpty(${at})) overflows++;${fallback} }
            out[at + ${p.feature}] = value;`;
        })}
      },
      mergeLifetime(cells, pane, from) { ${each(
        (p, a) => `${a}.mergePane(cells, pane + ${p.pane}, from + ${p.pane});`,
        parts.filter((part) => group.features[part.feature]!.range.kind === 'lifetime'),
      )} },
      encodePane(cells, pane, out) { ${each((p, a) => `${a}.encodePane(cells, pane + ${p.pane}, out);`)} },
      decodePane(cells, pane, from) { ${each((p, a) => `${a}.decodePane(cells, pane + ${p.pane}, from);`)} },
      ranges: [${layout.ranges.map((_, range) => rangeCode(range)).join(',\n')}],
    };`;
  const build = new Function(...names, 'x', 'runtime', 'dictionary', 'subtracts', source);
  const inputs = new Float64Array(aggregates.length);
  return build(
    ...aggregates,
    inputs,
    createRuntime(),
    dictionary,
    aggregates.map((aggregate) => aggregate.subtracts),
  ) as Kernel;
}

function readInput(group: FeatureGroup, index: number): string {
  const feature = group.features[index]!;
  const target = `x[${index}]`;
  const { input, where } = feature;
  const assign = ((): string => {
    if (input === null) return `${target} = 1;`;
    const value = `const value = ${input.code};`;
    switch (inputEncoding(feature)) {
      case 'record':
        return `${value} ${target} = value === null ? NaN : 1;`;
      case 'number':
        return `${value} ${target} = value === null ? NaN : value;`;
      case 'boolean':
        return `${value} ${target} = value === null ? NaN : value ? 1 : 0;`;
      case 'category':
        return `${value} ${target} = value === null ? NaN : dictionary.intern(value);`;
    }
  })();
  const body = where === null ? assign : `if (${where.code} === true) { ${assign} } else ${target} = NaN;`;
  return `{ ${body} }`;
}

/** A default that is a string is a number of the dictionary like any other string, held for ever. */
function dictionaryConstant(dictionary: Dictionary, text: string): number {
  const id = dictionary.intern(text);
  dictionary.retain(id);
  return id;
}
