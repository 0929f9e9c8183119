import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { nearest } from '../definitions/nearest.ts';
import type { Place } from '../errors.ts';
import { nonEmpty, type Parser } from './parsers.ts';
import { UsageError } from './usage.ts';

/**
 * Settings that come from a flag, else the environment, else a file of settings. The name is the file's key;
 * flag and variable follow from it: `commitInterval`, `--commit-interval`, `TIDEMARK_COMMIT_INTERVAL`.
 */
export interface Setting<T> {
  readonly parse: Parser<T>;
  /** What `--help` shows as the value, such as `<duration>`; null: a switch. */
  readonly value: string | null;
  readonly description: string;
  /** Not offered as a flag: command lines are seen by everybody on the machine. */
  readonly secret?: boolean;
  /** A path, taken from the folder of the file of settings when it stands there. */
  readonly path?: boolean;
  /** Given as this argument of the command, not as a flag. */
  readonly argument?: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type SettingValues<S extends Settings> = {
  readonly [K in keyof S]?: S[K] extends Setting<infer T> ? T : never;
};

/** Text of one setting and where it stands. */
interface Given {
  readonly text: string;
  readonly origin: string;
  readonly folder: string;
  readonly place?: Place;
}

export function setting<T>(parse: Parser<T>, value: string | null, description: string): Setting<T> {
  return { parse, value, description };
}

export function pathSetting(value: string, description: string): Setting<string> {
  return { parse: nonEmpty, value, description, path: true };
}

/** Offers the settings as flags, whose texts {@link resolveSettings} reads. */
export function addFlags(command: Command, settings: Settings): Command {
  for (const [name, { value, description, secret, argument }] of Object.entries(settings)) {
    if (secret === true || argument !== undefined) continue;
    command.addOption(new Option(value === null ? flagOf(name) : `${flagOf(name)} ${value}`, description));
  }
  return command;
}

/** The value, or a {@link UsageError} that names every way to give it; `file`: a --config file is one. */
export function required<T>(settings: Settings, name: string, value: T | undefined, file: boolean): T {
  if (value !== undefined) return value;
  const { secret, argument } = settings[name]!;
  const first = argument ?? (secret === true ? null : flagOf(name));
  const ways = [
    ...(first === null ? [] : [first]),
    variableOf(name),
    ...(file ? [`"${name}" in the --config file`] : []),
  ];
  throw new UsageError(`${first ?? name} is missing`, `Give ${ways.join(' or ')}.`);
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function variableOf(name: string): string {
  return `TIDEMARK_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Reads every setting that is given anywhere; throws {@link UsageError} for the first that is wrong. */
export function resolveSettings<S extends Settings>(
  settings: S,
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: string | null,
): SettingValues<S> {
  const inFile = file === null ? new Map<string, Given>() : readSettingsFile(settings, file);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = fromFlag(name, flags) ?? fromEnvironment(name, environment) ?? inFile.get(name);
    if (given !== undefined) values[name] = parseGiven(setting, given);
  }
  return values as SettingValues<S>;
}

function parseGiven(setting: Setting<unknown>, given: Given): unknown {
  try {
    const parsed = setting.parse(given.text, given.origin);
    return setting.path === true ? resolve(given.folder, parsed as string) : parsed;
  } catch (error) {
    if (!(error instanceof UsageError) || given.place === undefined) throw error;
    throw new UsageError(error.message, error.remedy ?? '', given.place);
  }
}

function fromFlag(name: string, flags: Readonly<Record<string, unknown>>): Given | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  return { text: String(value), origin: flagOf(name), folder: process.cwd() };
}

function fromEnvironment(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Given | undefined {
  const text = environment[variableOf(name)];
  // An empty variable is how shells and containers say "not set".
  if (text === undefined || text === '') return undefined;
  return { text, origin: variableOf(name), folder: process.cwd() };
}

function readSettingsFile(settings: Settings, file: string): Map<string, Given> {
  const text = readText(file);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const problem = printParseErrorCode(error.error)
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase();
    throw new UsageError(`not JSON: ${problem}`, 'Mend the file.', placeAt(file, text, error.offset));
  }
  if (tree?.type !== 'object') {
    throw new UsageError('not a JSON object', 'Write {"brokers": "localhost:9092", …}.', { file });
  }
  const given = new Map<string, Given>();
  for (const property of tree.children ?? []) {
    const [key, value] = property.children as [Node, Node];
    const name = String(key.value);
    const place = placeAt(file, text, key.offset);
    refuseUnknown(name, settings, place);
    given.set(name, {
      text: textOf(name, value, place),
      origin: name,
      folder: dirname(resolve(file)),
      place,
    });
  }
  return given;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new UsageError(reason, 'Check --config.', { file });
  }
}

function refuseUnknown(name: string, settings: Settings, place: Place): void {
  if (Object.hasOwn(settings, name)) return;
  const meant = nearest(name, Object.keys(settings));
  throw new UsageError(
    `unknown setting '${name}'`,
    meant === null ? `Known are: ${Object.keys(settings).join(', ')}.` : `Did you mean ${meant}?`,
    place,
  );
}

/** Numbers and lists are read through the text that a flag would hold. */
function textOf(name: string, node: Node, place: Place): string {
  const value: unknown = getNodeValue(node);
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  throw new UsageError(
    `${name}: not a value of a setting`,
    'Write a text, a number, true, false or a list of texts.',
    place,
  );
}

function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}
