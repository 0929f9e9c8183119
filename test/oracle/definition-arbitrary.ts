import fc from 'fast-check';
import type { AggregateName, FieldType, Scalar } from '../../src/definitions/definition.ts';
import { formatDuration } from '../../src/time.ts';
import type { FeatureDescription } from './aggregate.ts';
import { FIELD_TYPES, NUMBERS, PREDICATES, SCHEMA_TEXT, TEXTS, typed } from './lambdas.ts';
import type { GroupDescription } from './oracle.ts';

/** A definitions file and, from the same choices, what the oracle takes in its place. */
export interface Definition {
  readonly text: string;
  readonly group: GroupDescription;
  readonly entityFields: readonly string[];
  readonly idKind: 'string' | 'long';
  readonly fields: ReadonlyMap<string, FieldType>;
  /** The lambdas of `group` as the text spells them. */
  readonly lambdas: {
    readonly where: string | null;
    readonly features: readonly { readonly input: string | null; readonly where: string | null }[];
  };
}

export const TOPIC = 'events-topic';
export const SOURCE_NAME = 'events';
/** The group that varies, and a plain one beside it over the same source. */
export const SAMPLE = { name: 'sample', version: 3 };
export const TALLY = { name: 'tally', version: 1 };

interface Input {
  /** Null where records are counted. */
  readonly text: string | null;
  readonly integer: boolean;
  readonly evaluate: FeatureDescription['input'];
  /** A default of the input's own type, and one as a feature that is always a number has it. */
  readonly default: Scalar;
}

const numbers: readonly Input[] = NUMBERS.map((lambda) => ({ ...lambda, default: 0 }));
const predicates: readonly Input[] = PREDICATES.map((lambda) => ({
  ...lambda,
  integer: false,
  default: false,
}));
const texts: readonly Input[] = TEXTS.map((lambda) => ({ ...lambda, integer: false, default: 'nothing' }));
const anything: readonly Input[] = [...numbers, ...predicates, ...texts];
const records: Input = { text: null, integer: true, evaluate: null, default: 0 };

/** What each aggregate may read. */
const INPUTS: Readonly<Record<AggregateName, readonly Input[]>> = {
  count: [records, records, ...anything],
  sum: numbers,
  avg: numbers,
  min: [...numbers, ...texts],
  max: [...numbers, ...texts],
  first: anything,
  last: anything,
  rate: predicates,
  distinctCount: anything,
  entropy: anything,
};
const AGGREGATES = Object.keys(INPUTS) as AggregateName[];
const OF_THE_INPUT_TYPE: readonly AggregateName[] = ['min', 'max', 'first', 'last'];
/** These have a value of nothing, which no default replaces. */
const NEVER_NULL: readonly AggregateName[] = ['count', 'distinctCount'];

const choice = fc.nat({ max: 999 });

interface FeatureChoice {
  readonly aggregate: AggregateName;
  readonly input: number;
  readonly where: number | null;
  readonly hasDefault: boolean;
  /** Length in steps, and what is added to it in thousandths of a step. */
  readonly steps: number;
  readonly surplus: number;
}

const featureChoice: fc.Arbitrary<FeatureChoice> = fc.record({
  aggregate: fc.constantFrom(...AGGREGATES),
  input: choice,
  where: fc.option(choice, { freq: 2 }),
  hasDefault: fc.boolean(),
  steps: fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 20 })),
  surplus: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: choice }),
});

interface BuiltFeature {
  readonly text: string;
  readonly lambdas: Definition['lambdas']['features'][number];
  readonly description: FeatureDescription;
}

function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length]!;
}

function buildFeature(chosen: FeatureChoice, index: number, stepMs: number): BuiltFeature {
  const { aggregate } = chosen;
  const input = pick(INPUTS[aggregate], chosen.input);
  const where = chosen.where === null ? null : pick(PREDICATES, chosen.where);
  const lengthMs = chosen.steps * stepMs + Math.floor((chosen.surplus / 1000) * stepMs);
  const replaces = chosen.hasDefault && !NEVER_NULL.includes(aggregate);
  const fallback = OF_THE_INPUT_TYPE.includes(aggregate) ? input.default : 0;
  const name = `f${index}_${aggregate}`;
  const options = [`last: '${formatDuration(lengthMs)}'`];
  if (where !== null) options.push(`where: ${where.text}`);
  if (replaces) options.push(`default: ${JSON.stringify(fallback)}`);
  return {
    text: `    ${name}: ${aggregate}(${input.text === null ? '' : `${input.text}, `}{ ${options.join(', ')} }),`,
    lambdas: { input: input.text, where: where?.text ?? null },
    description: {
      name,
      aggregate,
      lengthMs,
      input: input.evaluate,
      integer: input.integer,
      where: where === null ? null : where.evaluate,
      default: replaces ? fallback : null,
    },
  };
}

/** A time of up to so many steps: on the grid of steps or off it. */
function upToSteps(steps: number): fc.Arbitrary<(stepMs: number) => number> {
  return fc
    .record({ whole: fc.integer({ min: 0, max: steps }), surplus: fc.oneof(fc.constant(0), choice) })
    .map(
      ({ whole, surplus }) =>
        (stepMs: number) =>
          whole * stepMs + Math.floor((surplus / 1000) * stepMs),
    );
}

