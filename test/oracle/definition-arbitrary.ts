import fc from 'fast-check';
import {
  AGGREGATE_NAMES,
  type AggregateName,
  type AggregateSignature,
  signatureOf,
} from '../../src/definitions/aggregate-signatures.ts';
import {
  DEFAULT_MAX_ENTITY_STATE,
  type FieldType,
  type Grid,
  type Range,
} from '../../src/definitions/definition.ts';
import type { ValueType } from '../../src/definitions/expression.ts';
import { formatDuration } from '../../src/time.ts';
import { type FeatureDescription, isNullOfNothing } from './aggregate.ts';
import {
  CALENDAR_FRAMES,
  type Frame,
  gridOptions,
  PLAIN_FRAMES,
  SESSION_FRAMES,
  type WindowKind,
} from './frames.ts';
import { FIELD_TYPES, NUMBERS, PREDICATES, SCHEMA_TEXT, TEXTS, typed } from './lambdas.ts';
import type { GroupDescription } from './oracle.ts';
import { isOwn, OWN_NAMES, type OwnName, ownDescription } from './own-aggregates.ts';
import { parametersFrom, parametersText } from './parameters.ts';

/** A definitions file and, from the same choices, what the oracle takes in its place. */
export interface Definition {
  readonly text: string;
  readonly group: GroupDescription;
  /** About the time between two grid times; of sessions, the gap. */
  readonly stepMs: number;
  /** Where a log's clock may start. */
  readonly starts: readonly number[];
  readonly entityFields: readonly string[];
  readonly idKind: 'string' | 'long';
  readonly fields: ReadonlyMap<string, FieldType>;
  /** The lambdas of `group` as the text spells them. */
  readonly lambdas: {
    readonly where: string | null;
    readonly features: readonly { readonly inputs: readonly string[]; readonly where: string | null }[];
  };
}

export const TOPIC = 'events-topic';
export const SOURCE_NAME = 'events';
/** The group that varies, and a plain one beside it over the same source. */
export const SAMPLE = { name: 'sample', version: 3 };
export const TALLY = { name: 'tally', version: 1 };

interface Input {
  readonly text: string;
  readonly evaluate: NonNullable<FeatureDescription['input']>;
  /** A default of the input's own type. */
  readonly default: string | number | boolean;
}

const INPUTS: Readonly<Record<ValueType, readonly Input[]>> = {
  integer: NUMBERS.filter(({ integer }) => integer).map((lambda) => ({ ...lambda, default: 0 })),
  number: NUMBERS.filter(({ integer }) => !integer).map((lambda) => ({ ...lambda, default: 0.5 })),
  boolean: PREDICATES.map((lambda) => ({ ...lambda, default: false })),
  string: TEXTS.map((lambda) => ({ ...lambda, default: 'nothing' })),
  bytes: [],
};

const choice = fc.nat({ max: 999 });

interface FeatureChoice {
  readonly aggregate: AggregateName | OwnName;
  /** For the first and the second input: of which type of those allowed, and which lambda of that type. */
  readonly inputs: readonly { readonly type: number; readonly lambda: number }[];
  /** Where the input may be left out: whether it is. */
  readonly ofRecords: boolean;
  readonly parameters: number;
  readonly where: number | null;
  readonly hasDefault: boolean;
  /** Length in steps, and what is added to it in thousandths of a step. */
  readonly steps: number;
  readonly surplus: number;
  /** With calendars: which of the other ranges it takes in place of a length, if any. */
  readonly other: number | null;
}

const featureChoice: fc.Arbitrary<FeatureChoice> = fc.record({
  aggregate: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...AGGREGATE_NAMES) },
    { weight: 1, arbitrary: fc.constantFrom(...OWN_NAMES) },
  ),
  inputs: fc.array(fc.record({ type: choice, lambda: choice }), { minLength: 2, maxLength: 2 }),
  ofRecords: fc.boolean(),
  parameters: choice,
  where: fc.option(choice, { freq: 2 }),
  hasDefault: fc.boolean(),
  steps: fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 20 })),
  surplus: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: choice }),
  other: fc.option(choice),
});

interface BuiltFeature {
  readonly text: string;
  readonly lambdas: Definition['lambdas']['features'][number];
  readonly description: FeatureDescription;
}

