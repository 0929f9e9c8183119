import { basename } from 'node:path';
import { formatPlace } from '../errors.ts';
import { type AggregateCall, aggregateName, type OwnAggregate } from './aggregate-call.ts';
import { isVector, signatureOf } from './aggregate-signatures.ts';
import { AggregateReader, compileAggregation } from './compile-aggregation.ts';
import { withinLength } from './compile-lambda.ts';
import { compileOwnAggregate } from './compile-own-aggregate.ts';
import type { Aggregation, Feature, FeatureType, Grid, Range } from './definition.ts';
import type { Problem } from './definition-error.ts';
import { expressionOf } from './expression-code.ts';
import { typeName } from './expression-refusals.ts';
import type { RecordParameter } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';
import { type OptionReader, show } from './option-reader.ts';
import { rangeLimitProblem } from './range-limit.ts';
import { RANGES, readRange } from './read-range.ts';

/** Checks and compiles one feature of a group; null when something is wrong with it. */
export function compileFeature(
  name: string,
  call: AggregateCall,
  record: RecordParameter,
  grid: Grid | null,
  problems: Problem[],
): Feature | null {
  const { aggregate } = call;
  if (typeof aggregate !== 'string' && !aggregate.isSound) return null;
  const before = problems.length;
  const reader = new AggregateReader(name, call, problems);
  const { what, options } = reader;
  reader.checkOptions([...(grid?.kind === 'session' ? [] : RANGES), 'default'], {
    every: 'the grid belongs to the group: write every beside features',
    session: 'the gap belongs to the group: write session beside features, in place of every',
    ...Object.fromEntries(RANGES.map((range) => [range, 'leave it out: the range is the session'])),
  });
  const trees = reader.trees(record);
  const parameters = reader.parameters();
  const range = readRange(what, options, grid, problems);
  if (trees === null) return null;
  const value = withinLength(what, call.site.lambdaPlace(call.given[0], 0), problems, () =>
    typeof aggregate === 'string'
      ? simpleValue(compileAggregation(aggregate, reader, trees, parameters, problems))
      : ownValue(aggregate, reader, trees, problems),
  );
  if (value === null) return null;
  const neverNull = typeof aggregate === 'string' && signatureOf(aggregate).neverNull === true;
  const whenEmpty = readDefault(options, value.valueType, neverNull);
  if (problems.length === before && range !== null && grid !== null) {
    for (const aggregation of value.aggregations) checkRangeLimit(aggregation, reader, range, grid);
  }
  if (problems.length > before || range === null) return null;
  return { name, aggregate: aggregateName(call), ...value, range, default: whenEmpty };
}

/** At the parameter that limits the range, or where an aggregate of the user's own is called. */
function checkRangeLimit(
  aggregation: Aggregation,
  { what, call, options }: AggregateReader,
  range: Range,
  grid: Grid,
): void {
  const wrong = rangeLimitProblem(aggregation, range, grid);
  if (wrong === null) return;
  const { parameter, problem, remedy } = wrong;
  if (typeof call.aggregate === 'string') options.wrong(parameter, problem, remedy);
  else {
    const message = `'${parameter}' of ${aggregation.aggregate} in ${what} ${problem}`;
    options.problem(options.site.place, message, remedy);
  }
}

type FeatureValue = Pick<Feature, 'aggregations' | 'result' | 'valueType'>;

function simpleValue(aggregation: Aggregation | null): FeatureValue | null {
  if (aggregation === null) return null;
  return { aggregations: [aggregation], result: null, valueType: aggregation.valueType };
}

/** What is wrong with an aggregate of the user's own only for the inputs of this feature is told at the feature. */
function ownValue(
  aggregate: OwnAggregate,
  { what, call }: AggregateReader,
  { inputs, where }: { readonly inputs: readonly Node[]; readonly where: Node | null },
  problems: Problem[],
): FeatureValue | null {
  const found: Problem[] = [];
  const aggregations: Aggregation[] = [];
  const tree = compileOwnAggregate(aggregate, inputs, where, aggregations, found);
  const [wrong] = found;
  if (wrong !== undefined) {
    const types = inputs.map(({ type }) => typeName(type)).join(' and ');
    const there = formatPlace({ ...wrong.place, file: basename(wrong.place.file ?? '') });
    problems.push({
      message: `${what} cannot be made of ${types}: ${wrong.message} (${there})`,
      place: call.site.lambdaPlace(call.given[0], 0),
      remedy: `give it another input, or mend ${aggregate.name}: ${wrong.remedy}`,
    });
    return null;
  }
  const [first, ...others] = aggregations;
  if (tree === null || first === undefined) return null;
  const result = expressionOf(tree);
  return { aggregations: [first, ...others], result, valueType: result.type };
}

function readDefault(options: OptionReader, type: FeatureType, neverNull: boolean): Feature['default'] {
  const value = options.given['default'];
  if (value === undefined || value === null) return null;
  if (neverNull && value !== 0) {
    options.wrong('default', 'has nothing to replace: of no values this is 0, never null', 'leave it out');
    return null;
  }
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
