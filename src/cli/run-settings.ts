import { resolve } from 'node:path';
import { LOG_LEVELS, type LogOptions, type RunOptions } from '../live/options.ts';
import type { OnlineStoreOptions } from '../sinks/open-online-store.ts';
import { deadLettersTopic, lateTopic } from '../state/internal-topics.ts';
import { KAFKA_SETTINGS, kafkaOptions } from './kafka-settings.ts';
import {
  choice,
  duration,
  nameList,
  nonEmpty,
  plainName,
  port,
  positiveInteger,
  redisUrl,
  yesOrNo,
} from './parsers.ts';
import { pathSetting, required, type Settings, type SettingValues, setting } from './settings.ts';
import { UsageError } from './usage.ts';

/** Where the rows are served from. */
export const STORE_SETTINGS = {
  redis: setting(redisUrl, '<url>', 'online store: a Redis server, such as redis://localhost:6379'),
  sqlite: pathSetting('<file>', 'online store: a SQLite file, instead of Redis'),
} as const;

/** What a long-running command logs, and how. */
export const LOG_SETTINGS = {
  logLevel: setting(choice(LOG_LEVELS), '<level>', `one of ${LOG_LEVELS.join(', ')} (default: info)`),
  logJson: setting(yesOrNo, null, 'log JSON lines (default: when standard error is no terminal)'),
} as const;

/** Every setting of a worker, in the order of `tidemark run --help`. */
export const RUN_SETTINGS = {
  definitions: { ...pathSetting('<file>', 'definitions file'), argument: 'DEFS' },
  app: setting(plainName, '<name>', 'name of the application: consumer group and folder of its state'),
  ...KAFKA_SETTINGS,
  ...STORE_SETTINGS,
  groups: setting(nameList, '<name,…>', 'feature groups to run (default: all)'),
  from: setting(
    choice(['earliest', 'latest']),
    '<where>',
    'where a partition without state begins: earliest (default) or latest',
  ),
  stateDir: pathSetting('<folder>', 'local state (default: .tidemark/APP)'),
  durability: setting(
    choice(['kafka', 'local']),
    '<where>',
    'what survives this machine: kafka (default; other workers can take over) or local (the state folder alone)',
  ),
  deadLettersTopic: setting(plainName, '<topic>', 'rejected records (default: tidemark.APP.dead-letters)'),
  lateTopic: setting(plainName, '<topic>', 'records that came too late (default: tidemark.APP.late)'),
  revisionsTopic: setting(plainName, '<topic>', 'every revision, exactly once (default: nowhere)'),
  standby: setting(
    yesOrNo,
    null,
    "keep copies of the states of other workers' partitions and watch who is silent: taking over takes seconds at any size",
  ),
  deadLetterDir: pathSetting(
    '<folder>',
    'late and rejected records, with --durability local (default: STATE-DIR/dead-letters)',
  ),
  commitInterval: setting(
    duration,
    '<duration>',
    'state and offsets become durable this often (default: 1s)',
  ),
  sessionTimeout: setting(
    duration,
    '<duration>',
    'the others take over from a worker that was silent for so long, with --standby earlier (default: 15s)',
  ),
  reportInterval: setting(duration, '<duration>', 'lag and counts are logged this often (default: 5s)'),
  maxBatchRecords: setting(positiveInteger, '<n>', 'records between two flushes at most (default: 10000)'),
  cacheEntities: setting(
    positiveInteger,
    '<n>',
    'entities held in memory; others are read from the local state when needed (default: 250000)',
  ),
  workers: setting(
    positiveInteger,
    '<n>',
    'processes on this machine that share the partitions, each with its state in STATE-DIR/worker-N (default: 1)',
  ),
  metricsPort: setting(
    port,
    '<n>',
    'serve /metrics (Prometheus), /healthz and /readyz on this port; 0: a free one (default: off)',
  ),
  metricsHost: setting(nonEmpty, '<address>', 'and this address (default: 127.0.0.1)'),
  ...LOG_SETTINGS,
} as const;

