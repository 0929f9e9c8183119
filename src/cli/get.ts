import { resolve } from 'node:path';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { Definitions, FeatureGroup, FeatureType } from '../definitions/definition.ts';
import { nearest } from '../definitions/nearest.ts';
import { TidemarkError } from '../errors.ts';
import { jsonOption, type RegisterCommand, valueOption } from './command.ts';
import { nonEmpty, redisUrl } from './parsers.ts';
import { addFlags, required, resolveSettings, setting } from './settings.ts';
import { type Cell, formatFields } from './table.ts';
import { UsageError } from './usage.ts';

const GET_SETTINGS = { redis: setting(redisUrl, '<url>', 'the online store') } as const;

/** Versions of a group that are looked for when none is said. */
const HIGHEST_VERSION_TRIED = 64;

export const registerGet: RegisterCommand = (program, context) => {
  const command = program
    .command('get')
    .summary('what the online store answers now for an entity')
    .description(
      'Prints the latest row of an entity. Without a version, the one of --defs, else the highest of ' +
        `1 to ${HIGHEST_VERSION_TRIED} that has the entity.`,
    )
    .argument('<group>', 'name of the feature group, or name:version')
    .argument('<entity>', 'its fields joined by ":"; in them : { } % are written %3A %7B %7D %25')
    .addOption(valueOption('--defs <file>', 'definitions file, for types and nulls', nonEmpty));
  addFlags(command, GET_SETTINGS)
    .addOption(jsonOption())
    .action(async (groupText: string, entity: string, flags: Flags) => {
      const settings = resolveSettings(GET_SETTINGS, flags, process.env, null);
      const url = required(GET_SETTINGS, 'redis', settings.redis, false);
      const wanted = parseGroup(groupText);
      const definitions =
        flags.defs === undefined ? null : await context.drivers.loadDefinitions(resolve(flags.defs));
      const group = definitions === null ? null : findGroup(definitions, wanted);
      checkEntity(entity, group);
      const version = wanted.version ?? group?.version ?? null;
      const versions =
        version === null ? Array.from({ length: HIGHEST_VERSION_TRIED }, (_, i) => i + 1) : [version];
      const answers = await readRedis(
        url,
        versions.map((candidate) => `tidemark:{${wanted.name}:${candidate}:${entity}}`),
      );
      const at = answers.findLastIndex((answer) => answer['@end'] !== undefined);
      if (at === -1) throw notFound(groupText, entity);
      const row = readRow(wanted.name, versions[at]!, entity, answers[at]!, group);
      process.stdout.write(flags.json === true ? `${JSON.stringify(row)}\n` : `${describeRow(row)}\n`);
    });
};

interface Flags {
  readonly defs?: string;
  readonly json?: true;
  readonly [setting: string]: unknown;
}

interface GroupName {
  readonly name: string;
  readonly version: number | null;
}

interface OnlineAnswer {
  readonly group: string;
  readonly group_version: number;
  readonly entity: string;
  readonly window_end: number;
  readonly version: number;
  readonly known_at: number;
  /** When the first of what the row holds leaves its range; null when nothing does. */
  readonly leave: number | null;
  /** Whether that is over: the values may be those of before. */
  readonly due_to_fall: boolean;
  /** Texts as they stand in Redis unless definitions give the types; lists and maps are arrays and objects then. */
  readonly features: Readonly<Record<string, unknown>>;
}

async function readRedis(url: string, keys: readonly string[]) {
  const { RedisConnection } = await import('../sinks/redis-connection.ts');
  const connection = await RedisConnection.open({ url });
  try {
    return await connection.once((redis) => Promise.all(keys.map((key) => redis.hgetall(key))));
  } finally {
    connection.close();
  }
}

function parseGroup(text: string): GroupName {
  const parts = /^([A-Za-z][\w-]*)(?::([1-9]\d{0,8}))?$/.exec(text);
  if (parts === null) {
    throw new UsageError(`GROUP: '${text}' is not a name or name:version`, 'Write card_risk or card_risk:2.');
  }
  return { name: parts[1]!, version: parts[2] === undefined ? null : Number(parts[2]) };
}

function findGroup({ file, groups }: Definitions, wanted: GroupName): FeatureGroup {
  const named = groups.filter((group) => group.name === wanted.name);
  const found = named.find((group) => wanted.version === null || group.version === wanted.version);
  if (found !== undefined) return found;
  const [other] = named;
  const names = groups.map((group) => group.name);
  const meant = nearest(wanted.name, names);
  throw new UsageError(
    other === undefined
      ? `the definitions hold no feature group ${wanted.name}`
      : `the definitions hold version ${other.version} of ${wanted.name}, not ${wanted.version}`,
    other === undefined && meant !== null ? `Did you mean ${meant}?` : `They hold: ${names.join(', ')}.`,
    { file },
  );
}

function checkEntity(entity: string, group: FeatureGroup | null): void {
  if (/[{}]|%(?![0-9A-F]{2})/.test(entity)) {
    throw new UsageError(
      `ENTITY: '${entity}' holds a character that keys encode`,
      'Write { as %7B, } as %7D, % as %25 and, within a field, : as %3A.',
    );
  }
  const fields = entity.split(':').length;
  if (group !== null && fields !== group.entity.length) {
    throw new UsageError(
      `ENTITY: '${entity}' has ${fields} fields, ${group.name} has ${group.entity.length}: ${group.entity.join(', ')}`,
      'Join the fields by ":" and write a : within one as %3A.',
    );
  }
}

function notFound(group: string, entity: string): TidemarkError {
  return new TidemarkError(`the online store has no row of ${group} for ${entity}`, {
    code: 'NOT_FOUND',
    remedy: 'Check the names and the version; the entity may have had no event yet, or its rows expired.',
  });
}

function readRow(
  name: string,
  groupVersion: number,
  entity: string,
  hash: Readonly<Record<string, string>>,
  group: FeatureGroup | null,
): OnlineAnswer {
  const leave = hash['@leave'] === undefined ? null : Number(hash['@leave']);
  const features: Record<string, unknown> = {};
  if (group === null) {
    for (const [field, text] of Object.entries(hash)) if (!field.startsWith('@')) features[field] = text;
  } else {
    for (const feature of group.features) {
      features[feature.name] = typedValue(hash[feature.name], feature.valueType);
    }
  }
  return {
    group: name,
    group_version: groupVersion,
    entity,
    window_end: Number(hash['@end']),
    version: Number(hash['@version']),
    known_at: Number(hash['@known_at']),
    leave,
    due_to_fall: leave !== null && leave <= Date.now(),
    features,
  };
}

function typedValue(text: string | undefined, type: FeatureType): unknown {
  if (text === undefined) return null;
  if (isVector(type)) return JSON.parse(text);
  if (type === 'integer' || type === 'number') return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

function describeRow(row: OnlineAnswer): string {
  const facts: [string, Cell][] = [
    ['window_end', new Date(row.window_end).toISOString()],
    ['version', String(row.version)],
    ['known_at', new Date(row.known_at).toISOString()],
    ['leave', row.leave === null ? null : new Date(row.leave).toISOString()],
    ['due_to_fall', String(row.due_to_fall)],
  ];
  const features = Object.entries(row.features).map(([name, value]): [string, Cell] => [
    name,
    value === null || typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return `${row.group}:${row.group_version} ${row.entity}\n${formatFields([...facts, ...features])}`;
}
