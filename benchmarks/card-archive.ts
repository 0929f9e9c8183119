import { avroEncoder } from '../src/demo/encode.ts';
import { generateTransactions, TRANSACTION_DEFAULTS, type Transaction } from '../src/demo/transactions.ts';
import type { ArchivedRecord } from '../src/sources/archive-envelope.ts';
import { ArchiveWriter } from '../src/sources/archive-writer.ts';

/** The stream of archives: 10 events a second of event time over 10,000 cards. */
export const ARCHIVE = { partitions: 4, cards: 10_000, perSecond: 10 };

export function archivedTransactions(count: number): Iterable<Transaction> {
  return generateTransactions({ ...TRANSACTION_DEFAULTS, ...ARCHIVE, count });
}

/** An archive of so many transactions in Avro, in the topic `transactions`. */
export async function makeCardArchive(dir: string, events: number): Promise<void> {
  const encode = avroEncoder();
  const writers = Array.from(
    { length: ARCHIVE.partitions },
    (_, p) => new ArchiveWriter(dir, 'transactions', p),
  );
  const waiting: ArchivedRecord[][] = writers.map(() => []);
  const flush = async (partition: number) => {
    await writers[partition]!.append(waiting[partition]!.splice(0));
  };
  for (const transaction of archivedTransactions(events)) {
    const { partition, offset, timestamp, key } = transaction;
    const batch = waiting[partition]!;
    batch.push({ offset, timestamp, key, value: encode(transaction), headers: {} });
    if (batch.length === 1000) await flush(partition);
  }
  for (const [partition, writer] of writers.entries()) {
    await flush(partition);
    await writer.close();
  }
}
