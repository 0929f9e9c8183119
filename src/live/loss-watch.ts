import type { OnlineStore } from '../sinks/sink.ts';
import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { Offset } from '../time.ts';

/** A partition and how far its rows are in the online store. */
export interface WrittenPosition extends TopicPartition {
  readonly position: Offset;
}

/**
 * Notices that an online store has lost data: one that was started without its data, or a replica that took over
 * before it had everything. With its rows a partition's position is written, after them; a store that later has none,
 * or a smaller one, lacks rows. They are sent again from the copies that are kept with the states.
 */
export class LossWatch {
  readonly #store: OnlineStore;
  readonly #app: string;
  /** What the store was told last, by partition. */
  readonly #told = new Map<string, Offset>();

  constructor(store: OnlineStore, app: string) {
    this.#store = store;
    this.#app = app;
  }

  /**
   * The rows of these partitions are in the store up to these positions. Answers those of which it has lost some.
   *
   * @param durable for partitions that were taken over: up to here their rows were in the store before; null: none were
   */
  async written(
    positions: readonly WrittenPosition[],
    durable?: Offset | null,
  ): Promise<readonly TopicPartition[]> {
    const asked = positions.map((each) => ({
      name: this.#nameOf(each),
      position: each.position,
      expected: durable === undefined ? (this.#told.get(partitionName(each)) ?? null) : durable,
    }));
    const lost = new Set(await this.#store.remember(asked));
    const found = positions.filter((_, index) => lost.has(asked[index]!.name));
    for (const each of positions) {
      if (!found.includes(each)) this.#told.set(partitionName(each), each.position);
    }
    return found;
  }

  /** The partition's rows are about to be sent again. */
  async refilling(partition: WrittenPosition): Promise<void> {
    await this.#store.remember([{ name: this.#nameOf(partition), position: 0, expected: null }]);
  }

  /** Everything of the partition is in the store again. False when the store has lost data again meanwhile. */
  async refilled(partition: WrittenPosition): Promise<boolean> {
    const { position } = partition;
    const lost = await this.#store.remember([{ name: this.#nameOf(partition), position, expected: 0 }]);
    if (lost.length > 0) return false;
    this.#told.set(partitionName(partition), position);
    return true;
  }

  #nameOf(partition: TopicPartition): string {
    return `${this.#app}/${partitionName(partition)}`;
  }
}
