import type { Kafka } from 'kafkajs';
import { assert, TidemarkError } from '../errors.ts';
import type { Offset } from '../time.ts';
import type { Log } from './kafka-client.ts';
import type { LogPosition, TopicPartition } from './log-reader.ts';

/** What a partition holds: offsets in [low, high). */
export interface PartitionEnds {
  readonly low: Offset;
  readonly high: Offset;
}

/** The ends of every partition of the topics, by `topic/partition`. One attempt. */
export async function fetchEnds(
  kafka: Kafka,
  topics: Iterable<string>,
): Promise<ReadonlyMap<string, PartitionEnds>> {
  const ends = new Map<string, PartitionEnds>();
  const admin = kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        ends.set(`${topic}/${partition}`, { low: Number(low), high: Number(high) });
      }
    }
  } finally {
    // Of a broken connection nothing is left to close.
    await admin.disconnect().catch(() => {});
  }
  return ends;
}

/**
 * The offset that a wanted position means.
 *
 * @throws TidemarkError `LOG_TRUNCATED` when the log no longer holds it, `LOG_REPLACED` when it never held it
 */
export function checkedPosition(
  { topic, partition }: TopicPartition,
  wanted: LogPosition,
  ends: PartitionEnds | undefined,
  { onTruncated, log }: { readonly onTruncated?: 'fail' | 'skip'; readonly log: Log },
): Offset {
  assert(ends !== undefined, `the ends of ${topic}/${partition} are known`);
  const { low, high } = ends;
  if (wanted === 'earliest') return low;
  if (wanted === 'latest') return high;
  if (wanted > high) {
    throw new TidemarkError(
      `partition ${partition} of ${topic} ends at offset ${high}, but was read up to ${wanted} before`,
      {
        code: 'LOG_REPLACED',
        remedy:
          'If the topic was created anew, raise the `epoch` of its source and start with an empty state directory.',
      },
    );
  }
  if (wanted >= low) return wanted;
  const lost = `partition ${partition} of ${topic} starts at offset ${low}: ${low - wanted} records from ${wanted} on are gone`;
  if (onTruncated !== 'skip') {
    throw new TidemarkError(lost, {
      code: 'LOG_TRUNCATED',
      remedy:
        "Raise the topic's retention, and rebuild the state from the archive, or start with an empty state directory.",
    });
  }
  log.warn({ topic, partition, from: wanted, to: low, lost: low - wanted }, `${lost}; going on without them`);
  return low;
}
