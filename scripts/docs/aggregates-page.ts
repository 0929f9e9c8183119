import { createAggregate } from '../../src/aggregates/create-aggregate.ts';
import { Dictionary } from '../../src/aggregates/dictionary.ts';
import {
  AGGREGATE_NAMES,
  type AggregateName,
  type AggregateSignature,
  signatureOf,
} from '../../src/definitions/aggregate-signatures.ts';
import type { Aggregation } from '../../src/definitions/definition.ts';
import type { ValueType } from '../../src/definitions/expression.ts';
import type { ParameterRule } from '../../src/definitions/read-parameters.ts';
import { AGGREGATE_FUNCTIONS, type Docstring, readDocstrings } from './docstrings.ts';
import { loadSnippet } from './snippet.ts';

/** Where users find the aggregates, under headings that say what they are for. */
const SECTIONS: readonly (readonly [title: string, names: readonly AggregateName[]])[] = [
  ['Counts and sums', ['count', 'rate', 'sum', 'avg', 'decayedCount', 'decayedSum', 'histogram']],
  [
    'Spread and moments',
    [
      'variance',
      'variancePop',
      'stddev',
      'stddevPop',
      'skewness',
      'kurtosis',
      'covariance',
      'covariancePop',
      'correlation',
    ],
  ],
  ['Least and greatest', ['min', 'max', 'minN', 'maxN']],
  [
    'Order and time',
    ['first', 'last', 'firstN', 'lastN', 'firstDistinctN', 'lastDistinctN', 'timeSinceLast', 'timeSpan'],
  ],
  [
    'Categories',
    ['distinctCount', 'distinctValues', 'countBy', 'topK', 'topKBySum', 'mostFrequentShare', 'entropy'],
  ],
  ['Approximate', ['approxDistinctCount', 'approxPercentile']],
];

const INTRODUCTION = `# Aggregates

<!-- Made by npm run docs, from the docstrings of src/definitions/aggregate-functions.ts and the table of signatures. -->

What a feature can be. \`x\` and \`y\` stand for lambdas over the record, \`(t) => t.amount\`; \`…\` for the options that every aggregate takes: a [range](definitions.md#ranges), \`where: (t) => …\` for the records that are to reach it, and \`default\` in place of the null of no values at all. [Nulls, numbers and time zones](nulls-numbers-and-time-zones.md) holds examples. Others can be made of these: [aggregates of your own](definitions.md#aggregates-of-your-own).

All but the approximate ones are exact: the value is a function of the values in the window (and of their times, where it says so), rounded once where it is rounded. No order of arrival, expiry, merge of panes or restart changes a bit. The approximate ones are functions of the values alone, too: equal values, equal bits.

*Cells* are what an entity's state holds for the feature, 8 bytes each, in each pane with events and for the window that slides over the panes; what they do not hold by themselves is said under *state*.
`;

/** The text of docs/aggregates.md. */
export async function aggregatesPage(): Promise<string> {
  const docstrings = readDocstrings(AGGREGATE_FUNCTIONS);
  const uses = await loadUses();
  const missing = AGGREGATE_NAMES.filter((name) => !SECTIONS.some(([, names]) => names.includes(name)));
  if (missing.length > 0) throw new Error(`docs/aggregates.md has no section for ${missing.join(', ')}`);

  const contents = SECTIONS.map(
    ([title, names]) =>
      `| ${title} | ${names.map((name) => `[\`${name}\`](#${name.toLowerCase()})`).join(' ')} |`,
  );
  const parts = [INTRODUCTION, `| | |\n|---|---|\n${contents.join('\n')}\n`];
  for (const [title, names] of SECTIONS) {
    parts.push(
      `## ${title}\n`,
      ...names.map((name) =>
        entry(
          name,
          docstrings.get(name)!,
          uses.filter((use) => use.name === name),
        ),
      ),
    );
  }
  return parts.join('\n');
}

const INPUT_NAMES = ['x', 'y'];

function entry(name: AggregateName, { meaning, tags }: Docstring, uses: readonly Use[]): string {
  const signature = signatureOf(name);
  const rows = [
    ...signature.inputs.map((types, index) => [`\`${INPUT_NAMES[index]}\``, inputText(types, signature)]),
    ...Object.entries(signature.parameters ?? {}).map(([option, rule]) => [`\`${option}\``, ruleText(rule)]),
    ...['type', 'nulls', 'state', 'cost', 'error'].flatMap((tag) => {
      const text = tags.get(tag);
      return text === undefined ? [] : [[tag, text]];
    }),
    ['cells', cellsText(uses)],
  ];
  const table = rows.map(([what, text]) => `| ${what} | ${text!.replaceAll('|', '\\|')} |`);
  return `### ${name}\n\n${callText(name, signature)}\n\n${meaning}\n\n| | |\n|---|---|\n${table.join('\n')}\n`;
}

