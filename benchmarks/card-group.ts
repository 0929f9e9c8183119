import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGGREGATE_NAMES } from '../src/definitions/aggregate-signatures.ts';
import type { FeatureGroup } from '../src/definitions/definition.ts';
import { loadDefinitions } from '../src/definitions/load.ts';

/** A group over card transactions, in the words of a definitions file. */
export interface CardGroup {
  /** The options that say when windows end: `every: '5m'`. */
  readonly windows: string;
  /** Lines of `features`. */
  readonly features: readonly string[];
}

export interface CardSource {
  readonly format: 'json' | 'avro';
  readonly topic: string;
}

/** The text of a definitions file. Every field of a transaction is declared, so every field is decoded. */
export function cardGroupText({ windows, features }: CardGroup, { format, topic }: CardSource): string {
  return `import { ${[...AGGREGATE_NAMES, 'defineFeatureGroup', 'defineSource', 'field'].join(', ')} } from 'tidemark';

export const transactions = defineSource({
  name: 'transactions',
  topic: '${topic}',
  key: 'card_id',
  format: '${format}',
  schema: {
    txn_id: field.string,
    card_id: field.string,
    merchant_id: field.string,
    amount_minor: field.long,
    status: field.enum('initiated', 'settled', 'failed'),
    geo: field.nullable(field.string),
    event_ts: field.nullable(field.timestampMillis),
  },
  eventTime: { field: 'event_ts' },
  watermark: { maxOutOfOrderness: '30s', maxAhead: '1m' },
});

export const cards = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source: transactions,
  entity: 'card_id',
  ${windows},
  allowedLateness: '10m',
  features: {
    ${features.join(',\n    ')},
  },
});
`;
}

export async function loadCardGroup(
  group: CardGroup,
  source: Partial<CardSource> = {},
): Promise<FeatureGroup> {
  return withTemporaryFolder(async (folder) => {
    const file = join(folder, 'cards.ts');
    writeFileSync(file, cardGroupText(group, { format: 'avro', topic: 'transactions', ...source }));
    const { groups } = await loadDefinitions(file);
    return groups[0]!;
  });
}

export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
