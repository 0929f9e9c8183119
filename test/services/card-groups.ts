import { encodeJson } from '../../src/demo/encode.ts';
import {
  generateTransactions,
  TRANSACTION_DEFAULTS,
  type TransactionOptions,
} from '../../src/demo/transactions.ts';
import type { ProducedRecord } from './topics.ts';

type CardOptions = Pick<TransactionOptions, 'seed' | 'count' | 'cards' | 'partitions' | 'defects'>;

/** Two days of card transactions, with their disorder, as records for a topic. */
export function cardRecords(options: CardOptions): ProducedRecord[] {
  return [...cardStream({ ...options, perSecond: options.count / (2 * 86_400) })];
}

/** As many card transactions as are asked for, `perSecond` of log time. */
export function* cardStream(
  options: CardOptions & Pick<TransactionOptions, 'perSecond'> & Partial<Pick<TransactionOptions, 'startMs'>>,
): Generator<ProducedRecord, void, undefined> {
  let index = 0;
  for (const transaction of generateTransactions({ ...TRANSACTION_DEFAULTS, merchants: 60, ...options })) {
    const { partition, key, timestamp, row } = transaction;
    // Some come too late for every window.
    const days = index++ % 300 === 299 ? 9 : 0;
    const event_ts = row.event_ts === null ? null : row.event_ts - days * 86_400_000;
    yield { partition, key, timestamp, value: encodeJson({ ...transaction, row: { ...row, event_ts } }) };
  }
}

/** A definitions file over card transactions in a topic: two groups on grids and one of sessions. */
export function cardGroups(topic: string, idleTimeout: string | null = null): string {
  const idle = idleTimeout === null ? '' : `, idleTimeout: '${idleTimeout}'`;
  return `
import { avg, count, defineFeatureGroup, defineSource, distinctCount, entropy, field, first, last, max, min, rate, sum } from 'tidemark';

export const transactions = defineSource({
  name: 'transactions',
  topic: '${topic}',
  key: 'card_id',
  schema: {
    card_id: field.string,
    merchant_id: field.string,
    amount_minor: field.long,
    status: field.enum('initiated', 'settled', 'failed'),
    geo: field.nullable(field.string),
    event_ts: field.timestampMillis,
  },
  eventTime: { field: 'event_ts' },
  watermark: { maxOutOfOrderness: '30s', maxAhead: '1m'${idle} },
});

export const cardRisk = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source: transactions,
  entity: 'card_id',
  every: '5m',
  allowedLateness: '10m',
  features: {
    txn_count_24h: count({ last: '24h' }),
    failed_rate_1h: rate((t) => t.status === 'failed', { last: '1h' }),
    spend_24h: sum((t) => t.amount_minor / 100, { last: '24h', default: 0 }),
    merchants_7d: distinctCount((t) => t.merchant_id, { last: '7d' }),
    geo_entropy_24h: entropy((t) => t.geo, { last: '24h' }),
  },
});

export const cardAtMerchant = defineFeatureGroup({
  name: 'card_at_merchant',
  version: 3,
  source: transactions,
  entity: ['card_id', 'merchant_id'],
  every: '1h',
  offset: '10m',
  allowedLateness: '30m',
  emit: 'close',
  where: (t) => t.status !== 'initiated',
  features: {
    spend: sum((t) => t.amount_minor, { last: '90m' }),
    mean_settled: avg((t) => t.amount_minor, { last: '6h', where: (t) => t.status === 'settled' }),
    least: min((t) => t.amount_minor, { last: '6h' }),
    greatest_place: max((t) => t.geo, { last: '2h' }),
    first_status: first((t) => t.status, { last: '6h' }),
    last_place: last((t) => t.geo, { last: '6h', default: 'nowhere' }),
  },
});

export const cardOuting = defineFeatureGroup({
  name: 'card_outing',
  version: 1,
  source: transactions,
  entity: 'card_id',
  session: '20m',
  maxDuration: '3h',
  allowedLateness: '10m',
  features: {
    txn_count: count(),
    spend: sum((t) => t.amount_minor / 100),
    merchants: distinctCount((t) => t.merchant_id),
    first_status: first((t) => t.status),
  },
});
`;
}
