import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Offset } from '../time.ts';
import type { ArchivedRecord } from './archive-envelope.ts';
import { ArchiveWriter, nextOffset } from './archive-writer.ts';
import { createKafkaClient, type Log } from './kafka-client.ts';
import { KafkaLogReader } from './kafka-log.ts';
import type { ArchiveOptions, ArchiveSummary } from './kafka-options.ts';
import { OutageReport } from './kafka-outage.ts';
import { checkedPosition, fetchEnds } from './kafka-positions.ts';
import { reachTopics, reasonOf } from './kafka-reachable.ts';
import type { LogHandlers } from './log-reader.ts';

/** A command that copies and ends must not wait for a broker for ever. */
const CONNECT_TIMEOUT_MS = 15_000;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** One partition on its way into the archive: offsets in [next, end) are still missing. */
interface Copy {
  readonly partition: number;
  readonly from: Offset;
  readonly end: Offset;
  readonly writer: ArchiveWriter;
  next: Offset;
}

/**
 * Copies a topic into an archive: from where the archive ends, else the first record that the topic still holds,
 * up to the topic's end at the time of the call. Records of open transactions are waited for. After the signal,
 * and after an error, what was copied stays; called again, it goes on there.
 *
 * @throws TidemarkError `LOG_TRUNCATED` when records that the archive misses are gone from the topic,
 *   `LOG_REPLACED` when the archive is ahead of the topic; what {@link KafkaLogReader.run} and
 *   {@link ArchiveWriter.append} throw
 */
export async function archiveTopic(options: ArchiveOptions, log: Log = SILENT): Promise<ArchiveSummary> {
  const { kafka, topic, out, signal, onProgress } = options;
  const client = createKafkaClient(kafka, log);
  await reachTopics(client, {
    brokers: kafka.brokers,
    topics: [topic],
    timeoutMs: CONNECT_TIMEOUT_MS,
    signal,
    outage: new OutageReport(kafka.brokers, log),
  });
  if (signal.aborted) return { partitions: 0, records: 0, files: 0 };
  const copies = new Map<number, Copy>();
  for (const [name, ends] of await fetchEnds(client, [topic])) {
    const partition = Number(name.slice(topic.length + 1));
    const archived = await nextOffset(out, topic, partition);
    const wanted = archived === 0 ? 'earliest' : archived;
    const from = checkedPosition({ topic, partition }, wanted, ends, { log });
    const writer = new ArchiveWriter(out, topic, partition);
    await writer.create();
    copies.set(partition, { partition, from, end: ends.high, writer, next: from });
  }
  const filesBefore = await countFiles(join(out, topic));
  const records = await copyRecords(options, log, [...copies.values()], onProgress);
  return { partitions: copies.size, records, files: (await countFiles(join(out, topic))) - filesBefore };
}

async function copyRecords(
  { kafka, topic, signal }: ArchiveOptions,
  log: Log,
  copies: readonly Copy[],
  onProgress: ArchiveOptions['onProgress'],
): Promise<number> {
  const isDone = () => copies.every(({ next, end }) => next >= end);
  if (isDone()) return 0;
  // A group of its own has one member, which gets every partition.
  const group = `tidemark-archive-${topic}-${randomUUID()}`;
  const reader = new KafkaLogReader({
    kafka,
    group,
    topics: [topic],
    log,
    withHeaders: true,
    maxBytesPerPartition: 4 << 20,
  });
  const copyOf = (partition: number) => copies.find((copy) => copy.partition === partition);
  const total = copies.reduce((sum, { from, end }) => sum + end - from, 0);
  let written = 0;
  const handlers: LogHandlers = {
    assigned: async () => {},
    positionOf: async ({ partition }) => copyOf(partition)?.next ?? null,
    records: async (_topic, batch) => {
      const copy = copyOf(batch.partition);
      if (copy === undefined) return;
      const wanted = (batch.records as readonly ArchivedRecord[]).filter(({ offset }) => offset < copy.end);
      await copy.writer.append(wanted);
      written += wanted.length;
      // Now and not when the position has advanced: a new assignment may come before that.
      copy.next = Math.min(batch.records.at(-1)!.offset + 1, copy.end);
    },
    advanced: (_topic, partition, position) => {
      const copy = copyOf(partition);
      if (copy === undefined) return;
      copy.next = Math.min(position, copy.end);
      onProgress?.({ done: copies.reduce((sum, { from, next }) => sum + next - from, 0), total });
      if (isDone()) void reader.stop();
    },
  };
  const stop = () => void reader.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await reader.run(handlers);
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(copies.map(({ writer }) => writer.close()));
    await deleteGroup(kafka, group, log);
  }
  return written;
}

async function deleteGroup(kafka: ArchiveOptions['kafka'], group: string, log: Log): Promise<void> {
  const admin = createKafkaClient(kafka, log).admin();
  try {
    await admin.connect();
    await admin.deleteGroups([group]);
  } catch (error) {
    // Without members and offsets the broker forgets it by itself.
    log.debug({ group, reason: reasonOf(error) }, 'the consumer group was not deleted');
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function countFiles(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith('.avro')).length;
}
