import { signatureOf } from '../../src/definitions/aggregate-signatures.ts';
import type { Feature, FeatureGroup, Source } from '../../src/definitions/definition.ts';
import type { Expression } from '../../src/definitions/expression.ts';
import { expressionOf } from '../../src/definitions/expression-code.ts';
import { parseLambda } from '../../src/definitions/expression-parser.ts';
import { recordOf } from '../../src/definitions/expression-scope.ts';
import { type Definition, SAMPLE, SOURCE_NAME, TOPIC } from './definition-arbitrary.ts';
import { usesCalendar } from './oracle.ts';

/** What of a definition the operators need. */
export type RunnableDefinition = Pick<Definition, 'group' | 'lambdas' | 'fields' | 'entityFields'>;

/**
 * The group as the operators take it, without a file: its lambdas parsed and compiled, the rest as described.
 * (That a definitions file comes to the same is what the tests through the command line show.)
 */
export function compileGroup(definition: RunnableDefinition): FeatureGroup {
  const { group, lambdas, fields, entityFields } = definition;
  const expression = (text: string): Expression => expressionOf(parseLambda(text, recordOf(fields)));
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
    ttlMs: null,
    where: condition(lambdas.where),
    features: group.features.map(({ name, aggregate, parameters, range, ...feature }, index): Feature => {
      const { inputs, where } = lambdas.features[index]!;
      const [input = null, other = null] = inputs.map(expression);
      const types = [input, other].flatMap((each) => each?.type ?? []);
      const valueType = signatureOf(aggregate).valueType(types);
      const aggregation = { aggregate, input, other, where: condition(where), parameters, valueType };
      return {
        name,
        aggregate,
        aggregations: [aggregation],
        result: null,
        range,
        default: feature.default as Feature['default'],
        valueType,
      };
    }),
    fingerprint: 'one definition',
  };
}