function callText(
  name: AggregateName,
  { inputs, optionalInput, parameters = {} }: AggregateSignature,
): string {
  const options = `{ ${[...Object.keys(parameters), '…'].join(', ')} }`;
  const call = (names: readonly string[]): string => `\`${name}(${[...names, options].join(', ')})\``;
  const full = call(INPUT_NAMES.slice(0, inputs.length));
  return optionalInput === true ? `${call([])} or ${full}` : full;
}

function inputText(types: readonly ValueType[], { optionalInput }: AggregateSignature): string {
  const text = types.join(', ').replace(/, (\w+)$/, ' or $1');
  return optionalInput === true ? `${text}; may be left out, for records instead of values` : text;
}

function ruleText(rule: ParameterRule): string {
  switch (rule.kind) {
    case 'integer':
      return `a whole number from ${rule.from} to ${rule.to}${defaultText(rule.default)}`;
    case 'number':
      return `a number from ${rule.from} to ${rule.to}${defaultText(rule.default)}`;
    case 'duration':
      return `a duration, like \`'${rule.example}'\``;
    case 'edges':
      return `rising numbers, like \`${rule.example}\``;
  }
}

function defaultText(value: number | undefined): string {
  return value === undefined ? '' : `; ${value} unless given`;
}

/** How many numbers a pane and a window are, as the aggregate itself says, for the types where that differs. */
function cellsText(uses: readonly Use[]): string {
  const byWidth = new Map<string, string[]>();
  for (const { types, aggregation } of uses) {
    const { paneWidth, windowWidth, valuesIn } = createAggregate(aggregation, new Dictionary());
    const counted =
      valuesIn === undefined
        ? ''
        : '; what a pane keeps beside counts as [values](definitions.md#the-state-of-one-entity)';
    const width = `${paneWidth} per pane, ${windowWidth} per window${counted}`;
    byWidth.set(width, [...(byWidth.get(width) ?? []), types.join(' and ')]);
  }
  if (byWidth.size === 1) return [...byWidth.keys()][0]!;
  return Array.from(byWidth, ([width, types]) => `${width} (${types.join(', ')})`).join('; ');
}

/** An aggregate as a definition uses it, with lambdas of these types. */
interface Use {
  readonly name: AggregateName;
  readonly types: readonly ValueType[];
  readonly aggregation: Aggregation;
}

/** A field of each type that lambdas can have. */
const SOURCE = `export const clicks = defineSource({
  name: 'clicks',
  schema: {
    user: field.string,
    at: field.timestampMillis,
    integer: field.long,
    number: field.double,
    string: field.string,
    boolean: field.boolean,
    bytes: field.bytes,
  },
  eventTime: { field: 'at' },
});`;

/** Every aggregate with lambdas of all types that it takes, as definitions load it. */
async function loadUses(): Promise<Use[]> {
  const wanted = AGGREGATE_NAMES.flatMap((name) =>
    combinations(signatureOf(name)).map((types) => ({ name, types })),
  );
  const features = wanted.map(({ name, types }, index) => {
    const lambdas = types.map((type) => `(t) => t.${type}`);
    const own = Object.entries(signatureOf(name).parameters ?? {}).map(
      ([option, rule]) => `${option}: ${exampleText(rule)}`,
    );
    return `feature_${index}: ${name}(${[...lambdas, `{ ${[...own, "last: '1h'"].join(', ')} }`].join(', ')}),`;
  });
  const group = await loadSnippet(SOURCE, `every: '1h', features: { ${features.join('\n')} },`);
  return wanted.map((use, index) => ({ ...use, aggregation: group.features[index]!.aggregations[0] }));
}

function exampleText(rule: ParameterRule): string {
  switch (rule.kind) {
    case 'integer':
      return String(rule.default ?? rule.from);
    case 'number':
      return String(rule.default ?? (rule.from + rule.to) / 2);
    case 'duration':
      return `'${rule.example}'`;
    case 'edges':
      return rule.example;
  }
}

/** The input types that the lambdas can have together. */
function combinations({ inputs }: AggregateSignature): ValueType[][] {
  return inputs.reduce<ValueType[][]>(
    (before, types) => before.flatMap((chosen) => types.map((type) => [...chosen, type])),
    [[]],
  );
}
