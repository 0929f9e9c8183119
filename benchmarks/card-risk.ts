import type { CardGroup } from './card-group.ts';

/** Risk features of cards: the group of most benchmarks. */
const FEATURES = [
  `card_txn_count_24h: count({ last: '24h' })`,
  `card_failed_txn_rate_1h: rate((t) => t.status === 'failed', { last: '1h' })`,
  `card_spend_24h: sum((t) => t.amount_minor / 100, { last: '24h', default: 0 })`,
  `card_distinct_merchants_7d: distinctCount((t) => t.merchant_id, { last: '7d' })`,
  `card_geo_entropy_24h: entropy((t) => t.geo, { last: '24h' })`,
];

/** The first two features, or all five. */
export function cardRisk(features: 2 | 5, every = '5m'): CardGroup {
  return { windows: `every: '${every}'`, features: FEATURES.slice(0, features) };
}
