import { formatDuration } from '../time.ts';
import { type AggregateDefinition, aggregateCallOf } from './aggregate-call.ts';
import { type CalendarOptions, readCalendar } from './calendar-options.ts';
import { compileFeature } from './compile-feature.ts';
import { checkWhere, recordOfSource, withinLength } from './compile-lambda.ts';
import type { SourceDefinition } from './define-source.ts';
import {
  DEFAULT_MAX_ENTITY_STATE,
  type Feature,
  type FeatureGroup,
  type FieldType,
  type Grid,
  type Source,
} from './definition.ts';
import { type Problem, reportProblems } from './definition-error.ts';
import { rememberPlace } from './definition-place.ts';
import { CallSite } from './definition-text.ts';
import { expressionOf } from './expression-code.ts';
import type { RecordParameter } from './expression-scope.ts';
import { fingerprintOf } from './fingerprint.ts';
import { FEATURE_NAME, GROUP_NAME, ROW_COLUMNS } from './names.ts';
import { suggestName } from './nearest.ts';
import { isObject, OptionReader, show } from './option-reader.ts';
import { RANGES } from './read-range.ts';

/** Options of {@link defineFeatureGroup} over records of type `R`; durations are texts like `'5m'`. */
export interface FeatureGroupOptions<R> {
  readonly name: string;
  /** 1 or more; raise it when the meaning of a feature changes. */
  readonly version: number;
  readonly source: SourceDefinition<R>;
  /** The field, or fields, whose values own a row. */
  readonly entity: (keyof R & string) | readonly (keyof R & string)[];
  /** When windows end: at each such step, or where each unit of a calendar starts. Not beside `session`. */
  readonly every?: string | CalendarOptions;
  /**
   * Session windows in place of a grid: events of an entity less than this apart belong together, and their
   * window ends so long after the last. The aggregates of such a group take no range.
   */
  readonly session?: string;
  /**
   * A session whose first and last event would lie further apart than this is not joined; not shorter than the gap;
   * default: no limit.
   */
  readonly maxDuration?: string;
  /** Shifts the steps: window ends are T ≡ offset (mod every); default 0. Not beside a calendar. */
  readonly offset?: string;
  /** How long after its end a window can still be corrected; default 0. */
  readonly allowedLateness?: string;
  /** `'close'` leaves out the early revisions of open windows; default `'change'`. */
  readonly emit?: 'change' | 'close';
  /**
   * The most values that the state of one entity may hold: panes or sessions, and what their aggregates keep of single
   * values. Records of an entity that holds as many are rejected; default 1,000,000.
   */
  readonly maxEntityState?: number;
  /** How long the online store keeps an entity after its last write; default, and null: for ever. */
  readonly ttl?: string | null;
  /** Records for which this is not true are skipped. */
  readonly where?: (record: NoInfer<R>) => boolean | null | undefined;
  readonly features: Readonly<Record<string, AggregateDefinition<[record: NoInfer<R>]>>>;
}

const OPTIONS = [
  'name',
  'version',
  'source',
  'entity',
  'every',
  'session',
  'maxDuration',
  'offset',
  'allowedLateness',
  'emit',
  'maxEntityState',
  'ttl',
  'where',
  'features',
];

/**
 * Defines features over one source, for one entity, on one grid of window ends.
 * @throws DefinitionError with the place of everything that is wrong
 */
