import type { TopicPartition } from '../../src/sources/log-reader.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import type { KeyRange, StateStore, TaskChanges, TaskId } from '../../src/state/state-store.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** A full disk, and the like. */
export class DiskError extends Error {}

const FAILS = 0.003;

/** The disk of one machine, with the local store. What was written outlives the process. */
export class LocalDisk {
  readonly #scheduler: Scheduler;
  readonly #onWritten: (store: StateStore, partition: number) => void;
  #store = new MemoryStateStore();
  /** Writes that are not on the disk yet. */
  #queue: (() => void)[] = [];

  /** `onWritten` hears of each write that has come to the disk. */
  constructor(scheduler: Scheduler, onWritten: (store: StateStore, partition: number) => void) {
    this.#scheduler = scheduler;
    this.#onWritten = onWritten;
  }

  open(process: Process): StateStore {
    const store = this.#store;
    return {
      progress: (task: TaskId) => store.progress(task),
      entities: (task: TaskId, range?: KeyRange) => store.entities(task, range),
      rows: (task: TaskId, range?: KeyRange) => store.rows(task, range),
      rowsAt: (task: TaskId, keys: readonly Uint8Array[]) => store.rowsAt(task, keys),
      tasks: (partition: TopicPartition) => store.tasks(partition),
      fact: (name: string) => store.fact(name),
      commit: (changes: readonly TaskChanges[], facts: ReadonlyMap<string, string>) => {
        const read = changes.map(({ entities, rows, ...rest }) => ({
          ...rest,
          entities: [...entities],
          rows: [...(rows ?? [])],
        }));
        return this.#write(process, read[0]!.task, () => store.commit(read, facts));
      },
      clear: (partition: TopicPartition) => this.#write(process, partition, () => store.clear(partition)),
      close: async () => {},
    };
  }

  /** The machine lost its power: of what was on the way to the disk a first part may be there. */
  crash(): void {
    const written = this.#scheduler.below(this.#queue.length + 1);
    for (const write of this.#queue.slice(0, written)) write();
    this.#queue = [];
  }

  /** Between two processes. */
  erase(): void {
    this.#store = new MemoryStateStore();
  }

  /** Writes take effect in the order of the calls. */
  #write(process: Process, { partition }: TopicPartition, write: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return;
      if (this.#scheduler.fault(FAILS)) {
        this.#scheduler.tell(process, 'the disk is full', () => reject(new DiskError('the disk is full')));
        return;
      }
      const store = this.#store;
      let isWritten = false;
      const flush = () => {
        isWritten = true;
        // The twin of the real store changes before it returns.
        void write();
        this.#onWritten(store, partition);
      };
      this.#queue.push(flush);
      this.#scheduler.tell(process, `${process.name}: the disk writes`, () => {
        while (!isWritten) this.#queue.shift()!();
        resolve();
      });
    });
  }
}
