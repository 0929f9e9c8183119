import { avroEncoder } from '../src/demo/encode.ts';
import { generateTransactions, type TransactionOptions } from '../src/demo/transactions.ts';
import type { DurationMs, EventTimeMs } from '../src/time.ts';
import type { ProducedRecord } from '../test/services/topics.ts';

export const TOPIC_PARTITIONS = 4;

/** Card transactions as records of a topic, values in Avro. */
export function* cardRecords(options: TransactionOptions, withTimestamp: boolean): Generator<ProducedRecord> {
  const encode = avroEncoder();
  for (const transaction of generateTransactions(options)) {
    const { partition, key, timestamp } = transaction;
    const value = encode(transaction);
    yield withTimestamp ? { partition, key, value, timestamp } : { partition, key, value };
  }
}

/** Each card once, `c0` and so on, at even distances of event time. */
export function* eachCardOnce(
  cards: number,
  startMs: EventTimeMs,
  spanMs: DurationMs,
): Generator<ProducedRecord> {
  for (let card = 0; card < cards; card++) {
    yield cardEvent(`c${card}`, startMs + Math.floor((card * spanMs) / cards));
  }
}

const encode = avroEncoder();

export function cardEvent(card: string, eventTime: EventTimeMs): ProducedRecord {
  const key = Buffer.from(card);
  const value = encode({
    partition: 0,
    offset: 0,
    timestamp: eventTime,
    key,
    row: {
      txn_id: card,
      card_id: card,
      merchant_id: 'm1',
      amount_minor: 100,
      status: 'settled',
      geo: null,
      event_ts: eventTime,
    },
    defect: null,
  });
  return { key, value, timestamp: eventTime };
}
