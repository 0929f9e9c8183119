import { type ChildProcess, spawn } from 'node:child_process';
import { plainEnvironment, TIDEMARK } from '../cli/command-line.ts';
import { committedRecords } from './topics.ts';
import { until } from './until.ts';

/** How a worker ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `tidemark run`, as a process of its own, as a user starts it. */
export class WorkerProcess {
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  /**
   * @param args what follows `tidemark run`
   * @param through a command that starts the one it is given
   */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ) {
    const [command, ...rest] = [...through, process.execPath, TIDEMARK, 'run', ...args];
    this.#child = spawn(command!, rest, {
      env: { ...plainEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (exitCode, signal) =>
        resolve({ exitCode, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#stderr;
  }

  /** Resolves when it has logged the text `times` times; fails when it ends before. */
  async says(text: string, times = 1): Promise<void> {
    await until(
      () => {
        if (this.#stderr.split(text).length > times) return true;
        const { exitCode, signalCode } = this.#child;
        if (exitCode === null && signalCode === null) return false;
        throw new Error(`the worker ended with ${signalCode ?? exitCode}\n${this.#stderr}`);
      },
      () => `the worker does not say "${text}"\n${this.#stderr}`,
    );
  }

  assigned(): Promise<void> {
    return this.says('partitions assigned');
  }

  /** SIGTERM; resolves when it has ended. */
  terminate(): Promise<WorkerEnd> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  /** SIGKILL; resolves when it has ended. Harmless when it has ended already. */
  kill(): Promise<WorkerEnd> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }
}

/** Until the workers of an app have committed so many records of a topic. */
export function untilCommitted(
  { brokers, app, topic, records }: { brokers: string; app: string; topic: string; records: number },
  explain: () => string,
): Promise<void> {
  return until(async () => (await committedRecords(brokers, app, topic)) === records, explain);
}
