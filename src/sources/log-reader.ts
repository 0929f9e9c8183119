import type { Offset } from '../time.ts';
import type { RecordBatch } from './record.ts';

/** The contract between a live driver and the log that it follows. */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** One text per partition, and one partition per text: topics have no slash in their names. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Where to go on in a partition: the offset of the next record, or an end of what the log holds now. */
export type LogPosition = Offset | 'earliest' | 'latest';

/** What a log reader calls. */
export interface LogHandlers {
  /**
   * Called at each assignment, with all partitions that are owned from now on, kept ones too; every partition
   * that is missing now belongs to somebody else. Until it has resolved no record comes.
   */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /**
   * Where an assigned partition goes on: asked of each after `assigned`, and again after {@link LogReader.restart},
   * once the group has confirmed that it is this member's. A member that was silent for long hears late that it is not.
   * It may take as long as restoring takes; records of other partitions come meanwhile. Null: nothing is read of it
   * until it is asked again.
   */
  positionOf(partition: TopicPartition): Promise<LogPosition | null>;
  /**
   * The next records of one partition, at least one, from its position on, without a gap other than what the
   * log itself leaves out. The next call for this partition comes when this one has resolved; those for other
   * partitions may come meanwhile.
   *
   * @param highWatermark the offset after the last record that the partition held when these were fetched
   */
  records(topic: string, batch: RecordBatch, highWatermark: Offset): Promise<void>;
  /**
   * A partition's position has moved to `position`: after its `records` have resolved, and over stretches of the
   * log that hold no record for a reader (transaction markers, aborted transactions).
   */
  advanced?(topic: string, partition: number, position: Offset): void;
  /** The last call, when the reader stops in good order: partitions are still owned and can be committed. */
  leaving?(): Promise<void>;
}

/** How far one partition is read. */
export interface PartitionLag extends TopicPartition {
  /** Offset of the next record to read. */
  readonly position: Offset;
  /** The offset after the partition's last record, as far as is known. */
  readonly end: Offset;
  /** The brokers have told the end since the question; otherwise it is the last known. */
  readonly isCurrent: boolean;
}

/** One member of a consumer group. */
export interface LogReader {
  /**
   * Follows the log until {@link stop}, through rebalances and for as long as the brokers are away. Called once.
   *
   * @throws TidemarkError what waiting cannot mend, among them `TOPIC_MISSING`, `LOG_TRUNCATED`, `LOG_REPLACED`,
   *   `KAFKA_REFUSED`, `KAFKA_UNREACHABLE`; and whatever a handler throws. No handler is running any more then.
   */
  run(handlers: LogHandlers): Promise<void>;
  /**
   * Commits positions to the consumer group, where they only show others how far this reader is. Does nothing
   * for partitions that are not owned any more, and when the brokers are away.
   */
  commit(positions: readonly (TopicPartition & { readonly position: Offset })[]): Promise<void>;
  /** Stops reading a partition; if the group still gives it to this member, asks for its position and goes on there. */
  restart(partition: TopicPartition): void;
  /** Of the partitions that are owned now. Asks the brokers for the ends; when they are away, the last known. */
  lag(): Promise<readonly PartitionLag[]>;
  /** Lets the running handlers end, calls `leaving` and leaves the group; `run` resolves then too. */
  stop(): Promise<void>;
}
