import { setTimeout as sleep } from 'node:timers/promises';
import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import type { StateStore } from '../state/state-store.ts';
import type { DurationMs } from '../time.ts';
import type { CommitLogs } from './commit-log.ts';
import { followChangelog } from './follow-changelog.ts';

/** A copy is so far behind its owner's commits at most, while the brokers answer. */
const FOLLOW_INTERVAL_MS: DurationMs = 1000;

/** Resolves when copies are to be brought up to date again, or the signal is aborted; a simulation has a time of its own. */
export type Pause = (signal: AbortSignal) => Promise<void>;

const pauseInterval: Pause = (signal) => sleep(FOLLOW_INTERVAL_MS, undefined, { signal }).catch(() => {});

/**
 * Keeps copies of the states of partitions that other workers own: their changelogs are followed into the local store,
 * so that who takes such a partition over has to read the last second of its changelog, and not all of it.
 */
export class Standby {
  readonly #logs: CommitLogs;
  readonly #state: StateStore;
  readonly #ending = new AbortController();
  /** Partitions that this worker owns or is about to. */
  readonly #left = new Set<string>();
  /** What is under way. */
  #round: Promise<void> = Promise.resolve();
  readonly #running: Promise<void>;
  readonly #pause: Pause;

  constructor(logs: CommitLogs, state: StateStore, pause: Pause = pauseInterval) {
    this.#logs = logs;
    this.#state = state;
    this.#pause = pause;
    this.#running = this.#run();
  }

  /** Resolves when the partition's copy is at rest, and belongs to the caller. */
  async leave(partition: TopicPartition): Promise<void> {
    this.#left.add(partitionName(partition));
    await this.#round;
  }

  /** The partition belongs to somebody else. */
  follow(partition: TopicPartition): void {
    this.#left.delete(partitionName(partition));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      // A copy that cannot be kept now is tried again, and what is wrong shows to whoever acquires the partition.
      this.#round = this.#followAll(signal).catch(() => {});
      await this.#round;
      await this.#pause(signal);
    }
  }

  async #followAll(signal: AbortSignal): Promise<void> {
    for (const [partition, changelog] of await this.#logs.changelogs(signal)) {
      if (this.#left.has(partitionName(partition))) continue;
      await followChangelog(changelog, this.#state, partition, { signal });
    }
  }
}