function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length]!;
}

/** The range of a feature on a frame's grid, and its option; null where it has none. */
function rangeOf(
  chosen: FeatureChoice,
  frame: Frame,
  withOthers: boolean,
): { range: Range; option: string | null } {
  const { grid, stepMs, since } = frame;
  if (grid.kind === 'session') return { range: { kind: 'session' }, option: null };
  if (withOthers && chosen.other !== null) {
    const calendar = pick([...since, ...since, null], chosen.other);
    if (calendar === null) return { range: { kind: 'lifetime' }, option: 'lifetime: true' };
    const { unit, zone } = calendar;
    return { range: { kind: 'since', unit, zone }, option: `since: { unit: '${unit}', zone: '${zone}' }` };
  }
  if (grid.kind === 'calendar') {
    const length = `${grid.unit}s: ${chosen.steps}, zone: '${grid.zone}'`;
    return { range: { kind: 'lastUnits', count: chosen.steps }, option: `last: { ${length} }` };
  }
  const lengthMs = chosen.steps * stepMs + Math.floor((chosen.surplus / 1000) * stepMs);
  return { range: { kind: 'last', lengthMs }, option: `last: '${formatDuration(lengthMs)}'` };
}

function signatureFor(aggregate: FeatureChoice['aggregate']): AggregateSignature {
  return isOwn(aggregate) ? ownDescription(aggregate).signature : signatureOf(aggregate);
}

/** A plain sum stands for an aggregate that cannot look back over the range. */
function ableAggregate(
  aggregate: FeatureChoice['aggregate'],
  range: Range,
  grid: Grid,
): FeatureChoice['aggregate'] {
  return signatureFor(aggregate).rangeLimit === undefined || hasEnd(range, grid) ? aggregate : 'sum';
}

/** Whether the range is no longer than some time; with the parameters drawn, each limit is longer than that. */
function hasEnd(range: Range, grid: Grid): boolean {
  if (range.kind === 'session') return grid.kind === 'session' && grid.maxDurationMs !== null;
  return range.kind !== 'lifetime';
}

function buildFeature(
  chosen: FeatureChoice,
  index: number,
  ranged: ReturnType<typeof rangeOf>,
  { grid, stepMs }: Frame,
): BuiltFeature {
  const aggregate = ableAggregate(chosen.aggregate, ranged.range, grid);
  const signature = signatureFor(aggregate);
  const rules = signature.parameters ?? {};
  const parameters = parametersFrom(rules, chosen.parameters, stepMs);
  const isOfRecords = signature.optionalInput === true && chosen.ofRecords;
  const types = (isOfRecords ? [] : signature.inputs).map((allowed, which) =>
    pick(
      allowed.filter((type) => INPUTS[type].length > 0),
      chosen.inputs[which]!.type,
    ),
  );
  const inputs = types.map((type, which) => pick(INPUTS[type], chosen.inputs[which]!.lambda));
  const valueType = signature.valueType(types);
  const where = chosen.where === null ? null : pick(PREDICATES, chosen.where);
  const replaces = chosen.hasDefault && isNullOfNothing(aggregate, parameters);
  const fallback = typeof valueType === 'string' ? INPUTS[valueType][0]!.default : null;
  const name = `f${index}_${aggregate}`;
  const options = [...(ranged.option === null ? [] : [ranged.option]), ...parametersText(rules, parameters)];
  if (where !== null) options.push(`where: ${where.text}`);
  if (replaces) options.push(`default: ${JSON.stringify(fallback)}`);
  const given = inputs.map(({ text }) => text);
  if (options.length > 0) given.push(`{ ${options.join(', ')} }`);
  return {
    text: `    ${name}: ${aggregate}(${given.join(', ')}),`,
    lambdas: { inputs: inputs.map(({ text }) => text), where: where?.text ?? null },
    description: {
      name,
      aggregate,
      range: ranged.range,
      input: inputs[0]?.evaluate ?? null,
      other: inputs[1]?.evaluate ?? null,
      integer: types[0] === 'integer',
      parameters,
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
  maxEntityState: fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 20 }) },
  ),
  checkKey: fc.boolean(),
  where: fc.option(choice, { freq: 2 }),
  entityFields: fc.constantFrom(['id'], ['id'], ['id', 'sub'], ['sub', 'id'], ['id', 'kind']),
  idKind: fc.constantFrom('string' as const, 'long' as const),
});

