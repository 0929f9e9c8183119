import { ChangelogSweep, type SweptStretch } from '../../src/live/changelog-sweep.ts';
import { type Commit, type CommitLog, type CommitLogs, CommitLostError } from '../../src/live/commit-log.ts';
import type { Durability, PartitionJournal, Step } from '../../src/live/durability.ts';
import type { CreateSweep } from '../../src/live/kafka-durability.ts';
import { Standby } from '../../src/live/standby.ts';
import type { OnlineStore } from '../../src/sinks/sink.ts';
import type { TopicPartition } from '../../src/sources/log-reader.ts';
import type { ChangelogPacker } from '../../src/state/changelog-pack.ts';
import type { StateStore, TaskChanges, TaskProgress } from '../../src/state/state-store.ts';
import {
  createDurability,
  type DurabilityParts,
  SOUND,
  SWEEP_LIMITS,
  type WorkerVariant,
} from './machine.ts';

/** Ways to get it wrong, each of which the simulation must find. */
export const PLANTED_BUGS: Readonly<Record<string, WorkerVariant>> = {
  'commits before the rows are flushed': withDurability((sound) => ({
    commit: (partitions) => sound.commit(partitions, () => Promise.resolve()),
  })),

  'asks for a new epoch with each commit, so that no owner is fenced': withCommit(
    async (_, commit, partition, { logs }) => {
      const fresh = await logs.acquire(partition, new AbortController().signal);
      return fresh.commit(commit);
    },
  ),

  'commits the position before the state': withCommit(async (log, commit) => {
    await log.commit({ ...commit, changelog: [] });
    return log.commit({ ...commit, outputs: new Map() });
  }),

  'commits the state before the position': withCommit(async (log, commit) => {
    await log.commit({ ...commit, position: commit.position - 1, outputs: new Map() });
    return log.commit({ ...commit, changelog: [] });
  }),

  'takes a commit for done whose answer was lost': withCommit(async (log, commit) => {
    const { high } = await log.changelogEnds();
    try {
      return await log.commit(commit);
    } catch (error) {
      if (!(error instanceof CommitLostError)) throw error;
      return high + commit.changelog.length;
    }
  }),

  'writes the local store before the transaction': withDurability((sound, { state }) => ({
    commit: (partitions, flush) => {
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
        for (const { changes } of steps) await state.commit(changes, new Map());
      });
    },
  })),

  'takes the outputs later than the step': withDurability((sound) => ({
    commit: async (partitions, flush) => {
      const steps = partitions.map((partition) => partition.takeStep());
      await flush();
      const sources = steps.map((step) => ({ takeStep: () => step }));
      return sound.commit(sources, flush);
    },
  })),

  'stores a task half way through a close as if it were done with it': withProgress(
    ({ closing: _, ...progress }) => progress,
  ),

  'begins a close anew that it was half way through': withProgress((progress) => {
    const { closing } = progress;
    return closing === undefined ? progress : { ...progress, closing: { ...closing, toldUpTo: '' } };
  }),

  'truncates before the commit that ends the sweep is durable': withSweep(
    ({ cluster: { partitions } }, state, partition, records) =>
      new HastySweep(state, partition, records, (before) =>
        partitions[partition.partition]!.truncate(before),
      ),
  ),

  'truncates up to where the sweep ended': withSweep((_, ...of) => new GreedySweep(...of, SWEEP_LIMITS)),

  'does not see that the online store has lost its data': withStore((store) => ({
    remember: async (positions) => {
      await store.remember(positions.map((position) => ({ ...position, expected: null })));
      return [];
    },
  })),

  'fills a store again without the rows of former steps': withDurability((sound) => ({
    acquire: async (...of) => ({ ...(await sound.acquire(...of)), copies: () => [] }),
  })),

  'goes on following a partition that it has taken over': {
    ...SOUND,
    durability: (parts) => {
      const { standbyPause } = parts;
      if (standbyPause === null) return createDurability(parts, {});
      return createDurability(parts, { createStandby: (...of) => new CarelessStandby(...of, standbyPause) });
    },
  },

  'begins without the marks that its state does not have': withJournal((journal) => ({
    ...journal,
    read: async function* () {},
  })),

  'applies a mark of which it does not know whether it was written': withJournal((journal) => {
    let end = 0;
    return {
      ...journal,
      write: async (entries) => {
        end = await journal.write(entries).catch(() => end + entries.length);
        return end;
      },
    };
  }),
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

class CarelessStandby extends Standby {
  override async leave(): Promise<void> {}
}

/** Sound but for some of what its durability does. */
function withDurability(
  change: (sound: Durability, parts: DurabilityParts) => Partial<Durability>,
): WorkerVariant {
  return {
    ...SOUND,
    durability: (parts) => {
      const sound = SOUND.durability(parts);
      return {
        acquire: (...of) => sound.acquire(...of),
        commit: (...of) => sound.commit(...of),
        confirm: (positions) => sound.confirm(positions),
        close: () => sound.close(),
        ...change(sound, parts),
      };
    },
  };
}

/** Sound but for what it commits of how far its tasks are. */
function withProgress(change: (progress: TaskProgress) => TaskProgress): WorkerVariant {
  return withDurability((sound) => ({
    commit: (partitions, flush) => {
      const sources = partitions.map((partition) => ({
        takeStep: () => {
          const step = partition.takeStep();
          const changes = step.changes.map(({ progress, ...rest }) => {
            return { ...rest, progress: progress === null ? null : change(progress) };
          });
          return { ...step, changes };
        },
      }));
      return sound.commit(sources, flush);
    },
  }));
}

/** Sound but for the marks of its partitions. */
function withJournal(change: (journal: PartitionJournal) => PartitionJournal): WorkerVariant {
  return withDurability((sound) => ({
    acquire: async (...of) => {
      const partition = await sound.acquire(...of);
      return { ...partition, journal: change(partition.journal!) };
    },
  }));
}

/** Sound but for some of how it sees the online store. */
function withStore(change: (store: OnlineStore) => Partial<OnlineStore>): WorkerVariant {
  return { ...SOUND, store: (store) => ({ ...store, ...change(store) }) };
}

function withSweep(
  createSweep: (parts: DurabilityParts, ...of: Parameters<CreateSweep>) => ReturnType<CreateSweep>,
): WorkerVariant {
  return {
    ...SOUND,
    durability: (parts) => createDurability(parts, { createSweep: (...of) => createSweep(parts, ...of) }),
  };
}

/** Sound but for how it commits. */
function withCommit(
  commit: (
    log: CommitLog,
    commit: Commit,
    partition: TopicPartition,
    parts: DurabilityParts,
  ) => Promise<number>,
): WorkerVariant {
  const changed = (parts: DurabilityParts): CommitLogs => ({
    acquire: async (partition, signal) => {
      const log = await parts.logs.acquire(partition, signal);
      return {
        changelogEnds: () => log.changelogEnds(),
        changelog: (...of) => log.changelog(...of),
        journal: (from) => log.journal(from),
        appendJournal: (records) => log.appendJournal(records),
        commit: (what) => commit(log, what, partition, parts),
        truncate: (before) => log.truncate(before),
        close: () => log.close(),
      };
    },
    changelogs: (signal) => parts.logs.changelogs(signal),
    close: () => parts.logs.close(),
  });
  return { ...SOUND, durability: (parts) => SOUND.durability({ ...parts, logs: changed(parts) }) };
}
