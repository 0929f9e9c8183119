import { randomUUID } from 'node:crypto';
import type { OnlineStore } from '../sinks/sink.ts';
import { partitionName } from '../sources/log-reader.ts';
import type { Offset } from '../time.ts';
import type { LivePartition } from './live-partition.ts';
import type { WorkerLog } from './worker.ts';

/**
 * Notices that an online store has lost data: one that was started without its data, or a replica that took over
 * before it had everything. With its rows a partition's position is written, after them; a store that later has none,
 * or a smaller one, lacks rows. They are sent again from the copies that are kept with the states.
 *
 * With a position stands who wrote it. For a former owner that does not know yet that it is none may fill the store
 * again, too: then the position is there, and the rows that the owner has sent since are not.
 */
export class LossWatch {
  readonly #store: OnlineStore;
  readonly #app: string;
  readonly #log: WorkerLog;
  /** Of this worker, in this life. */
  readonly #writer = randomUUID();
  /** What the store was told last, by partition. */
  readonly #told = new Map<string, Offset>();

  constructor(store: OnlineStore, app: string, log: WorkerLog) {
    this.#store = store;
    this.#app = app;
    this.#log = log;
  }

  /** The partition was taken over: up to its position the rows were in the store before. */
  async takenOver(partition: LivePartition): Promise<void> {
    const { nextOffset: position } = partition;
    const expected = position === 0 ? null : { position, writer: null };
    const name = this.#nameOf(partition);
    const lost = await this.#store.remember([{ name, position, writer: this.#writer, expected }]);
    this.#told.set(partitionName(partition), position);
    if (lost.length > 0) await this.refill([partition]);
  }

  /**
   * The rows of the partitions' last steps are in the store. Answers those of which it has lost some, or which another
   * worker has taken over.
   */
  async written(partitions: readonly LivePartition[]): Promise<readonly LivePartition[]> {
    const writer = this.#writer;
    const asked = partitions.map((partition) => ({
      name: this.#nameOf(partition),
      position: partition.committedOffset,
      writer,
      expected: { position: this.#told.get(partitionName(partition))!, writer },
    }));
    const lost = new Set(await this.#store.remember(asked));
    return partitions.filter((partition, index) => {
      const { name, position } = asked[index]!;
      if (!lost.has(name)) this.#told.set(partitionName(partition), position);
      return lost.has(name);
    });
  }

  /**
   * Sends every row of the partitions again, as of their last steps. If the store loses data meanwhile, {@link written}
   * shows it again.
   */
  async refill(partitions: readonly LivePartition[]): Promise<void> {
    for (const live of partitions) {
      const { topic, partition } = live;
      const fields = { topic, partition };
      this.#log.warn(fields, 'the online store has lost rows; they are sent again from the state');
      const name = this.#nameOf(live);
      await this.#store.remember([{ name, position: 0, writer: this.#writer, expected: null }]);
      this.#told.set(partitionName(live), 0);
      const rows = await live.refill(this.#store);
      const lost = await this.written([live]);
      if (lost.length === 0) this.#log.info({ ...fields, rows }, 'the online store has all rows again');
    }
  }

  #nameOf(partition: LivePartition): string {
    return `${this.#app}/${partitionName(partition)}`;
  }
}
