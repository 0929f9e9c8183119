import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCS, generatedFiles } from '../../scripts/docs/generated-files.ts';

it('finds what is made by `npm run docs` as it would be made now', async () => {
  for (const [path, text] of await generatedFiles()) {
    expect(readFileSync(new URL(path, DOCS), 'utf8'), `docs/${path}, made by npm run docs`).toBe(text);
  }
});

it('finds no picture that is made no more', async () => {
  const made = [...(await generatedFiles()).keys()].filter((path) => path.startsWith('images/'));
  const there = readdirSync(new URL('images/', DOCS)).map((name) => `images/${name}`);
  expect(there.sort()).toEqual(made.sort());
});
