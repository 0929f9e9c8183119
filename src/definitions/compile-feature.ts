import type { AggregateCall } from './aggregate-functions.ts';
import { isVector, signatureOf } from './aggregate-signatures.ts';
import { compileLambda } from './compile-lambda.ts';
import type { AggregateParameters, Feature, FeatureType, Grid } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { Expression, ValueType } from './expression.ts';
import { typeName } from './expression-refusals.ts';
import type { RecordParameter } from './expression-scope.ts';
import { OptionReader, show } from './option-reader.ts';
import { readParameters } from './read-parameters.ts';
import { RANGES, readRange } from './read-range.ts';

/** Checks and compiles one feature of a group; null when something is wrong with it. */
export function compileFeature(
  name: string,
  call: AggregateCall,
  record: RecordParameter,
  grid: Grid | null,
  problems: Problem[],
): Feature | null {
  const { aggregate, given, site } = call;
  const signature = signatureOf(aggregate);
  const before = problems.length;
  const what = `${aggregate} of '${name}'`;
  const isOfRecords = signature.optionalInput === true && typeof given[0] !== 'function' && given.length <= 1;
  const inputCount = isOfRecords ? 0 : signature.inputs.length;
  const options = new OptionReader(
    what,
    given[inputCount] ?? (grid?.kind === 'session' ? {} : undefined),
    site.options(inputCount),
    problems,
  );
  const rules = signature.parameters ?? {};
  const ranges = grid?.kind === 'session' ? [] : RANGES;
  options.only([...Object.keys(rules), ...ranges, 'where', 'default'], {
    every: 'the grid belongs to the group: write every beside features',
    session: 'the gap belongs to the group: write session beside features, in place of every',
    ...Object.fromEntries(RANGES.map((range) => [range, 'leave it out: the range is the session'])),
  });
  const inputs = signature.inputs.slice(0, inputCount).map((types, index) => {
    const which = signature.inputs.length === 1 ? 'the lambda' : `the ${ORDINALS[index]} lambda`;
    const input = compileLambda(given[index], `${which} of ${what}`, record, site, problems);
    if (input !== null && !types.includes(input.type)) {
      problems.push({
        ...inputProblem(what, types, input),
        place: site.lambdaPlace(String(given[index]), 0),
      });
    }
    return input;
  });
  const where = options.has('where')
    ? compileLambda(options.given['where'], `'where' of ${what}`, record, site, problems)
    : null;
  if (where !== null && where.type !== 'boolean') {
    options.wrong(
      'where',
      `gives ${typeName(where.type)}, not a boolean`,
      'write a condition, like t.amount > 0',
    );
  }
  const parameters: AggregateParameters = readParameters(options, rules);
  const range = readRange(what, options, grid, problems);
  const known = inputs.filter((input) => input !== null);
  if (known.length < inputs.length) return null;
  const valueType = signature.valueType(known.map(({ type }) => type));
  const whenEmpty = readDefault(options, valueType);
  if (problems.length > before || range === null) return null;
  const [input = null, other = null] = known;
  const aggregation = { aggregate, input, other, where, parameters, valueType };
  return { name, aggregations: [aggregation], result: null, range, default: whenEmpty, valueType };
}

const ORDINALS = ['first', 'second'];

function inputProblem(
  what: string,
  types: readonly ValueType[],
  input: Expression,
): Pick<Problem, 'message' | 'remedy'> {
  const wanted = types.filter((type) => type !== 'integer');
  const remedy =
    wanted.length === 1 && wanted[0] === 'boolean'
      ? "write a condition, like (t) => t.status === 'failed'"
      : input.type === 'boolean'
        ? 'write condition ? 1 : 0, or rate((t) => condition, …)'
        : input.type === 'string'
          ? 'read a field that is a number, or write Number(text)'
          : 'bytes can only be tested for null or counted: count((t) => t.field, …)';
  return { message: `${what} takes ${wanted.join(' or ')}, not ${typeName(input.type)}`, remedy };
}

function readDefault(options: OptionReader, type: FeatureType): Feature['default'] {
  const value = options.given['default'];
  if (value === undefined || value === null) return null;
  if (isVector(type)) {
    options.wrong(
      'default',
      'has nothing to replace: of no values this is an empty list or map, never null',
      'leave it out',
    );
    return null;
  }
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
