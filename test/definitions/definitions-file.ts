import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Definitions } from '../../src/definitions/definition.ts';
import { DefinitionError } from '../../src/definitions/definition-error.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import type { TidemarkError } from '../../src/errors.ts';
import * as tidemark from '../../src/index.ts';

/** Writes files into a folder of their own, far from the package; gives the path of the first. */
export function writeFiles(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'tidemark-definitions-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, Object.keys(files)[0]!);
}

/** The imports, and a source, for definitions files that are about something else. */
export const HEAD = `import { ${Object.keys(tidemark).join(', ')} } from 'tidemark';
export const transactions = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema: {
    card_id: field.string,
    amount: field.long,
    price: field.double,
    status: field.enum('settled', 'failed'),
    geo: field.nullable(field.string),
    photo: field.bytes,
    ok: field.boolean,
    event_ts: field.timestampMillis,
  },
  eventTime: { field: 'event_ts' },
});
`;

/** Definitions whose first line follows {@link HEAD}. */
export function load(text: string, head = HEAD): Promise<Definitions> {
  return loadDefinitions(writeFiles({ 'definitions.ts': head + text }));
}

export interface Told {
  /** The text from the place on, to the end of the line. */
  readonly at: string;
  readonly message: string;
  readonly remedy: string | undefined;
}

/** Everything that is wrong in a definitions file, in the order of its text. */
export async function problemsOf(text: string, head = HEAD): Promise<Told[]> {
  const whole = head + text;
  try {
    await loadDefinitions(writeFiles({ 'definitions.ts': whole }));
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const lines = whole.split('\n');
    return [error, ...error.others].map(({ place, message, remedy }: TidemarkError) => ({
      at: lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1) ?? '',
      message,
      remedy,
    }));
  }
  throw new Error('not refused');
}

/** A feature for a group that is about something else. */
export const ONE_FEATURE = "n: count({ last: '1h' }),";

/** A group around some features or with some options changed. */
export function group(features: string, options = "entity: 'card_id',\n  every: '5m',"): string {
  return `export const cards = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source: transactions,
  ${options}
  features: {
    ${features}
  },
});
`;
}
