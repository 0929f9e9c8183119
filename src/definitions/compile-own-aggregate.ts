import { type AggregateCall, aggregateName, type OwnAggregate } from './aggregate-call.ts';
import { featureTypeName, isVector } from './aggregate-signatures.ts';
import { AggregateReader, compileAggregation } from './compile-aggregation.ts';
import { checkLambda } from './compile-lambda.ts';
import type { Aggregation } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { LambdaParameters } from './expression-scope.ts';
import { fieldsOf, isNull, logic, type Node, not, valueNode } from './expression-tree.ts';
import { aggregationMeaning } from './fingerprint.ts';
import { RANGES } from './read-range.ts';

/**
 * Puts the inputs of an aggregate of the user's own in place of the parameters of its parts' lambdas, so that they
 * mean what they would if they were written over the record. Adds to `aggregations` those of the parts; gives the
 * value as a tree over them ({@link Feature.result}), null when something is wrong. `where` is of the aggregate as a
 * whole: the parts' own come on top, and a record where an input is null reaches none.
 * @throws ExpressionTooLong
 */
export function compileOwnAggregate(
  { name, parts, result, site }: OwnAggregate,
  inputs: readonly Node[],
  where: Node | null,
  aggregations: Aggregation[],
  problems: Problem[],
): Node | null {
  const known = inputs.filter((input) => input.nullable).map((input) => not(isNull(input)));
  const reached = allOf([where, ...known]);
  const members = new Map<string, Node>();
  for (const [partName, call] of parts) {
    const value = compilePart(
      partName,
      call,
      { kind: 'values', values: inputs },
      reached,
      aggregations,
      problems,
    );
    if (value !== null) members.set(partName, value);
  }
  if (members.size < parts.size) return null;
  const values: LambdaParameters = { kind: 'record', members, missing: `${name} has no part` };
  const tree = checkLambda(result, `the result of ${name}`, values, site, problems);
  if (tree === null) return null;
  const read = fieldsOf(tree);
  const unread = [...members].find(([, value]) => ![...fieldsOf(value)].every((field) => read.has(field)));
  if (unread === undefined) return tree;
  problems.push({
    message: `the result of ${name} does not read the part '${unread[0]}'`,
    place: site.lambdaPlace(result, 0),
    remedy: 'read it, or leave the part out',
  });
  return null;
}

function compilePart(
  name: string,
  call: AggregateCall,
  inputs: LambdaParameters,
  reached: Node | null,
  aggregations: Aggregation[],
  problems: Problem[],
): Node | null {
  const { aggregate } = call;
  if (typeof aggregate !== 'string' && !aggregate.isSound) return null;
  const before = problems.length;
  const reader = new AggregateReader(name, call, problems);
  reader.checkOptions([], NOT_IN_PARTS);
  const parameters = reader.parameters();
  const trees = reader.trees(inputs);
  if (trees === null || problems.length > before) return null;
  const where = allOf([reached, trees.where]);
  if (typeof aggregate !== 'string') {
    return compileOwnAggregate(aggregate, trees.inputs, where, aggregations, problems);
  }
  const aggregation = compileAggregation(aggregate, reader, { ...trees, where }, parameters, problems);
  if (aggregation === null) return null;
  const { valueType } = aggregation;
  if (isVector(valueType)) {
    problems.push({
      message: `the part '${name}' is a ${featureTypeName(valueType)}, and a result is made of single values`,
      place: call.site.place,
      remedy: `make ${aggregateName(call)} a feature of its own`,
    });
    return null;
  }
  return valueNode(String(indexOf(aggregation, aggregations)), valueType, { nullable: true });
}

const NOT_IN_PARTS = {
  ...Object.fromEntries(
    RANGES.map((range) => [range, 'leave it out: the range is that of the feature, where it is used']),
  ),
  default: 'leave it out, and write value ?? 0 in the result',
};

/** Where an aggregation stands in a list; an equal one is not added again. */
function indexOf(aggregation: Aggregation, aggregations: Aggregation[]): number {
  const meaning = JSON.stringify(aggregationMeaning(aggregation));
  const found = aggregations.findIndex((each) => JSON.stringify(aggregationMeaning(each)) === meaning);
  return found >= 0 ? found : aggregations.push(aggregation) - 1;
}

function allOf(conditions: readonly (Node | null)[]): Node | null {
  const given = conditions.filter((condition) => condition !== null);
  return given.length === 0 ? null : given.reduce((left, right) => logic('and', left, right));
}
