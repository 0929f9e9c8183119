import type { AggregateCall } from './aggregate-functions.ts';
import { compileLambda } from './compile-lambda.ts';
import type { AggregateName, Feature, Grid } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { Expression, ValueType } from './expression.ts';
import { typeName } from './expression-refusals.ts';
import type { FieldTypes } from './expression-scope.ts';
import { OptionReader, show } from './option-reader.ts';
import { RANGES, readRange } from './read-range.ts';

/** What an aggregate's lambda may give. */
const INPUT_TYPES: Readonly<Record<AggregateName, readonly ValueType[]>> = {
  count: ['integer', 'number', 'string', 'boolean', 'bytes'],
  sum: ['integer', 'number'],
  avg: ['integer', 'number'],
  min: ['integer', 'number', 'string'],
  max: ['integer', 'number', 'string'],
  first: ['integer', 'number', 'string', 'boolean'],
  last: ['integer', 'number', 'string', 'boolean'],
  rate: ['boolean'],
  distinctCount: ['integer', 'number', 'string', 'boolean'],
  entropy: ['integer', 'number', 'string', 'boolean'],
};

/** Options of windows that there are not yet, and what stands in their place. */
export const UNBUILT_RANGES = {
  session: "session windows are not built yet: use every: '5m' and last: '1h'",
};

/** Checks and compiles one feature of a group; null when something is wrong with it. */
export function compileFeature(
  name: string,
  call: AggregateCall,
  fields: FieldTypes,
  grid: Grid | null,
  problems: Problem[],
): Feature | null {
  const { aggregate, given, site } = call;
  const before = problems.length;
  const what = `${aggregate} of '${name}'`;
  const hasInput = aggregate !== 'count' || typeof given[0] === 'function' || given.length > 1;
  const optionsIndex = hasInput ? 1 : 0;
  const optionsSite = site.options(optionsIndex);
  const options = new OptionReader(what, given[optionsIndex], optionsSite, problems);
  options.only([...RANGES, 'where', 'default'], {
    ...UNBUILT_RANGES,
    every: 'the grid belongs to the group: write every beside features',
  });
  const input = hasInput ? compileLambda(given[0], `the lambda of ${what}`, fields, site, problems) : null;
  const where = options.has('where')
    ? compileLambda(options.given['where'], `'where' of ${what}`, fields, site, problems)
    : null;
  if (where !== null && where.type !== 'boolean') {
    options.wrong(
      'where',
      `gives ${typeName(where.type)}, not a boolean`,
      'write a condition, like t.amount > 0',
    );
  }
  if (input !== null && !INPUT_TYPES[aggregate].includes(input.type)) {
    problems.push({ ...inputProblem(aggregate, name, input), place: site.lambdaPlace(String(given[0]), 0) });
  }
  const range = readRange(what, options, grid, problems);
  if (hasInput && input === null) return null;
  const valueType = input === null ? 'integer' : valueTypeOf(aggregate, input);
  const whenEmpty = readDefault(options, valueType);
  if (problems.length > before || range === null) return null;
  return { name, aggregate, input, where, range, default: whenEmpty, valueType };
}

function inputProblem(
  aggregate: AggregateName,
  name: string,
  input: Expression,
): Pick<Problem, 'message' | 'remedy'> {
  const wanted = INPUT_TYPES[aggregate].filter((type) => type !== 'integer');
  const remedy =
    aggregate === 'rate'
      ? "write a condition, like (t) => t.status === 'failed'"
      : input.type === 'boolean'
        ? 'write condition ? 1 : 0, or rate((t) => condition, …)'
        : input.type === 'string'
          ? 'read a field that is a number, or write Number(text)'
          : 'bytes can only be tested for null or counted: count((t) => t.field, …)';
  return {
    message: `${aggregate} of '${name}' takes ${wanted.join(' or ')}, not ${typeName(input.type)}`,
    remedy,
  };
}

function valueTypeOf(aggregate: AggregateName, input: Expression): ValueType {
  switch (aggregate) {
    case 'count':
    case 'distinctCount':
      return 'integer';
    case 'sum':
      return input.type === 'integer' ? 'integer' : 'number';
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return input.type;
    case 'avg':
    case 'rate':
    case 'entropy':
      return 'number';
  }
}

function readDefault(options: OptionReader, type: ValueType): Feature['default'] {
  const value = options.given['default'];
  if (value === undefined || value === null) return null;
  const fits =
    type === 'integer'
      ? Number.isSafeInteger(value)
      : type === 'number'
        ? Number.isFinite(value)
        : typeof value === type;
  if (!fits) {
    const remedy = type === 'integer' || type === 'number' ? 'write default: 0' : `write ${typeName(type)}`;
    options.wrong('default', `is ${show(value)}, but the feature is ${typeName(type)}`, remedy);
    return null;
  }
  return typeof value === 'number' ? value + 0 : (value as string | boolean);
}
