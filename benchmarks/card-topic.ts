import { avroEncoder } from '../src/demo/encode.ts';
import { generateTransactions, type TransactionOptions } from '../src/demo/transactions.ts';
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