export function defineFeatureGroup<R>(options: FeatureGroupOptions<R>): FeatureGroup {
  const site = new CallSite(defineFeatureGroup);
  const problems: Problem[] = [];
  const reader = new OptionReader('the group', options, site.options(0), problems);
  reader.only(
    OPTIONS,
    Object.fromEntries(
      RANGES.map((name) => [name, `each feature has its own range: write count({ ${name}: … })`]),
    ),
  );
  const source = readSource(reader);
  const grid = readGrid(reader, problems);
  const entity = readEntity(reader, source);
  const record = source === null || source.fields.size === 0 ? null : recordOfSource(source);
  const condition = record === null ? null : checkWhere(reader, 'the group', record, site, problems);
  const where =
    condition &&
    withinLength("'where' of the group", reader.site.value('where'), problems, () => expressionOf(condition));
  const features = readFeatures(reader, entity, record, grid, problems);
  const group: Omit<FeatureGroup, 'fingerprint'> = {
    kind: 'featureGroup',
    name: readName(reader),
    version: readVersion(reader),
    source: source as Source,
    entity,
    grid: grid ?? { kind: 'fixed', stepMs: 1, offsetMs: 0 },
    usesCalendar: grid?.kind === 'calendar' || features.some(({ range }) => range.kind === 'since'),
    allowedLatenessMs: reader.duration('allowedLateness', 0) ?? 0,
    emit: reader.choice('emit', ['change', 'close'], 'change'),
    maxEntityState: reader.integer('maxEntityState', 1, Number.MAX_SAFE_INTEGER, DEFAULT_MAX_ENTITY_STATE),
    ttlMs: reader.given['ttl'] === null ? null : reader.duration('ttl', 1),
    where,
    features,
  };
  reportProblems(problems);
  const fingerprint = problems.length === 0 ? fingerprintOf(group) : '';
  return rememberPlace({ ...group, fingerprint }, site.place);
}

function readName(reader: OptionReader): string {
  reader.require('name', "write name: 'card_risk'");
  const name = reader.text('name') ?? '';
  if (name !== '' && !GROUP_NAME.pattern.test(name)) {
    reader.wrong('name', `is '${name}', which is no safe name`, `a name is ${GROUP_NAME.allowed}`);
  }
  return name;
}

function readVersion(reader: OptionReader): number {
  reader.require('version', 'write version: 1');
  return reader.integer('version', 1, Number.MAX_SAFE_INTEGER, 1);
}

function readSource(reader: OptionReader): Source | null {
  if (!reader.require('source', 'write source: transactions, what defineSource gave')) return null;
  const { source } = reader.given;
  if (isObject(source) && source['kind'] === 'source') return source as unknown as Source;
  reader.wrong('source', `is ${show(source)}, not a source`, 'give what defineSource gave');
  return null;
}

function readGrid(reader: OptionReader, problems: Problem[]): Grid | null {
  if (reader.has('session')) return readSession(reader);
  if (reader.has('maxDuration')) {
    const remedy = "leave it out, or write session: '30m' in place of every";
    reader.problem(reader.site.key('maxDuration'), "'maxDuration' is for session windows", remedy);
  }
  if (isObject(reader.given['every'])) {
    if (reader.has('offset')) {
      const remedy = "leave it out: windows end where the unit starts; or write every: '1d' beside it";
      reader.problem(reader.site.key('offset'), "'offset' cannot stand beside a calendar", remedy);
    }
    const calendar = readCalendar(reader, 'every', problems);
    return calendar === null ? null : { kind: 'calendar', ...calendar };
  }
  if (!reader.has('every')) {
    const remedy = "write every: '5m', the step of the window ends, or session: '30m' for session windows";
    reader.require('every', remedy);
    reader.duration('offset', 0);
    return null;
  }
  const stepMs = reader.duration('every', 1);
  const offsetMs = reader.duration('offset', 0) ?? 0;
  return stepMs === null ? null : { kind: 'fixed', stepMs, offsetMs: offsetMs % stepMs };
}

/** A session group even where the gap is wrong: its aggregates are without ranges all the same. */
function readSession(reader: OptionReader): Grid {
  for (const name of ['every', 'offset']) {
    if (!reader.has(name)) continue;
    const remedy = 'leave one of them out: the windows of sessions end where the events do';
    reader.problem(reader.site.key(name), `'${name}' cannot stand beside 'session'`, remedy);
  }
  const gapMs = reader.duration('session', 1) ?? 1;
  const maxDurationMs = reader.duration('maxDuration', 1);
  if (maxDurationMs !== null && maxDurationMs < gapMs) {
    const [given, gap] = [formatDuration(maxDurationMs), formatDuration(gapMs)];
    const problem = `is '${given}', shorter than the gap of '${gap}' that ends a session by itself`;
    reader.wrong('maxDuration', problem, `write '${gap}' or longer, or a shorter session`);
  }
  return { kind: 'session', gapMs, maxDurationMs };
}

