import { type AggregateName, signatureOf } from '../../src/definitions/aggregate-signatures.ts';
import { compileOwnAggregate } from '../../src/definitions/compile-own-aggregate.ts';
import type {
  AggregateParameters,
  Aggregation,
  Feature,
  FeatureGroup,
  Source,
} from '../../src/definitions/definition.ts';
import { DefinitionError, type Problem } from '../../src/definitions/definition-error.ts';
import type { Expression } from '../../src/definitions/expression.ts';
import { expressionOf } from '../../src/definitions/expression-code.ts';
import { parseLambda } from '../../src/definitions/expression-parser.ts';
import { recordOf } from '../../src/definitions/expression-scope.ts';
import type { Node } from '../../src/definitions/expression-tree.ts';
import { type Definition, SAMPLE, SOURCE_NAME, TOPIC } from './definition-arbitrary.ts';
import { usesCalendar } from './oracle.ts';
import { isOwn, type OwnName, ownAggregate } from './own-aggregates.ts';

/** What of a definition the operators need. */
export type RunnableDefinition = Pick<Definition, 'group' | 'lambdas' | 'fields' | 'entityFields'>;

/**
 * The group as the operators take it, without a file: its lambdas parsed and compiled, the rest as described.
 * (That a definitions file comes to the same is what the tests through the command line show.)
 */
export function compileGroup(definition: RunnableDefinition): FeatureGroup {
  const { group, lambdas, fields, entityFields } = definition;
  const tree = (text: string): Node => parseLambda(text, recordOf(fields));
  const expression = (text: string): Expression => expressionOf(tree(text));
  const condition = (text: string | null): Expression | null => (text === null ? null : expression(text));
  const source: Source = {
    kind: 'source',
    name: SOURCE_NAME,
    topic: TOPIC,
    key: 'id',
    fields,
    format: 'json',
    writerSchemaFile: null,
    eventTime: { field: 'at', zone: null },
    maxOutOfOrdernessMs: group.maxOutOfOrdernessMs,
    maxAheadMs: group.maxAheadMs,
    idleTimeoutMs: null,
    onNullEventTime: group.onNullEventTime,
    epoch: group.epoch,
    checkKey: group.key !== null,
  };
  return {
    kind: 'featureGroup',
    ...SAMPLE,
    source,
    entity: entityFields,
    grid: group.grid,
    usesCalendar: usesCalendar(group),
    allowedLatenessMs: group.allowedLatenessMs,
    emit: group.emit,
    maxEntityState: group.maxEntityState,
    ttlMs: null,
    where: condition(lambdas.where),
    features: group.features.map(({ name, aggregate, parameters, range, ...feature }, index): Feature => {
      const { inputs, where } = lambdas.features[index]!;
      const value = isOwn(aggregate)
        ? ownValue(aggregate, inputs.map(tree), where === null ? null : tree(where))
        : simpleValue(aggregate, inputs.map(expression), condition(where), parameters);
      return { name, aggregate, ...value, range, default: feature.default as Feature['default'] };
    }),
    fingerprint: 'one definition',
  };
}

type FeatureValue = Pick<Feature, 'aggregations' | 'result' | 'valueType'>;

function simpleValue(
  aggregate: AggregateName,
  inputs: readonly Expression[],
  where: Expression | null,
  parameters: AggregateParameters,
): FeatureValue {
  const [input = null, other = null] = inputs;
  const valueType = signatureOf(aggregate).valueType(inputs.map(({ type }) => type));
  return {
    aggregations: [{ aggregate, input, other, where, parameters, valueType }],
    result: null,
    valueType,
  };
}

function ownValue(name: OwnName, inputs: readonly Node[], where: Node | null): FeatureValue {
  const problems: Problem[] = [];
  const aggregations: Aggregation[] = [];
  const result = compileOwnAggregate(ownAggregate(name), inputs, where, aggregations, problems);
  const [first, ...others] = aggregations;
  if (result === null || first === undefined) throw new DefinitionError(problems as [Problem]);
  const expression = expressionOf(result);
  return { aggregations: [first, ...others], result: expression, valueType: expression.type };
}
