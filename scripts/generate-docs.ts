import { mkdirSync, writeFileSync } from 'node:fs';
import { DOCS, generatedFiles } from './docs/generated-files.ts';

/** `npm run docs`: makes the pages and pictures of docs/ that are made from runs and from docstrings. */
for (const [path, text] of await generatedFiles()) {
  const file = new URL(path, DOCS);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`docs/${path}\n`);
}