function readEntity(reader: OptionReader, source: Source | null): readonly string[] {
  if (!reader.require('entity', "write entity: 'card_id', the field whose values own a row")) return [];
  const { entity } = reader.given;
  const names: readonly unknown[] = Array.isArray(entity) ? entity : [entity];
  if (names.length === 0) reader.wrong('entity', 'is empty', "write entity: 'card_id'");
  const found: string[] = [];
  names.forEach((name, index) => {
    const place = Array.isArray(entity) ? reader.site.element('entity', index) : reader.site.value('entity');
    if (typeof name !== 'string') {
      reader.problem(place, `an entity field is ${show(name)}, not a name`, "write entity: 'card_id'");
      return;
    }
    const type = source?.fields.get(name);
    if (type === undefined) {
      if (source !== null && source.fields.size > 0) {
        reader.problem(
          place,
          `the source has no field '${name}' for the entity`,
          suggestName(name, source.fields.keys()),
        );
      }
      return;
    }
    checkEntityField(reader, place, name, type, found);
    found.push(name);
  });
  return found;
}

function checkEntityField(
  reader: OptionReader,
  place: ReturnType<OptionReader['site']['value']>,
  name: string,
  type: FieldType,
  before: readonly string[],
): void {
  if (before.includes(name)) {
    reader.problem(place, `the entity names '${name}' twice`, 'leave one of them out');
  }
  const alike = before.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
  if (alike !== undefined) {
    reader.problem(
      place,
      `the entity field '${name}' differs from '${alike}' only in upper and lower case, which columns do not tell apart`,
      'leave one of them out',
    );
  }
  if (type.kind === 'bytes' || type.kind === 'float' || type.kind === 'double') {
    reader.problem(
      place,
      `the entity field '${name}' is of type ${type.kind}, whose values have no one text to be a key by`,
      'use a string, boolean, integer, enum or time field',
    );
  }
  if (ROW_COLUMNS.includes(name.toLowerCase())) {
    reader.problem(
      place,
      `the entity field '${name}' is named like a column that every row has`,
      `other names than ${ROW_COLUMNS.join(', ')} are free`,
    );
  }
}

function readFeatures(
  reader: OptionReader,
  entity: readonly string[],
  record: RecordParameter | null,
  grid: Grid | null,
  problems: Problem[],
): readonly Feature[] {
  if (!reader.require('features', "write features: { txn_count_24h: count({ last: '24h' }) }")) return [];
  const features = new OptionReader(
    'features',
    reader.given['features'],
    reader.site.object('features'),
    problems,
  );
  for (const { name, place } of features.site.repeated()) {
    features.problem(place, `two features are named '${name}'`, 'rename one of them');
  }
  const names = Object.keys(features.given);
  if (names.length === 0 && isObject(reader.given['features'])) {
    reader.wrong('features', 'is empty', "write features: { txn_count_24h: count({ last: '24h' }) }");
  }
  const compiled: Feature[] = [];
  for (const name of names) {
    checkFeatureName(features, name, names, entity);
    const call = aggregateCallOf(features.given[name]);
    const place = features.site.value(name);
    if (call === null) {
      features.problem(
        place,
        `the feature '${name}' is ${show(features.given[name])}, not an aggregate`,
        "write an aggregate, like count({ last: '24h' })",
      );
      continue;
    }
    if (record === null) continue;
    const feature = compileFeature(name, call, record, grid, problems);
    if (feature !== null) compiled.push(feature);
  }
  return compiled;
}

function checkFeatureName(
  features: OptionReader,
  name: string,
  names: readonly string[],
  entity: readonly string[],
): void {
  const place = features.site.key(name);
  const same = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  if (!FEATURE_NAME.pattern.test(name)) {
    features.problem(place, `'${name}' is no name for a feature`, `a name is ${FEATURE_NAME.allowed}`);
  } else if (entity.some(same)) {
    features.problem(place, `the feature '${name}' is named like an entity field`, 'rename the feature');
  } else if (ROW_COLUMNS.some(same)) {
    features.problem(
      place,
      `the feature '${name}' is named like a column that every row has`,
      `rename it; ${ROW_COLUMNS.join(', ')} are taken`,
    );
  } else if (names.slice(0, names.indexOf(name)).some(same)) {
    features.problem(
      place,
      `'${name}' differs from another feature only in upper and lower case, which columns do not tell apart`,
      'rename one of them',
    );
  }
}
