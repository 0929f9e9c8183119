import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCS } from '../../scripts/docs/generated-files.ts';
import { loadSnippet } from '../../scripts/docs/snippet.ts';
import { DefinitionError } from '../../src/definitions/definition-error.ts';

const page = readFileSync(new URL('windows.md', DOCS), 'utf8');
const [, source] = /```ts\n(.*?)```/s.exec(page)!;
const refused = [...page.matchAll(/```ts\n([^`]*)```\n\n```\n([^`]*)```/g)].map(([, options, told]) => ({
  options: options!,
  told: told!,
}));

describe('the page on windows', () => {
  it('shows what is refused', () => {
    expect(refused.length).toBeGreaterThan(5);
  });

  it.each(refused)('says of $options what is told', async ({ options, told }) => {
    const error: unknown = await loadSnippet(source!, options).then(
      () => null,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(DefinitionError);
    const { message, remedy, others } = error as DefinitionError;
    expect(others).toEqual([]);
    expect(`${message}\n  ${remedy}\n`).toBe(told);
  });
});
