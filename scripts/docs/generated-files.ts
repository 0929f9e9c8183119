import { readFileSync } from 'node:fs';
import { aggregatesPage } from './aggregates-page.ts';
import { windowsPictures } from './windows-pictures.ts';

export const DOCS = new URL('../../docs/', import.meta.url);

/** What of docs/ is made and not written: the files' text by their paths in docs/. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const pictures = await windowsPictures(readFileSync(new URL('windows.md', DOCS), 'utf8'));
  return new Map([['aggregates.md', await aggregatesPage()], ...pictures]);
}
