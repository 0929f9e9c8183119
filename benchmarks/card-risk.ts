import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureGroup } from '../src/definitions/definition.ts';
import { loadDefinitions } from '../src/definitions/load.ts';

/** The group that is measured: risk features of cards. */
export interface CardRiskOptions {
  /** The first two of {@link FEATURES}, or all five. */
  readonly features: 2 | 5;
  readonly every: string;
  readonly format: 'json' | 'avro';
  readonly topic: string;
}

const FEATURES = [
  `card_txn_count_24h: count({ last: '24h' })`,
  `card_failed_txn_rate_1h: rate((t) => t.status === 'failed', { last: '1h' })`,
  `card_spend_24h: sum((t) => t.amount_minor / 100, { last: '24h', default: 0 })`,
  `card_distinct_merchants_7d: distinctCount((t) => t.merchant_id, { last: '7d' })`,
  `card_geo_entropy_24h: entropy((t) => t.geo, { last: '24h' })`,
];

/** The text of a definitions file. Every field of a transaction is declared, so every field is decoded. */
export function cardRiskText({ features, every, format, topic }: CardRiskOptions): string {
  return `import { count, defineFeatureGroup, defineSource, distinctCount, entropy, field, rate, sum } from 'tidemark';

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

export const cardRisk = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source: transactions,
  entity: 'card_id',
  every: '${every}',
  allowedLateness: '10m',
  features: {
    ${FEATURES.slice(0, features).join(',\n    ')},
  },
});
`;
}

export async function loadCardRisk(options: CardRiskOptions): Promise<FeatureGroup> {
  return withTemporaryFolder(async (folder) => {
    const file = join(folder, 'card-risk.ts');
    writeFileSync(file, cardRiskText(options));
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
