import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, extname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place } from '../errors.ts';
import type { Definitions, FeatureGroup, Source } from './definition.ts';
import { collectProblems, DefinitionError, type Problem } from './definition-error.ts';
import { placeOfDefinition } from './definition-place.ts';
import { DefinitionText } from './definition-text.ts';
import { syntaxProblem } from './syntax-problem.ts';
import { isTooDeep } from './too-deep.ts';

/**
 * Loads a definitions file, TypeScript or JavaScript, and finds every source and group that it exports; the
 * source of an exported group counts as exported too. Node keeps a loaded file: a change needs a new process.
 * @throws DefinitionError with every problem of the file, each at its place
 */
export async function loadDefinitions(file: string): Promise<Definitions> {
  const path = resolve(file);
  const text = checkFile(path);
  const loaded = collectProblems(() => evaluate(path));
  if ('thrown' in loaded && loaded.problems.length === 0) throw evaluationError(text, loaded.thrown);
  const exported = 'result' in loaded ? Object.values(loaded.result) : [];
  const definitions = findDefinitions(path, exported);
  const problems = [...loaded.problems, ...repeatedNames(definitions)].sort(byPlace);
  if (problems.length === 0 && definitions.sources.length === 0) {
    problems.push({
      message: 'this file exports no source and no feature group',
      place: { file: path },
      remedy:
        'export what defineSource and defineFeatureGroup give: export const transactions = defineSource({ … })',
    });
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new DefinitionError([first, ...others]);
  return definitions;
}

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

/** Refuses what cannot be read or parsed, before anything of it runs. */
function checkFile(path: string): DefinitionText {
  const place = { file: path };
  if (!EXTENSIONS.includes(extname(path))) {
    const remedy = `name a file that ends in ${EXTENSIONS.join(', ')}`;
    throw new DefinitionError([{ message: 'this is no definitions file', place, remedy }]);
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT'
        ? {
            message: 'there is no such file',
            place,
            remedy: `check the path; it is taken from ${process.cwd()}`,
          }
        : { message: `the file cannot be read: ${message}`, place, remedy: 'name a file that can be read' };
    throw new DefinitionError([problem], error);
  }
  try {
    return new DefinitionText(path, text);
  } catch (error) {
    if (!isTooDeep(error)) throw new DefinitionError([syntaxProblem(path, error)], error);
    const message = 'an expression in this file is nested too deeply to be read';
    throw new DefinitionError([{ message, place, remedy: 'split it into several features' }], error);
  }
}

const require = createRequire(import.meta.url);

/** The package that runs: what `import … from 'tidemark'` falls back to. */
const OWN_INDEX = new URL(`../index${extname(fileURLToPath(import.meta.url))}`, import.meta.url).href;
const OWN_ROOT = new URL('../../', import.meta.url).href;

/**
 * Runs the file and gives its exports. It is loaded by `require`, which takes ES modules too, because that is
 * synchronous: nothing else runs in between.
 */
function evaluate(path: string): Readonly<Record<string, unknown>> {
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier !== 'tidemark') return nextResolve(specifier, context);
      try {
        const found = nextResolve(specifier, context);
        const inside =
          found.url.startsWith(OWN_ROOT) && !found.url.slice(OWN_ROOT.length).includes('node_modules/');
        return inside ? nextResolve(OWN_INDEX, context) : found;
      } catch (error) {
        if (!isMissingModule(error)) throw error;
        return nextResolve(OWN_INDEX, context);
      }
    },
  });
  try {
    return require(path);
  } finally {
    hooks.deregister();
  }
}

