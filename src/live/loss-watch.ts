import type { OnlineStore } from '../sinks/sink.ts';
import { partitionName } from '../sources/log-reader.ts';
import type { Offset } from '../time.ts';
import type { LivePartition } from './live-partition.ts';
import type { WorkerLog } from './worker.ts';

/**
 * Notices that an online store has lost data: one that was started without its data, or a replica that took over
 * before it had everything. With its rows a partition's position is written, after them; a store that later has none,
 * or a smaller one, lacks rows. They are sent again from the copies that are kept with the states.
 */
export class LossWatch {
  readonly #store: OnlineStore;
  readonly #app: string;
  readonly #log: WorkerLog;
  /** What the store was told last, by partition. */
  readonly #told = new Map<string, Offset>();

  constructor(store: OnlineStore, app: string, log: WorkerLog) {
    this.#store = store;
    this.#app = app;
    this.#log = log;
  }

  /** The partition was taken over: up to its position the rows were in the store before. */
  async takenOver(partition: LivePartition): Promise<void> {
    const { nextOffset } = partition;
    this.#told.delete(partitionName(partition));
    if (nextOffset > 0) this.#told.set(partitionName(partition), nextOffset);
    await this.refill(await this.written([partition]));
  }

  /** The rows of the partitions' last steps are in the store. Answers those of which it has lost some. */
  async written(partitions: readonly LivePartition[]): Promise<readonly LivePartition[]> {
    const asked = partitions.map((partition) => ({
      name: this.#nameOf(partition),
      position: partition.committedOffset,
      expected: this.#told.get(partitionName(partition)) ?? null,
    }));
    const lost = new Set(await this.#store.remember(asked));
    return partitions.filter((partition, index) => {
      const { name, position } = asked[index]!;
      if (!lost.has(name)) this.#told.set(partitionName(partition), position);
      return lost.has(name);
    });
  }

  /** Sends every row of the partitions again, as of their last steps. */
  async refill(partitions: readonly LivePartition[]): Promise<void> {
    for (const live of partitions) {
      const { topic, partition, committedOffset: position } = live;
      const fields = { topic, partition };
      this.#log.warn(fields, 'the online store has lost rows; they are sent again from the state');
      const name = this.#nameOf(live);
      let rows: number;
      do {
        await this.#store.remember([{ name, position: 0, expected: null }]);
        rows = await live.refill(this.#store);
        // Nothing remembered: the store has lost data again meanwhile.
      } while ((await this.#store.remember([{ name, position, expected: 0 }])).length > 0);
      this.#told.set(partitionName(live), position);
      this.#log.info({ ...fields, rows }, 'the online store has all rows again');
    }
  }

  #nameOf(partition: LivePartition): string {
    return `${this.#app}/${partitionName(partition)}`;
  }
}
