import type { Access, ServedLogSettings, ServedLogTarget, ServeOptions } from '../serving/options.ts';
import { KAFKA_SETTINGS, kafkaOptions } from './kafka-settings.ts';
import {
  duration,
  nameList,
  nonEmpty,
  type Parser,
  plainName,
  port,
  positiveInteger,
  yesOrNo,
} from './parsers.ts';
import { LOG_SETTINGS, STORE_SETTINGS, storeOf } from './run-settings.ts';
import { pathSetting, required, type SettingValues, setting } from './settings.ts';
import { UsageError } from './usage.ts';

/** Above 0 and up to 1. */
const share: Parser<number> = (text, origin) => {
  const parsed = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (parsed > 0 && parsed <= 1) return parsed;
  throw new UsageError(
    `${origin}: '${text}' is no share`,
    'Write a number above 0 and up to 1, such as 0.01.',
  );
};

/** Every setting of a server, in the order of `tidemark serve --help`. */
export const SERVE_SETTINGS = {
  definitions: { ...pathSetting('<file>', 'definitions file'), argument: 'DEFS' },
  ...STORE_SETTINGS,
  groups: setting(nameList, '<name,…>', 'feature groups to serve (default: all)'),
  host: setting(nonEmpty, '<address>', 'listen on this address (default: 127.0.0.1)'),
  port: setting(port, '<n>', 'and port; 0: a free one (default: 8080)'),
  tokenFile: pathSetting(
    '<file>',
    'tokens that callers must send, one a line; a single one may come from TIDEMARK_TOKEN instead',
  ),
  token: { ...setting(nonEmpty, '<text>', 'the token'), secret: true },
  allowAnonymous: setting(yesOrNo, null, 'let anyone read who reaches the port'),
  servedLog: pathSetting('<folder>', 'log answers to files here'),
  servedLogTopic: setting(plainName, '<topic>', 'log answers to this Kafka topic'),
  servedLogRate: setting(share, '<share>', 'share of the answers that is logged (default: 1)'),
  servedLogBuffer: setting(
    positiveInteger,
    '<n>',
    'answers that may wait for the log; more are dropped and counted (default: 100000)',
  ),
  servedLogFileSize: setting(positiveInteger, '<MB>', 'a new file after so many megabytes (default: 64)'),
  servedLogFileAge: setting(duration, '<duration>', 'and after so long (default: 1h)'),
  ...KAFKA_SETTINGS,
  ...LOG_SETTINGS,
} as const;

type ServeSettings = SettingValues<typeof SERVE_SETTINGS>;

/** Fills in what is not given and refuses what does not fit together. */
export function serveOptions(given: ServeSettings): ServeOptions {
  return {
    definitionsFile: required(SERVE_SETTINGS, 'definitions', given.definitions, true),
    groups: given.groups ?? null,
    store: storeOf(SERVE_SETTINGS, given, true),
    host: given.host ?? '127.0.0.1',
    port: given.port ?? 8080,
    access: accessOf(given),
    servedLog: servedLogOf(given),
  };
}

function accessOf({ tokenFile, token, allowAnonymous }: ServeSettings): Access {
  const ways: Access[] = [];
  if (tokenFile !== undefined) ways.push({ kind: 'token file', file: tokenFile });
  if (token !== undefined) ways.push({ kind: 'token', token });
  if (allowAnonymous === true) ways.push({ kind: 'anyone' });
  const [access, other] = ways;
  const choose =
    'Give --token-file, TIDEMARK_TOKEN, or --allow-anonymous to let anyone read who reaches the port.';
  if (access === undefined) throw new UsageError('nothing says who may read', choose);
  if (other === undefined) return access;
  throw new UsageError(`${access.kind} and ${other.kind} are both given`, `Choose one. ${choose}`);
}

function servedLogOf(given: ServeSettings): ServedLogSettings | null {
  const target = targetOf(given);
  if (target === null) {
    refuseLogSettings(given);
    return null;
  }
  return { target, rate: given.servedLogRate ?? 1, capacity: given.servedLogBuffer ?? 100_000 };
}

const LOG_ONLY = ['servedLogRate', 'servedLogBuffer', 'servedLogFileSize', 'servedLogFileAge'] as const;

function refuseLogSettings(given: ServeSettings): void {
  const name = LOG_ONLY.find((each) => given[each] !== undefined);
  if (name === undefined) return;
  throw new UsageError(
    `${name} is given, and answers are not logged`,
    'Give --served-log or --served-log-topic, or leave it out.',
  );
}

function targetOf(given: ServeSettings): ServedLogTarget | null {
  const { servedLog: folder, servedLogTopic: topic, servedLogFileSize, servedLogFileAge } = given;
  if (folder !== undefined && topic !== undefined) {
    throw new UsageError('both servedLog and servedLogTopic are given', 'Choose files or a topic.');
  }
  if (topic !== undefined) return { kind: 'topic', topic, kafka: kafkaOptions(given, true) };
  if (folder === undefined) return null;
  const maxBytes = (servedLogFileSize ?? 64) * 1_000_000;
  return { kind: 'files', folder, maxBytes, maxAgeMs: servedLogFileAge ?? 3_600_000 };
}
