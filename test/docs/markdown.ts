import { readFileSync } from 'node:fs';
import { DOCS } from '../../scripts/docs/generated-files.ts';

/** A page of docs/, as text. */
export function readPage(name: string): string {
  return readFileSync(new URL(name, DOCS), 'utf8');
}

/** The blocks of code in a language. */
export function codeBlocks(page: string, language: string): readonly string[] {
  const fences = page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'));
  return Array.from(fences, ([, text]) => text!);
}

/** The rows of all tables whose header begins with these columns, as texts by column. */
export function tableRows<C extends string>(page: string, ...columns: readonly C[]): Record<C, string>[] {
  const rows: Record<C, string>[] = [];
  let inside = false;
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) inside = false;
    else if (inside && !line.startsWith('|---')) {
      const texts = cells(line);
      rows.push(
        Object.fromEntries(columns.map((column, index) => [column, texts[index]!])) as Record<C, string>,
      );
    } else if (!inside) inside = columns.every((column, index) => cells(line)[index] === column);
  }
  return rows;
}

function cells(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** What stands in backticks; the text itself when it does not. */
export function plain(cell: string): string {
  return /^`(.*)`$/.exec(cell)?.[1] ?? cell;
}