const plainFrame = fc.constantFrom(...PLAIN_FRAMES);
const FRAMES: Readonly<Record<WindowKind, fc.Arbitrary<Frame>>> = {
  steps: plainFrame,
  calendars: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...CALENDAR_FRAMES) },
    { weight: 3, arbitrary: plainFrame },
  ),
  sessions: fc.constantFrom(...SESSION_FRAMES),
};

/** Definitions; those with calendars are where clocks are changed. */
export function definitionArbitrary(kind: WindowKind): fc.Arbitrary<Definition> {
  return fc
    .tuple(FRAMES[kind], groupChoice)
    .map(([frame, chosen]) => buildDefinition(frame, chosen, kind === 'calendars'));
}

const IMPORTED = [...AGGREGATE_NAMES, 'defineAggregate', 'defineFeatureGroup', 'defineSource', 'field'];

function buildDefinition(
  frame: Frame,
  chosen: typeof groupChoice extends fc.Arbitrary<infer Choice> ? Choice : never,
  withOthers: boolean,
): Definition {
  const { stepMs } = frame;
  const { entityFields, idKind, onNullEventTime, emit, epoch, checkKey, maxEntityState } = chosen;
  const offsetMs = Math.floor((chosen.offset / 1000) * stepMs);
  const grid = PLAIN_FRAMES.includes(frame) ? { kind: 'fixed' as const, stepMs, offsetMs } : frame.grid;
  const allowedLatenessMs = chosen.lateness(stepMs);
  const maxOutOfOrdernessMs = chosen.disorder(stepMs);
  const maxAheadMs = chosen.ahead === null ? null : chosen.ahead(stepMs);
  const features = chosen.features.map((feature, index) =>
    buildFeature(feature, index, rangeOf(feature, frame, withOthers), frame),
  );
  const where = chosen.where === null ? null : pick(PREDICATES, chosen.where);
  const own = [...new Set(features.map(({ description }) => description.aggregate))].filter(isOwn);
  const group: GroupDescription = {
    grid,
    allowedLatenessMs,
    maxOutOfOrdernessMs,
    maxAheadMs,
    onNullEventTime,
    emit,
    epoch,
    maxEntityState: maxEntityState ?? DEFAULT_MAX_ENTITY_STATE,
    where: where === null ? null : where.evaluate,
    entity: (row) => entityFields.map((name) => row[name] ?? null),
    key: checkKey ? (row) => row['id'] ?? null : null,
    features: features.map((feature) => feature.description),
  };
  const text = `import { ${IMPORTED.join(', ')} } from 'tidemark';
${own.map((name) => `\nconst ${name} = ${ownDescription(name).text};\n`).join('')}
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
  ${gridOptions(grid)},
  allowedLateness: '${formatDuration(allowedLatenessMs)}',
  emit: '${emit}',
${maxEntityState === null ? '' : `  maxEntityState: ${maxEntityState},\n`}${where === null ? '' : `  where: ${where.text},\n`}  features: {
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
    stepMs,
    starts: frame.starts,
    entityFields,
    idKind,
    fields: new Map([['id', typed(idKind, { nullable: true })], ...FIELD_TYPES]),
    lambdas: { where: where?.text ?? null, features: features.map((feature) => feature.lambdas) },
  };
}

/** The plain group of every definition. */
export function tallyOf(definition: Definition): Pick<Definition, 'group' | 'entityFields'> {
  const { stepMs } = definition;
  return {
    entityFields: ['id'],
    group: {
      ...definition.group,
      grid: { kind: 'fixed', stepMs, offsetMs: 0 },
      allowedLatenessMs: 0,
      emit: 'change',
      maxEntityState: DEFAULT_MAX_ENTITY_STATE,
      where: PREDICATES[0]!.evaluate,
      entity: (row) => [row['id'] ?? null],
      features: [
        {
          name: 'events',
          aggregate: 'count',
          range: { kind: 'last', lengthMs: stepMs },
          input: null,
          other: null,
          integer: true,
          parameters: {},
          where: null,
          default: null,
        },
      ],
    },
  };
}
