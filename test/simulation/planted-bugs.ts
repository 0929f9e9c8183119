import { ChangelogSweep, type SweptStretch } from '../../src/live/changelog-sweep.ts';
import { type Commit, type CommitLog, CommitLostError } from '../../src/live/commit-log.ts';
import type { Durability, LostPartition, Step, StepSource } from '../../src/live/durability.ts';
import { type CreateSweep, KafkaDurability } from '../../src/live/kafka-durability.ts';
import type { TopicPartition } from '../../src/sources/log-reader.ts';
import type { ChangelogPacker } from '../../src/state/changelog-pack.ts';
import type { StateStore, TaskChanges } from '../../src/state/state-store.ts';
import type { DurabilityParts, MakeDurability } from './machine.ts';
import { SWEEP_LIMITS, soundDurability } from './machine.ts';
import { OUTPUT_TOPICS } from './undisturbed.ts';

/** Ways to get the commit protocol wrong, each of which the simulation must find. */
export const PLANTED_BUGS: Readonly<Record<string, MakeDurability>> = {
  'commits before the rows are flushed': (parts) =>
    withSteps(parts, (sound, partitions) => sound.commit(partitions, () => Promise.resolve())),

  'asks for a new epoch with each commit, so that no owner is fenced': (parts) =>
    withCommit(parts, async (_, commit, partition) => {
      const fresh = await parts.logs.acquire(partition, new AbortController().signal);
      return fresh.commit(commit);
    }),

  'commits the position before the state': (parts) =>
    withCommit(parts, async (log, commit) => {
      await log.commit({ ...commit, changelog: [] });
      return log.commit({ ...commit, outputs: new Map() });
    }),

  'commits the state before the position': (parts) =>
    withCommit(parts, async (log, commit) => {
      await log.commit({ ...commit, position: commit.position - 1, outputs: new Map() });
      return log.commit({ ...commit, changelog: [] });
    }),

  'takes a commit for done whose answer was lost': (parts) =>
    withCommit(parts, async (log, commit) => {
      const { high } = await log.changelogEnds();
      try {
        return await log.commit(commit);
      } catch (error) {
        if (!(error instanceof CommitLostError)) throw error;
        return high + commit.changelog.length;
      }
    }),

  'writes the local store before the transaction': (parts) =>
    withSteps(parts, (sound, partitions, flush) => {
      const steps: Step[] = [];
      const sources = partitions.map((partition) => ({
        takeStep: () => {
          const step = partition.takeStep();
          steps.push(step);
          return step;
        },
      }));
      return sound.commit(sources, async () => {
        await flush();
        for (const { changes } of steps) await parts.state.commit(changes, new Map());
      });
    }),

  'takes the outputs later than the step': (parts) =>
    withSteps(parts, async (sound, partitions, flush) => {
      const steps = partitions.map((partition) => partition.takeStep());
      await flush();
      const sources = steps.map((step) => ({ takeStep: () => step }));
      return sound.commit(sources, flush);
    }),

  'truncates before the commit that ends the sweep is durable': (parts) =>
    withSweep(parts, (state, partition, records) => {
      const { partitions } = parts.cluster;
      return new HastySweep(state, partition, records, (before) =>
        partitions[partition.partition]!.truncate(before),
      );
    }),

  'truncates up to where the sweep ended': (parts) =>
    withSweep(parts, (...of) => new GreedySweep(...of, SWEEP_LIMITS)),
};

class HastySweep extends ChangelogSweep {
  readonly #truncate: (before: number) => void;
  #began: number | null = null;

  constructor(
    state: StateStore,
    partition: TopicPartition,
    records: number,
    truncate: (before: number) => void,
  ) {
    super(state, partition, records, SWEEP_LIMITS);
    this.#truncate = truncate;
  }

  override async pack(
    packer: ChangelogPacker,
    changes: readonly TaskChanges[],
  ): Promise<SweptStretch | null> {
    const swept = await super.pack(packer, changes);
    if (swept?.tasks.length === 0 && this.#began !== null) this.#truncate(this.#began);
    return swept;
  }

  override committed(swept: SweptStretch | null, from: number, to: number): number | null {
    if (swept?.begins === true) this.#began = from;
    return super.committed(swept, from, to);
  }
}

class GreedySweep extends ChangelogSweep {
  override committed(swept: SweptStretch | null, from: number, to: number): number | null {
    return super.committed(swept, from, to) === null ? null : from;
  }
}

function withSweep({ logs, state }: DurabilityParts, createSweep: CreateSweep): KafkaDurability {
  return new KafkaDurability({ logs, state, topics: OUTPUT_TOPICS, createSweep });
}

/** Sound but for when steps are taken and rows are flushed. */
function withSteps(
  parts: DurabilityParts,
  commit: (
    sound: Durability,
    partitions: readonly StepSource[],
    flush: () => Promise<void>,
  ) => Promise<readonly LostPartition[]>,
): Durability {
  const sound = soundDurability(parts);
  return {
    acquire: (...of) => sound.acquire(...of),
    commit: (...of) => commit(sound, ...of),
    confirm: (positions) => sound.confirm(positions),
    close: () => sound.close(),
  };
}

/** Sound but for how it commits. */
function withCommit(
  parts: DurabilityParts,
  commit: (log: CommitLog, commit: Commit, partition: TopicPartition) => Promise<number>,
) {
  return soundDurability({
    ...parts,
    logs: {
      acquire: async (partition, signal) => {
        const log = await parts.logs.acquire(partition, signal);
        return {
          changelogEnds: () => log.changelogEnds(),
          changelog: (...of) => log.changelog(...of),
          journal: (from) => log.journal(from),
          appendJournal: (records) => log.appendJournal(records),
          commit: (what) => commit(log, what, partition),
          truncate: (before) => log.truncate(before),
          close: () => log.close(),
        };
      },
      changelogs: (signal) => parts.logs.changelogs(signal),
      close: () => parts.logs.close(),
    },
  });
}
