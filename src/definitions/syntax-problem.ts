import type { Place } from '../errors.ts';
import type { Problem } from './definition-error.ts';

/** What is wrong with a file that is no JavaScript once its types are blanks, and where. */
export function syntaxProblem(path: string, error: unknown): Problem {
  if (!(error instanceof SyntaxError)) throw error;
  const code = 'code' in error ? error.code : null;
  const message = error.message.replace(/\s*\(\d+:\d+\)$/, '').split('\n')[0]!;
  const place = placeOf(path, error);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return {
      message: `this TypeScript is more than types: ${message}`,
      place,
      remedy: 'Node only strips types: write a union of texts for an enum, a plain object for a namespace',
    };
  }
  if (/outside a module|Unexpected token 'export'/.test(message)) {
    const remedy = 'name the file .mts or .mjs, or write "type": "module" in the package.json beside it';
    return { message: 'the file is taken for CommonJS, which has no import and export', place, remedy };
  }
  return {
    message: `the file is no valid JavaScript or TypeScript: ${message}`,
    place,
    remedy: 'mend the syntax',
  };
}

function placeOf(file: string, error: SyntaxError): Place {
  if ('loc' in error) {
    const { line, column } = error.loc as { readonly line: number; readonly column: number };
    return { file, line, column: column + 1 };
  }
  // Above the stack Node puts `file:line`, some lines of the file and a mark under the token, unless that is its end.
  const [header = '', ...shown] = (error.stack ?? '').split('\n');
  const [, named, line] = /^(.*):(\d+)$/.exec(header) ?? [];
  if (line === undefined) return { file };
  const place = { file: named || file, line: Number(line) };
  const mark = shown.slice(0, shown.indexOf('')).find((text) => /^ *\^+$/.test(text));
  return mark === undefined ? place : { ...place, column: mark.indexOf('^') + 1 };
}