const groupChoice = fc.record({
  stepMs: fc.constantFrom(10, 1, 3, 250, 1000, 60_000, 300_000),
  offset: fc.oneof(fc.constant(0), choice),
  features: fc.array(featureChoice, { minLength: 1, maxLength: 5 }),
  lateness: fc.oneof(
    fc.constant(() => 0),
    upToSteps(6),
  ),
  disorder: fc.oneof(
    fc.constant(() => 0),
    upToSteps(3),
  ),
  ahead: fc.option(upToSteps(8)),
  onNullEventTime: fc.constantFrom('reject' as const, 'logTime' as const),
  emit: fc.oneof(
    { weight: 3, arbitrary: fc.constant('change' as const) },
    { weight: 1, arbitrary: fc.constant('close' as const) },
  ),
  epoch: fc.constantFrom(0, 0, 0, 1, 3),
  checkKey: fc.boolean(),
  where: fc.option(choice, { freq: 2 }),
  entityFields: fc.constantFrom(['id'], ['id'], ['id', 'sub'], ['sub', 'id'], ['id', 'kind']),
  idKind: fc.constantFrom('string' as const, 'long' as const),
});

export const definitionArbitrary: fc.Arbitrary<Definition> = groupChoice.map((chosen) => {
  const { stepMs, entityFields, idKind, onNullEventTime, emit, epoch, checkKey } = chosen;
  const offsetMs = Math.floor((chosen.offset / 1000) * stepMs);
  const allowedLatenessMs = chosen.lateness(stepMs);
  const maxOutOfOrdernessMs = chosen.disorder(stepMs);
  const maxAheadMs = chosen.ahead === null ? null : chosen.ahead(stepMs);
  const features = chosen.features.map((feature, index) => buildFeature(feature, index, stepMs));
  const where = chosen.where === null ? null : pick(PREDICATES, chosen.where);
  const aggregates = [...new Set(['count', ...features.map((feature) => feature.description.aggregate)])];
  const group: GroupDescription = {
    stepMs,
    offsetMs,
    allowedLatenessMs,
    maxOutOfOrdernessMs,
    maxAheadMs,
    onNullEventTime,
    emit,
    epoch,
    where: where === null ? null : where.evaluate,
    entity: (row) => entityFields.map((name) => row[name] ?? null),
    key: checkKey ? (row) => row['id'] ?? null : null,
    features: features.map((feature) => feature.description),
  };
  const text = `import { ${[...aggregates, 'defineFeatureGroup', 'defineSource', 'field'].join(', ')} } from 'tidemark';

export const events = defineSource({
  name: '${SOURCE_NAME}',
  topic: '${TOPIC}',
  key: 'id',
  schema: {
    id: field.nullable(field.${idKind}),${SCHEMA_TEXT}
  },
  eventTime: { field: 'at' },
  watermark: {
    maxOutOfOrderness: '${formatDuration(maxOutOfOrdernessMs)}',
    maxAhead: ${maxAheadMs === null ? 'null' : `'${formatDuration(maxAheadMs)}'`},
  },
  onNullEventTime: '${onNullEventTime}',
  epoch: ${epoch},
  checkKey: ${checkKey},
});

export const sample = defineFeatureGroup({
  name: '${SAMPLE.name}',
  version: ${SAMPLE.version},
  source: events,
  entity: ${entityFields.length === 1 ? `'${entityFields[0]}'` : JSON.stringify(entityFields)},
  every: '${formatDuration(stepMs)}',
  offset: '${formatDuration(offsetMs)}',
  allowedLateness: '${formatDuration(allowedLatenessMs)}',
  emit: '${emit}',
${where === null ? '' : `  where: ${where.text},\n`}  features: {
${features.map((feature) => feature.text).join('\n')}
  },
});

export const tally = defineFeatureGroup({
  name: '${TALLY.name}',
  version: ${TALLY.version},
  source: events,
  entity: 'id',
  every: '${formatDuration(stepMs)}',
  where: ${PREDICATES[0]!.text},
  features: { events: count({ last: '${formatDuration(stepMs)}' }) },
});
`;
  return {
    text,
    group,
    entityFields,
    idKind,
    fields: new Map([['id', typed(idKind, { nullable: true })], ...FIELD_TYPES]),
    lambdas: { where: where?.text ?? null, features: features.map((feature) => feature.lambdas) },
  };
});

/** The plain group of every definition. */
export function tallyOf(definition: Definition): Pick<Definition, 'group' | 'entityFields'> {
  const { stepMs } = definition.group;
  return {
    entityFields: ['id'],
    group: {
      ...definition.group,
      offsetMs: 0,
      allowedLatenessMs: 0,
      emit: 'change',
      where: PREDICATES[0]!.evaluate,
      entity: (row) => [row['id'] ?? null],
      features: [
        {
          name: 'events',
          aggregate: 'count',
          lengthMs: stepMs,
          input: null,
          integer: true,
          where: null,
          default: null,
        },
      ],
    },
  };
}