function isMissingModule(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

/** What a file that threw while it ran is told about. */
function evaluationError(text: DefinitionText, thrown: unknown): DefinitionError {
  if (thrown instanceof DefinitionError) return thrown;
  const message = thrown instanceof Error ? thrown.message.split('\n')[0]! : String(thrown);
  const place = placeInStack(text.file, thrown);
  const missing = /does not provide an export named '(.+)'/.exec(message)?.[1];
  let problem: Problem;
  if (missing !== undefined) {
    problem = {
      message,
      place: text.placeOfImport(missing) ?? place,
      remedy: 'check the name of the import',
    };
  } else if (thrown instanceof SyntaxError) {
    problem = syntaxProblem(text.file, thrown);
  } else if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_REQUIRE_ASYNC_MODULE') {
    const remedy = 'a definition may not wait for anything: write what it needs into the file';
    problem = { message: 'await at the top of a definitions file is not allowed', place, remedy };
  } else if (isMissingModule(thrown)) {
    const module = /'([^']+)'/.exec(message)?.[1] ?? '';
    const remedy = 'check the path of the import; a relative one needs its extension';
    problem = { message, place: text.placeOfImportFrom(module) ?? place, remedy };
  } else {
    const name = thrown instanceof Error ? `${thrown.name}: ` : '';
    problem = { message: `the file threw ${name}${message}`, place, remedy: 'mend what throws there' };
  }
  return new DefinitionError([problem], thrown);
}

/** The topmost place of the file itself in an exception's stack. */
function placeInStack(path: string, thrown: unknown): Place {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  for (const name of [pathToFileURL(path).href, path]) {
    for (const line of stack.split('\n')) {
      const at = line.indexOf(`${name}:`);
      const position = at < 0 ? null : /^:(\d+):(\d+)/.exec(line.slice(at + name.length));
      if (position) return { file: path, line: Number(position[1]), column: Number(position[2]) };
    }
  }
  return { file: path };
}

function findDefinitions(file: string, exported: readonly unknown[]): Definitions {
  const sources = new Set<Source>();
  const groups = new Set<FeatureGroup>();
  for (const value of exported) {
    if (typeof value !== 'object' || value === null || !('kind' in value)) continue;
    if (value.kind === 'source') sources.add(value as Source);
    if (value.kind === 'featureGroup') groups.add(value as FeatureGroup);
  }
  for (const { source } of groups) if (source !== null) sources.add(source);
  return { file, sources: inTextOrder(sources), groups: inTextOrder(groups) };
}

/** A module gives its exports by the alphabet; their places tell the order they were written in. */
function inTextOrder<T extends object>(definitions: Iterable<T>): T[] {
  const placed = [...definitions].map((definition) => ({ definition, place: placeOfDefinition(definition) }));
  return placed.sort(byPlace).map(({ definition }) => definition);
}

/** Two sources of one name, or two groups of one name and version. */
function repeatedNames({ file, sources, groups }: Definitions): Problem[] {
  const problems: Problem[] = [];
  const check = (definitions: readonly object[], nameOf: (index: number) => string, remedy: string): void => {
    const seen = new Map<string, object>();
    definitions.forEach((definition, index) => {
      const name = nameOf(index);
      const before = seen.get(name);
      if (before === undefined) {
        seen.set(name, definition);
        return;
      }
      const place = placeOfDefinition(definition);
      const { line, file: other } = placeOfDefinition(before);
      const where = line === undefined ? '' : `, first in line ${line}`;
      const from = other === undefined || other === place.file ? '' : ` of ${relative(dirname(file), other)}`;
      problems.push({
        message: `${name} is defined twice${where}${from}`,
        place: { file, ...place },
        remedy,
      });
    });
  };
  check(sources, (index) => `the source '${sources[index]!.name}'`, 'give one of them another name');
  check(
    groups,
    (index) => `version ${groups[index]!.version} of the group '${groups[index]!.name}'`,
    'give one of them another name or version',
  );
  return problems;
}

/** The order of the text, with what is in one file together. */
function byPlace(a: { readonly place: Place }, b: { readonly place: Place }): number {
  const file = (a.place.file ?? '').localeCompare(b.place.file ?? '', 'en');
  if (file !== 0) return file;
  return (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0);
}
