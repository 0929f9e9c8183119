import { AGGREGATE_NAMES, type AggregateName, signatureOf } from '../src/definitions/aggregate-signatures.ts';
import type { ValueType } from '../src/definitions/expression.ts';
import type { ParameterRule } from '../src/definitions/read-parameters.ts';

/** An aggregate with lambdas over a card transaction, as a definitions file spells it. */
export interface AggregateFeature {
  readonly name: AggregateName;
  /** What its lambdas read, in words; null when it aggregates records. */
  readonly of: string | null;
  readonly text: string;
}

/** What of a transaction stands for each type, amounts twice: as integers of the minor unit and as doubles. */
const INPUTS: Readonly<Partial<Record<ValueType, { readonly of: string; readonly lambda: string }>>> = {
  integer: { of: 'integers', lambda: '(t) => t.amount_minor' },
  number: { of: 'doubles', lambda: '(t) => t.amount_minor / 100' },
  string: { of: '100 merchants', lambda: '(t) => t.merchant_id' },
  boolean: { of: 'booleans', lambda: `(t) => t.status === 'failed'` },
};

/** The merchants that {@link INPUTS} speak of. */
export const MERCHANTS = 100;

/**
 * Every aggregate over a range, once for each kind of input that it takes: texts where it takes categories, for
 * numbers are kept as they are; booleans where it takes nothing else.
 */
export function aggregateFeatures(range: string): AggregateFeature[] {
  return AGGREGATE_NAMES.flatMap((name) => {
    const { inputs, optionalInput, parameters = {} } = signatureOf(name);
    const options = [
      ...Object.entries(parameters).map(([option, rule]) => `${option}: ${example(rule)}`),
      range,
    ];
    const feature = (of: string | null, lambdas: readonly string[]): AggregateFeature => {
      return { name, of, text: `${name}(${[...lambdas, `{ ${options.join(', ')} }`].join(', ')})` };
    };
    if (optionalInput === true || inputs.length === 0) return [feature(null, [])];
    const [first, second] = inputs;
    return typesToMeasure(first!).map((type) => {
      const others =
        second === undefined ? [] : [INPUTS[second.includes('number') ? 'number' : 'string']!.lambda];
      return feature(INPUTS[type]!.of, [INPUTS[type]!.lambda, ...others]);
    });
  });
}

function typesToMeasure(types: readonly ValueType[]): readonly ValueType[] {
  if (!types.includes('string')) return types.filter((type) => type in INPUTS);
  return types.includes('boolean') ? ['string'] : ['number', 'string'];
}

function example(rule: ParameterRule): string {
  switch (rule.kind) {
    case 'integer':
      return String(rule.default ?? Math.max(rule.from, 3));
    case 'number':
      return String(rule.default ?? (rule.from + rule.to) / 2);
    case 'duration':
      return `'${rule.example}'`;
    case 'edges':
      return rule.example;
  }
}
