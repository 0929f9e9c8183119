import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import { ChangelogPacker, unpackChanges } from '../state/changelog-pack.ts';
import { StateError } from '../state/state-error.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Offset } from '../time.ts';
import { encodeJournalEntry, parseJournalEntry } from '../watermark/mark.ts';
import { ChangelogSweep } from './changelog-sweep.ts';
import { type CommitLog, type CommitLogs, CommitLostError, FencedError } from './commit-log.ts';
import {
  type AcquireOptions,
  type Durability,
  type LostPartition,
  LostPartitionError,
  type PartitionJournal,
  type PartitionStore,
  type Step,
} from './durability.ts';
import { type OutputTopics, PendingOutputs } from './output-topics.ts';
import { copiedRows, RowCopies } from './row-copies.ts';

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
  readonly #partitions = new Map<string, OwnedPartition>();

  constructor(parts: { logs: CommitLogs; state: StateStore; topics: OutputTopics }) {
    this.#logs = parts.logs;
    this.#state = parts.state;
    this.#copies = new RowCopies(parts.state);
    this.#topics = parts.topics;
  }

  async acquire(partition: TopicPartition, options: AcquireOptions): Promise<PartitionStore> {
    const name = partitionName(partition);
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
      outputs: new PendingOutputs(this.#topics, partition),
      sweep: new ChangelogSweep(this.#state, partition, records),
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
      },
    };
  }

  async commit(steps: readonly Step[], flushed: Promise<void>): Promise<readonly LostPartition[]> {
    const sealed = steps.flatMap((step) => {
      const owned = this.#partitions.get(partitionName(step));
      return owned === undefined ? [] : [{ step, owned, outputs: owned.outputs.take() }];
    });
    await flushed;
    const outcomes = await Promise.all(
      sealed.map(async ({ step, owned, outputs }) => {
        try {
          await this.#commitStep(step, owned, outputs);
          return [];
        } catch (error) {
          return [lossOf(step, error)];
        }
      }),
    );
    return outcomes.flat();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#partitions.values()].map(({ log }) => log.close()));
    await this.#logs.close();
  }

  async #commitStep(
    step: Step,
    { log, sweep }: OwnedPartition,
    outputs: ReturnType<PendingOutputs['take']>,
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

interface OwnedPartition {
  readonly log: CommitLog;
  readonly outputs: PendingOutputs;
  readonly sweep: ChangelogSweep;
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

/**
 * Takes into the local store what it has missed of the changelog; all of it, where the changelog begins later or the
 * store has followed none. A store whose state was made without a changelog is kept while the changelog is empty.
 * Answers how many records the changelog holds.
 *
 * @throws StateError `CHANGELOG_REPLACED` when the store is ahead of the changelog
 */
export async function followChangelog(
  log: Pick<CommitLog, 'changelogEnds' | 'changelog'>,
  state: StateStore,
  partition: TopicPartition,
  { signal, onProgress }: AcquireOptions,
): Promise<number> {
  const { low, high } = await log.changelogEnds();
  const fact = followedFact(partition);
  const followed = state.fact(fact) === null ? null : Number(state.fact(fact));
  if (followed !== null && followed > high) throw changelogReplaced(partition, followed, high);
  const isBehind = followed !== null && followed >= low;
  if (!isBehind && high > low) await state.clear(partition);
  const from = isBehind ? followed : low;
  for await (const records of log.changelog(from, high)) {
    signal.throwIfAborted();
    const changes = records.flatMap(({ value }) => unpackChanges(value, partition));
    const next: Offset = records.at(-1)!.offset + 1;
    await state.commit(changes, new Map([[fact, String(next)]]));
    onProgress?.({ done: next - from, total: high - from });
  }
  return high - low;
}

function changelogReplaced({ topic, partition }: TopicPartition, followed: Offset, high: Offset): StateError {
  return new StateError(
    `the changelog of ${topic}/${partition} ends at offset ${high}, but was followed up to ${followed} before`,
    {
      code: 'CHANGELOG_REPLACED',
      remedy:
        'If the changelog was deleted on purpose, start with an empty state directory; else bring it back first.',
    },
  );
}

/** How far the local store has followed the changelog of a partition. */
function followedFact(partition: TopicPartition): string {
  return `changelog:${partitionName(partition)}`;
}
