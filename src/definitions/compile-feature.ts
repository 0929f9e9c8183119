import { basename } from 'node:path';
import { formatPlace } from '../errors.ts';
import { type AggregateCall, aggregateName, type OwnAggregate } from './aggregate-call.ts';
import { isVector } from './aggregate-signatures.ts';
import { AggregateReader, compileAggregation } from './compile-aggregation.ts';
import { expressionFor } from './compile-lambda.ts';
import { compileOwnAggregate } from './compile-own-aggregate.ts';
import type { Aggregation, Feature, FeatureType, Grid } from './definition.ts';
import type { Problem } from './definition-error.ts';
import { typeName } from './expression-refusals.ts';
import type { RecordParameter } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';
import { type OptionReader, show } from './option-reader.ts';
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
  const value =
    typeof aggregate === 'string'
      ? simpleValue(compileAggregation(aggregate, reader, trees, parameters, problems))
      : ownValue(aggregate, reader, trees, problems);
  if (value === null) return null;
  const whenEmpty = readDefault(options, value.valueType);
  if (problems.length > before || range === null) return null;
  return { name, aggregate: aggregateName(call), ...value, range, default: whenEmpty };
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
  const place = call.site.lambdaPlace(String(call.given[0]), 0);
  const [wrong] = found;
  if (wrong !== undefined) {
    const types = inputs.map(({ type }) => typeName(type)).join(' and ');
    const there = formatPlace({ ...wrong.place, file: basename(wrong.place.file ?? '') });
    problems.push({
      message: `${what} cannot be made of ${types}: ${wrong.message} (${there})`,
      place,
      remedy: `${wrong.remedy}, there or here`,
    });
    return null;
  }
  const result = tree && expressionFor(tree, what, place, problems);
  const [first, ...others] = aggregations;
  if (result === null || first === undefined) return null;
  return { aggregations: [first, ...others], result, valueType: result.type };
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
