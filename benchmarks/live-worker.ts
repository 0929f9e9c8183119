import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../test/services/children.ts';
import { type Child, cpuSecondsOf, startTidemark } from './processes.ts';

/** One line of a worker's log. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly msg: string;
  readonly lag?: number | null;
  readonly records?: number;
  readonly partitions?: readonly string[];
  readonly entities?: number;
  /** Of several in one `tidemark run`. */
  readonly worker?: number;
}

const PATIENCE_MS = 600_000;
const POLL_MS = 50;
/** A worker rests when it takes less than this share of a core for {@link REST_MS}. */
const RESTING_SHARE = 0.15;
const REST_MS = 3000;

/** `tidemark run` as a process, as a user starts it, seen through its log. */
export class LiveWorker {
  readonly child: Child;
  /** Epoch milliseconds. */
  readonly startedAt = Date.now();

  /**
   * @param args what follows `tidemark run`
   * @param nodeArgs of the process
   */
  constructor(args: readonly string[], nodeArgs: readonly string[] = []) {
    this.child = startTidemark(['run', ...args, '--log-json', '--json'], nodeArgs);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** What it logged so far, or under one message since a time. */
  lines(msg?: string, since = 0): LogLine[] {
    return this.child.log
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine & { time: string })
      .map((line) => ({ ...line, at: Date.parse(line.time) }))
      .filter((line) => (msg === undefined || line.msg === msg) && line.at >= since);
  }

  async until(condition: () => boolean): Promise<void> {
    for (const deadline = performance.now() + PATIENCE_MS; !condition(); ) {
      if (this.child.hasEnded || performance.now() > deadline) {
        throw new Error(`the worker did not get there\n${this.child.log.slice(-4000)}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Resolves when it has taken in so many records, and no other is there. */
  hasTaken(count: number): Promise<void> {
    return this.until(() =>
      this.lines('progress').some(({ records, lag }) => records === count && lag === 0),
    );
  }

  /** Resolves when it has nothing to do but what comes. */
  async rests(): Promise<void> {
    for (;;) {
      const before = this.#cpuSeconds();
      await sleep(REST_MS);
      if ((this.#cpuSeconds() - before) * 1000 < RESTING_SHARE * REST_MS) return;
    }
  }

  #cpuSeconds(): number {
    return [this.pid, ...childrenOf(this.pid)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }

  /** SIGKILL; resolves when it has ended. */
  async die(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.end().catch(() => {});
  }

  /** SIGTERM; resolves when it has ended well. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.child.end();
  }
}