export type RunSettings = SettingValues<typeof RUN_SETTINGS>;

/** Fills in what is not given and refuses what does not fit together. */
export function runOptions(given: RunSettings, interactive: boolean): RunOptions {
  const definitionsFile = required(RUN_SETTINGS, 'definitions', given.definitions, true);
  const app = required(RUN_SETTINGS, 'app', given.app, true);
  const stateDir = given.stateDir ?? resolve('.tidemark', app);
  return {
    definitionsFile,
    groups: given.groups ?? null,
    app,
    kafka: kafkaOptions(given, true),
    store: storeOf(RUN_SETTINGS, given, true),
    stateDir,
    durability: durabilityOf(given, app, stateDir),
    from: given.from ?? 'earliest',
    commitIntervalMs: given.commitInterval ?? 1000,
    sessionTimeoutMs: given.sessionTimeout ?? 15_000,
    reportIntervalMs: given.reportInterval ?? 5000,
    maxBatchRecords: given.maxBatchRecords ?? 10_000,
    cacheEntities: given.cacheEntities ?? 250_000,
    workers: workersOf(given),
    metrics: metricsOf(given),
    log: logOptions(given, interactive),
  };
}

function workersOf({ workers = 1, durability, sqlite }: RunSettings): number {
  if (workers > 1 && durability === 'local') {
    throw new UsageError(
      'several workers go with --durability kafka',
      'With local durability a partition that moves to another worker would begin anew: leave one of the two out.',
    );
  }
  if (workers > 1 && sqlite !== undefined) {
    throw new UsageError('several workers go with --redis', 'Only one process writes to a SQLite file.');
  }
  return workers;
}

function metricsOf({ metricsPort, metricsHost }: RunSettings): RunOptions['metrics'] {
  if (metricsPort !== undefined) return { host: metricsHost ?? '127.0.0.1', port: metricsPort };
  if (metricsHost === undefined) return null;
  throw new UsageError('metricsHost goes with --metrics-port', 'Give --metrics-port, or leave the host out.');
}

function durabilityOf(given: RunSettings, app: string, stateDir: string): RunOptions['durability'] {
  if (given.durability === 'local') {
    refuseGiven(given, ['deadLettersTopic', 'lateTopic', 'revisionsTopic', 'standby'], 'kafka');
    return { kind: 'local', deadLetterDir: given.deadLetterDir ?? resolve(stateDir, 'dead-letters') };
  }
  refuseGiven(given, ['deadLetterDir'], 'local');
  return {
    kind: 'kafka',
    deadLettersTopic: given.deadLettersTopic ?? deadLettersTopic(app),
    lateTopic: given.lateTopic ?? lateTopic(app),
    revisionsTopic: given.revisionsTopic ?? null,
    standby: given.standby ?? false,
  };
}

function refuseGiven(given: RunSettings, names: readonly (keyof RunSettings)[], durability: string): void {
  const name = names.find((each) => given[each] !== undefined);
  if (name === undefined) return;
  throw new UsageError(`${name} goes with --durability ${durability}`, 'Leave one of the two out.');
}

/** `interactive`: whether somebody sees standard error. */
export function logOptions(given: SettingValues<typeof LOG_SETTINGS>, interactive: boolean): LogOptions {
  return { level: given.logLevel ?? 'info', json: given.logJson ?? !interactive };
}

/** The one store that is given; `file`: a --config file could have named it. */
export function storeOf(
  settings: Settings,
  given: SettingValues<typeof STORE_SETTINGS>,
  file: boolean,
): OnlineStoreOptions {
  if (given.sqlite === undefined) {
    return { kind: 'redis', url: required(settings, 'redis', given.redis, file) };
  }
  if (given.redis !== undefined) {
    throw new UsageError('both redis and sqlite are given', 'Choose one online store.');
  }
  return { kind: 'sqlite', file: given.sqlite };
}
