import { setImmediate as nextTurn } from 'node:timers/promises';
import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import { ChangelogPacker } from '../state/changelog-pack.ts';
import type { StateStore } from '../state/state-store.ts';
import { encodeJournalEntry, parseJournalEntry } from '../watermark/mark.ts';
import { ChangelogSweep } from './changelog-sweep.ts';
import { type CommitLog, type CommitLogs, CommitLostError, FencedError } from './commit-log.ts';
import {
  type AcquireOptions,
  type CommittedPosition,
  type Durability,
  type LostPartition,
  LostPartitionError,
  type PartitionJournal,
  type PartitionStore,
  type Step,
  type StepSource,
} from './durability.ts';
import { followChangelog, followedFact } from './follow-changelog.ts';
import { type OutputTopics, PendingOutputs } from './output-topics.ts';
import { copiedRows, RowCopies } from './row-copies.ts';
import type { Standby } from './standby.ts';
import type { WorkerMeter } from './worker-meter.ts';

/**
 * Steps in the commit log, which any worker can take over: states in the changelog, outputs and the position in one
 * transaction per partition. The local store follows, so that a restart reads only what it has missed of the changelog.
 *
 * 1. The rows of the step are in the online store. 2. The transaction. 3. The local store takes the same changes, with
 * the changelog's offset. A crash between any two repeats work and changes nothing: rows are idempotent by version, a
 * transaction is there or not, and the local store tells how far it has followed.
 */
export class KafkaDurability implements Durability {
  readonly #logs: CommitLogs;
  readonly #state: StateStore;
  readonly #copies: RowCopies;
  readonly #topics: OutputTopics;
  readonly #meter: WorkerMeter | null;
  readonly #createSweep: CreateSweep;
  readonly #partitions = new Map<string, OwnedPartition>();

  /** Follows the partitions of others; null when it was not asked for. */
  readonly #standby: Standby | null;

  constructor(parts: {
    logs: CommitLogs;
    state: StateStore;
    topics: OutputTopics;
    /** Default: no partitions of others are followed. */
    createStandby?: CreateStandby | null;
    meter?: WorkerMeter | null;
    /** Default: a {@link ChangelogSweep} with its own limits. */
    createSweep?: CreateSweep;
  }) {
    this.#logs = parts.logs;
    this.#standby = parts.createStandby?.(parts.logs, parts.state) ?? null;
    this.#state = parts.state;
    this.#copies = new RowCopies(parts.state);
    this.#topics = parts.topics;
    this.#meter = parts.meter ?? null;
    this.#createSweep = parts.createSweep ?? ((...of) => new ChangelogSweep(...of));
  }

