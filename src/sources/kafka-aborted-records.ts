import { kafkajsModule, once } from './kafkajs-internals.ts';

interface FetchResponse {
  decode(raw: Buffer): Promise<{
    readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
  }>;
}

interface FetchedPartition {
  /** In the order in which they were aborted, not that of their first offsets. Null or absent: none. */
  abortedTransactions?: readonly AbortedTransaction[] | null;
  readonly messages: readonly FetchedMessage[];
}

interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
  isControlRecord: boolean;
}

/** Those of the library whose answers name aborted transactions. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11];
const ABORT = Buffer.from([0, 0, 0, 0]);

/**
 * kafkajs 2.2.4 hands over records of aborted transactions as if they were committed where several producers write to
 * one partition: it takes the list of aborted transactions for one in the order of their first offsets, and enters one
 * of them with each record at most. So what is aborted is found here, and given to the library as control records,
 * which it passes over.
 */
export const mendAbortedRecords = once(() => {
  for (const version of VERSIONS) {
    const response = kafkajsModule<FetchResponse>(`protocol/requests/fetch/v${version}/response.js`);
    const { decode } = response;
    response.decode = async (raw) => {
      const decoded = await decode(raw);
      for (const { partitions } of decoded.responses) partitions.forEach(hideAborted);
      return decoded;
    };
  }
});

function hideAborted(partition: FetchedPartition): void {
  const { abortedTransactions, messages } = partition;
  if (!abortedTransactions?.length) return;
  partition.abortedTransactions = [];
  const coming = abortedTransactions.toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const aborted = new Set<string>();
  let next = 0;
  for (const message of messages) {
    while (next < coming.length && Number(coming[next]!.firstOffset) <= Number(message.offset)) {
      aborted.add(coming[next++]!.producerId);
    }
    const { producerId, inTransaction } = message.batchContext;
    if (!inTransaction || !aborted.has(producerId)) continue;
    if (!message.isControlRecord) message.isControlRecord = true;
    else if (message.key?.equals(ABORT)) aborted.delete(producerId);
  }
}
