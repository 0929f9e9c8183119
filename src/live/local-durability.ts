import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { LogReader, TopicPartition } from '../sources/log-reader.ts';
import type { StateStore, TaskChanges } from '../state/state-store.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Durability, LostPartition, PartitionStore, StepSource } from './durability.ts';
import { copiedRows, RowCopies } from './row-copies.ts';

/**
 * Steps on the disk of one machine: states in the local store, late and rejected records in files whose lengths are
 * committed with them. Marks are not kept, so idle partitions are not advanced. Another machine knows nothing of it: a partition that goes there starts over.
 */
export class LocalDurability implements Durability {
  readonly #groups: readonly FeatureGroup[];
  readonly #state: StateStore;
  readonly #copies: RowCopies;
  readonly #deadLetters: DeadLetters;
  readonly #reader: Pick<LogReader, 'commit'>;

  constructor(parts: {
    groups: readonly FeatureGroup[];
    state: StateStore;
    deadLetterDir: string;
    /** Is told the positions, so that others see how far the worker is. */
    reader: Pick<LogReader, 'commit'>;
  }) {
    this.#groups = parts.groups;
    this.#state = parts.state;
    this.#copies = new RowCopies(parts.state);
    this.#deadLetters = new DeadLetters(parts.deadLetterDir, parts.state);
    this.#reader = parts.reader;
  }

  async acquire({ topic, partition }: TopicPartition): Promise<PartitionStore> {
    const state = this.#state;
    const files = this.#deadLetters;
    // Opening a file cuts off what a crash left behind its committed length.
    for (const group of this.#groups) if (group.source.topic === topic) openFiles(files, group);
    return {
      progress: (task) => state.progress(task),
      entities: (task, range) => state.entities(task, range),
      copies: (task, group) => copiedRows(state, task, group),
      rejectedBySource: (source: Source, record, rejection) =>
        files.rejectedBySource(source).write({ partition, record, rejection }),
      rejectedByGroup: (group: FeatureGroup, record, rejection) =>
        files.rejectedByGroup(group).write({ partition, record, rejection }),
      dropped: (group: FeatureGroup, dropped) => files.droppedByGroup(group).write(dropped),
      revised: () => {},
      pendingBytes: 0,
      journal: null,
      release: async () => {},
    };
  }

  async commit(
    partitions: readonly StepSource[],
    flush: () => Promise<void>,
  ): Promise<readonly LostPartition[]> {
    // At once: partitions share the files.
    const steps = partitions.map((partition) => partition.takeStep());
    const lengths = this.#deadLetters.positions();
    await flush();
    await this.#deadLetters.flush();
    const changes: TaskChanges[] = [];
    for (const step of steps) changes.push(...(await this.#copies.complete(step)));
    await this.#state.commit(changes, lengths);
    await this.#reader.commit(steps);
    return [];
  }

  /** Nobody else can take them. */
  async confirm(): Promise<readonly LostPartition[]> {
    return [];
  }

  async close(): Promise<void> {
    await this.#deadLetters.close();
  }
}

function openFiles(files: DeadLetters, group: FeatureGroup): void {
  files.rejectedBySource(group.source);
  files.rejectedByGroup(group);
  files.droppedByGroup(group);
}
