import {
  type Changelog,
  type ChangelogRecord,
  type Commit,
  type CommitLog,
  type CommitLogs,
  CommitLostError,
  type JournalRecord,
  type OutputRecord,
} from '../../src/live/commit-log.ts';
import type { TopicPartition } from '../../src/sources/log-reader.ts';
import type { CommitPartition, Transaction } from './commit-partition.ts';
import { type Process, type Scheduler, Violation } from './scheduler.ts';
import { TOPIC } from './workload.ts';

/** How often a transaction goes wrong, of each way that it can. */
const FAILS = 0.02;
const MOST_RECORDS_READ = 3;

/** One worker's way to the commit logs. */
export class ModelCommitLogs implements CommitLogs {
  readonly #process: Process;
  readonly #scheduler: Scheduler;
  readonly #partitions: readonly CommitPartition[];

  constructor(process: Process, scheduler: Scheduler, partitions: readonly CommitPartition[]) {
    this.#process = process;
    this.#scheduler = scheduler;
    this.#partitions = partitions;
  }

  acquire({ partition }: TopicPartition, signal: AbortSignal): Promise<CommitLog> {
    const commits = this.#partitions[partition]!;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#scheduler
        .request(this.#process, `acquires ${partition}`, () => commits.fence())
        .then((epoch) => {
          signal.removeEventListener('abort', abort);
          resolve(new ModelCommitLog(this.#process, this.#scheduler, commits, epoch));
        }, reject);
    });
  }

  async changelogs(): Promise<ReadonlyMap<TopicPartition, Changelog>> {
    return new Map(
      this.#partitions.map((commits) => [
        { topic: TOPIC, partition: commits.partition },
        new ModelChangelog(this.#process, this.#scheduler, commits),
      ]),
    );
  }

  async close(): Promise<void> {}
}

class ModelChangelog implements Changelog {
  protected readonly process: Process;
  protected readonly scheduler: Scheduler;
  protected readonly commits: CommitPartition;

  constructor(process: Process, scheduler: Scheduler, commits: CommitPartition) {
    this.process = process;
    this.scheduler = scheduler;
    this.commits = commits;
  }

  changelogEnds(): Promise<{ low: number; high: number }> {
    const commits = this.commits;
    return this.request('asks for the ends', () => ({ low: commits.low, high: commits.high }));
  }

  async *changelog(from: number, to: number): AsyncGenerator<readonly ChangelogRecord[], void> {
    for (let next = from; next < to; ) {
      const most = 1 + this.scheduler.below(MOST_RECORDS_READ);
      const records = await this.request(`reads from ${next}`, () => this.commits.read(next, to, most));
      if (records.length === 0) return;
      yield records;
      next = records.at(-1)!.offset + 1;
    }
  }

  protected request<T>(label: string, effect: () => T): Promise<T> {
    return this.scheduler.request(this.process, `${label} (${this.commits.partition})`, effect);
  }
}

class ModelCommitLog extends ModelChangelog implements CommitLog {
  readonly #epoch: number;
  #isUsable = true;

  constructor(process: Process, scheduler: Scheduler, commits: CommitPartition, epoch: number) {
    super(process, scheduler, commits);
    this.#epoch = epoch;
  }

  async *journal(from: number): AsyncGenerator<JournalRecord, void> {
    yield* await this.request(`reads the journal from ${from}`, () => this.commits.journal(from));
  }

  appendJournal(records: readonly OutputRecord[]): Promise<number> {
    const texts = records.map(({ value }) => String(value));
    return this.#alone(async () => {
      this.#mayFail('fails before anything was sent');
      const end = await this.request('marks', () => this.commits.appendJournal(this.#epoch, texts));
      this.#mayFail('is committed, and its answer lost');
      return end;
    });
  }

  commit(commit: Commit): Promise<number> {
    return this.#alone(() => this.#transact({ ...commit, epoch: this.#epoch }));
  }

  async truncate(before: number): Promise<void> {
    // Nobody is told when it fails; it may come at any time.
    const isLost = this.scheduler.fault(0.1);
    await this.request(`truncates before ${before}`, () => {
      if (!isLost) this.commits.truncate(before);
    });
  }

  async close(): Promise<void> {
    this.#isUsable = false;
  }

  /** One transaction at a time, and none after one whose outcome is not known. */
  async #alone<T>(transact: () => Promise<T>): Promise<T> {
    if (!this.#isUsable) throw new Violation('a commit to a log that is closed, busy, or has lost one');
    this.#isUsable = false;
    const result = await transact();
    this.#isUsable = true;
    return result;
  }

  async #transact(transaction: Transaction): Promise<number> {
    const commits = this.commits;
    this.#mayFail('fails before anything was sent');
    const end = await this.request('writes', () => commits.write(transaction));
    this.#mayFail('is never ended');
    const committed = this.request(`commits ${transaction.position}`, () => commits.commit(transaction));
    // It may be refused later, when nobody listens any more.
    committed.catch(() => {});
    this.#mayFail('is given up, and may still be committed');
    await committed;
    this.#mayFail('is committed, and its answer lost');
    return end;
  }

  #mayFail(how: string): void {
    if (!this.scheduler.fault(FAILS)) return;
    this.scheduler.note(`${this.process.name}: a transaction ${how}`);
    throw new CommitLostError(how);
  }
}
