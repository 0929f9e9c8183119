import { count, defineFeatureGroup, defineSource, distinctCount, entropy, field, rate, sum } from 'tidemark';

/** Card payments; also what `npm run demo` makes. */
export const transactions = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema: {
    txn_id: field.string,
    card_id: field.string,
    merchant_id: field.string,
    amount_minor: field.long,
    status: field.enum('initiated', 'settled', 'failed'),
    geo: field.nullable(field.string),
    event_ts: field.timestampMillis,
  },
  eventTime: { field: 'event_ts' },
  watermark: { maxOutOfOrderness: '30s', maxAhead: '1m', idleTimeout: '1m' },
  onNullEventTime: 'reject',
});

/** How a card is used, every five minutes: late payments correct the windows of the last ten. */
export const cardRisk = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source: transactions,
  entity: 'card_id',
  every: '5m',
  allowedLateness: '10m',
  features: {
    card_txn_count_24h: count({ last: '24h' }),
    card_failed_txn_rate_1h: rate((t) => t.status === 'failed', { last: '1h' }),
    card_spend_24h: sum((t) => t.amount_minor / 100, { last: '24h', default: 0 }),
    card_distinct_merchants_7d: distinctCount((t) => t.merchant_id, { last: '7d' }),
    card_geo_entropy_24h: entropy((t) => t.geo, { last: '24h' }),
  },
});