  async acquire(partition: TopicPartition, options: AcquireOptions): Promise<PartitionStore> {
    const name = partitionName(partition);
    await this.#standby?.leave(partition);
    const log = await this.#logs.acquire(partition, options.signal);
    let records: number;
    try {
      records = await followChangelog(log, this.#state, partition, options);
    } catch (error) {
      await log.close();
      throw error;
    }
    const owned: OwnedPartition = {
      log,
      outputs: new PendingOutputs(this.#topics, partition, this.#meter),
      sweep: this.#createSweep(this.#state, partition, records),
    };
    this.#partitions.set(name, owned);
    const state = this.#state;
    const { outputs } = owned;
    return {
      progress: (task) => state.progress(task),
      entities: (task, range) => state.entities(task, range),
      copies: (task, group) => copiedRows(state, task, group),
      rejectedBySource: (source, record, rejection) => outputs.rejectedBySource(source, record, rejection),
      rejectedByGroup: (group, record, rejection) => outputs.rejectedByGroup(group, record, rejection),
      dropped: (group, dropped, record) => outputs.dropped(group, dropped, record),
      revised: (group, batch) => outputs.revised(group, batch),
      get pendingBytes() {
        return outputs.pendingBytes;
      },
      journal: journalOf(log, partition),
      release: async () => {
        if (this.#partitions.get(name) === owned) this.#partitions.delete(name);
        await log.close();
        this.#standby?.follow(partition);
      },
    };
  }

  async commit(
    partitions: readonly StepSource[],
    flush: () => Promise<void>,
  ): Promise<readonly LostPartition[]> {
    const sealed: SealedStep[] = [];
    for (const partition of partitions) {
      const step = partition.takeStep();
      const owned = this.#partitions.get(partitionName(step));
      if (owned !== undefined) sealed.push({ step, owned, outputs: owned.outputs.take() });
      // To encode what changed takes milliseconds: records should not wait for all partitions.
      await nextTurn();
    }
    await flush();
    return lossesOf(sealed, ({ step, owned, outputs }) => ({
      partition: step,
      done: this.#commitStep(step, owned, outputs),
    }));
  }

  /** By a transaction that says the position again: a former owner's is refused. */
  confirm(positions: readonly CommittedPosition[]): Promise<readonly LostPartition[]> {
    return lossesOf(positions, (partition) => {
      const log = this.#partitions.get(partitionName(partition))?.log;
      const { position } = partition;
      return { partition, done: log?.commit({ position, changelog: [], outputs: new Map() }) };
    });
  }

  async close(): Promise<void> {
    await this.#standby?.close();
    await Promise.all([...this.#partitions.values()].map(({ log }) => log.close()));
    await this.#logs.close();
  }

  async #commitStep(
    step: Step,
    { log, sweep }: OwnedPartition,
    outputs: SealedStep['outputs'],
  ): Promise<void> {
    const packer = new ChangelogPacker();
    const changes = await this.#copies.complete(step);
    // What is said again comes before what is new.
    const swept = await sweep.pack(packer, changes);
    for (const { task, progress, entities, rows } of changes) {
      for (const { key, state } of entities) packer.put(task, 'chunks', key, state);
      for (const { key, state } of rows ?? []) packer.put(task, 'rows', key, state);
      if (progress !== null) packer.progress(task, progress);
    }
    const changelog = packer.take();
    const end = await log.commit({ position: step.position, changelog, outputs });
    await this.#state.commit(changes, new Map([[followedFact(step), String(end)]]));
    const obsolete = sweep.committed(swept, end - changelog.length, end);
    if (obsolete !== null) await log.truncate(obsolete);
  }
}

/** `records`: how many the changelog of the partition holds. */
export type CreateSweep = (state: StateStore, partition: TopicPartition, records: number) => ChangelogSweep;

export type CreateStandby = (logs: CommitLogs, state: StateStore) => Standby;

interface OwnedPartition {
  readonly log: CommitLog;
  readonly outputs: PendingOutputs;
  readonly sweep: ChangelogSweep;
}

interface SealedStep {
  readonly step: Step;
  readonly owned: OwnedPartition;
  readonly outputs: ReturnType<PendingOutputs['take']>;
}

/** Does all of it side by side, and answers what was lost by it. */
async function lossesOf<T>(
  all: readonly T[],
  begin: (each: T) => { readonly partition: TopicPartition; readonly done: Promise<unknown> | undefined },
): Promise<readonly LostPartition[]> {
  const outcomes = await Promise.all(
    all.map(async (each) => {
      const { partition, done } = begin(each);
      try {
        await done;
        return [];
      } catch (error) {
        return [lossOf(partition, error)];
      }
    }),
  );
  return outcomes.flat();
}

function lossOf({ topic, partition }: TopicPartition, error: unknown): LostPartition {
  if (error instanceof FencedError) return { topic, partition, reason: 'fenced', error };
  if (error instanceof CommitLostError) return { topic, partition, reason: 'unknown', error };
  throw error;
}

function journalOf(log: CommitLog, partition: TopicPartition): PartitionJournal {
  return {
    async *read(from) {
      for await (const { offset, text } of log.journal(from)) {
        const entry = parseJournalEntry(
          text,
          `offset ${offset} of the journal of ${partitionName(partition)}`,
        );
        yield { entry, next: offset + 1 };
      }
    },
    async write(entries) {
      try {
        const records = entries.map((entry) => ({ key: entry.source, value: encodeJournalEntry(entry) }));
        return await log.appendJournal(records);
      } catch (error) {
        throw new LostPartitionError(lossOf(partition, error));
      }
    },
  };
}
