import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { LivePartition } from './live-partition.ts';
import { countsOf, type PartitionCounts, retiredCounts } from './worker-counts.ts';

/** The partitions that a worker has restored and not given up. */
export class OwnedPartitions {
  readonly #partitions = new Map<string, LivePartition>();
  /** Of partitions that were given up. */
  readonly #retired: PartitionCounts[] = [];
  readonly #onGivenUp: (partition: LivePartition) => void;

  constructor(onGivenUp: (partition: LivePartition) => void) {
    this.#onGivenUp = onGivenUp;
  }

  get(partition: TopicPartition): LivePartition | undefined {
    return this.#partitions.get(partitionName(partition));
  }

  /** By {@link partitionName}. */
  has(name: string): boolean {
    return this.#partitions.has(name);
  }

  /** As of now. */
  all(): readonly LivePartition[] {
    return [...this.#partitions.values()];
  }

  /** Whether it is this one, not one that was acquired again since. */
  owns(partition: LivePartition): boolean {
    return this.get(partition) === partition;
  }

  add(partition: LivePartition): void {
    this.#partitions.set(partitionName(partition), partition);
  }

  async giveUp(partition: LivePartition): Promise<void> {
    this.#partitions.delete(partitionName(partition));
    this.#retired.push(...retiredCounts(partition));
    this.#onGivenUp(partition);
    await partition.release();
  }

  /** Of all that the worker has owned. */
  counts(): readonly PartitionCounts[] {
    return [...this.#retired, ...this.all().flatMap(countsOf)];
  }
}
