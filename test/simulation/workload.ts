import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Random } from '../../src/demo/random.ts';
import { count, defineFeatureGroup, defineSource, distinctCount, field, sum } from '../../src/index.ts';
import type { LogRecord } from '../../src/sources/record.ts';

/** What the simulated workers work on: a small log with all that a log can hold, and groups of both kinds over it. */

export const APP = 'simulated';
export const TOPIC = 'payments';
export const PARTITIONS = 2;
const RECORDS_PER_PARTITION = 30;
const CARDS_PER_PARTITION = 2;
const MINUTE = 60_000;
/** When the simulated clocks begin. */
export const START = Date.UTC(2026, 0, 5);

const payments = defineSource({
  name: TOPIC,
  key: 'card',
  schema: {
    card: field.nullable(field.string),
    shop: field.string,
    amount: field.long,
    at: field.timestampMillis,
  },
  eventTime: { field: 'at' },
  watermark: { maxOutOfOrderness: '2m', maxAhead: '1h', idleTimeout: '1m' },
});
const spending = defineFeatureGroup({
  name: 'spending',
  version: 1,
  source: payments,
  entity: 'card',
  every: '5m',
  allowedLateness: '10m',
  features: {
    payments: count({ last: '15m' }),
    spent: sum((p) => p.amount, { last: '30m' }),
    shops: distinctCount((p) => p.shop, { last: '30m' }),
  },
});
const outings = defineFeatureGroup({
  name: 'outings',
  version: 1,
  source: payments,
  entity: 'card',
  session: '6m',
  allowedLateness: '5m',
  features: { payments: count(), shops: distinctCount((p) => p.shop) },
});

export const GROUPS = [spending, outings] as unknown as readonly FeatureGroup[];

/** The records of each partition. Its cards pay in no other. */
export const LOG: readonly (readonly LogRecord[])[] = Array.from({ length: PARTITIONS }, (_, partition) => {
  const random = new Random(partition + 1);
  let clock = START;
  return Array.from({ length: RECORDS_PER_PARTITION }, (_, offset) => {
    clock += random.below(3 * MINUTE);
    return { offset, timestamp: clock, ...anyPayment(random, partition, clock) };
  });
});

/** Records that could come next, and ask of everything that a state knows: late ones, and such as close all windows. */
export const PROBES: readonly (readonly LogRecord[])[] = LOG.map((records, partition) => {
  const end = records.at(-1)!.timestamp;
  const cards = Array.from({ length: CARDS_PER_PARTITION }, (_, index) => `card ${partition}.${index}`);
  const payments = [-20, -8, 0, 15, 300].flatMap((minutes) =>
    cards.map((card) => ({ card, shop: 'probe', amount: 7, at: end + minutes * MINUTE })),
  );
  return payments.map((payment, index) => ({
    offset: records.length + index,
    timestamp: Math.max(end, payment.at),
    key: Buffer.from(payment.card),
    value: Buffer.from(JSON.stringify(payment)),
  }));
});

function anyPayment(random: Random, partition: number, clock: number): Pick<LogRecord, 'key' | 'value'> {
  const kind = random.below(20);
  const card = `card ${partition}.${random.below(CARDS_PER_PARTITION)}`;
  // In time, late for some windows, late for all.
  const behind = kind < 14 ? random.below(MINUTE) : kind < 18 ? random.below(20 * MINUTE) : 90 * MINUTE;
  const payment = {
    card,
    shop: `shop ${random.below(4)}`,
    amount: 1 + random.below(1000),
    at: clock - behind,
  };
  const key = Buffer.from(card);
  // Refused by the source, and by each group.
  if (random.below(15) === 0) return { key, value: Buffer.from('garbage') };
  if (random.below(15) === 0)
    return { key: Buffer.from('another'), value: Buffer.from(JSON.stringify(payment)) };
  return { key, value: Buffer.from(JSON.stringify(payment)) };
}
