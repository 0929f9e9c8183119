import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Comment, type Node, parse } from 'acorn';
import { stripTypes } from '../../src/definitions/definition-text.ts';

/** The module whose docstrings are the reference of the aggregates. */
export const AGGREGATE_FUNCTIONS = new URL('../../src/definitions/aggregate-functions.ts', import.meta.url);

/** What stands above a function: the text in front of the first tag, and the texts of the tags by name. */
export interface Docstring {
  readonly meaning: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** The docstrings of the functions that a module exports, by the functions' names. */
export function readDocstrings(module: URL): ReadonlyMap<string, Docstring> {
  const file = fileURLToPath(module);
  const comments: Comment[] = [];
  // Types, and signatures of overloads, are blanks then: a docstring is followed by blanks and the function.
  const text = stripTypes(file, readFileSync(file, 'utf8'));
  const { body } = parse(text, { ecmaVersion: 'latest', sourceType: 'module', onComment: comments });
  const found = new Map<string, Docstring>();
  for (const statement of body) {
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const { declaration } = statement;
    if (declaration?.type !== 'FunctionDeclaration') continue;
    const comment = commentAbove(statement, comments, text);
    if (comment !== null) found.set(declaration.id.name, parseDocstring(comment));
  }
  return found;
}

function commentAbove({ start }: Node, comments: readonly Comment[], text: string): string | null {
  const comment = comments.findLast(({ end }) => end <= start);
  if (comment === undefined || !comment.value.startsWith('*')) return null;
  return text.slice(comment.end, start).trim() === '' ? comment.value : null;
}

/** The text of a block comment without its opening and closing marks; links become code. */
function parseDocstring(comment: string): Docstring {
  const text = comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim();
  const [meaning = '', ...tagged] = text.split(/^@/m);
  const tags = tagged.map((tag) => {
    const [, name, rest] = /^(\w+)\s*(.*)$/s.exec(tag)!;
    return [name!, joined(rest!)] as const;
  });
  return { meaning: joined(meaning), tags: new Map(tags) };
}

function joined(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
