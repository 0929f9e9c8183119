import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * What is measured runs in a process of its own: its CPU time and memory are nobody else's, and code that one
 * measurement has warmed up does not help or hinder the next.
 */

export interface Usage {
  /** CPU time of all threads since the process began, in seconds. */
  readonly cpuSeconds: number;
  /** Greatest resident memory. */
  readonly maxRssMb: number;
}

/** A child that talks in lines of JSON: each one that it prints is a message. */
export class Child {
  readonly #process: ChildProcess;
  readonly #messages: unknown[] = [];
  readonly #waiting: ((message: unknown) => void)[] = [];
  readonly #ended: Promise<number | null>;
  #stderr = '';

  constructor(script: string, args: readonly string[], options: { nodeArgs?: readonly string[] } = {}) {
    this.#process = spawn(process.execPath, [...(options.nodeArgs ?? []), script, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: plainEnvironment(),
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#receive(JSON.parse(line)));
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#process.stdin!.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#process.on('close', resolve));
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What it said on standard error so far. */
  get log(): string {
    return this.#stderr;
  }

  /** The next message that nobody has taken yet. Fails when the child ends without one. */
  async message<T>(): Promise<T> {
    const come = this.#messages.shift();
    if (come !== undefined) return come as T;
    return Promise.race([
      new Promise<T>((resolve) => this.#waiting.push((message) => resolve(message as T))),
      this.#ended.then((code) => {
        throw new Error(`process ended with ${code} and no message\n${this.#stderr.slice(-4000)}`);
      }),
    ]);
  }

  send(message: unknown): void {
    this.#process.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has ended well; fails otherwise. */
  async end(): Promise<void> {
    this.#process.stdin!.end();
    const code = await this.#ended;
    if (code !== 0) throw new Error(`process ended with ${code}\n${this.#stderr.slice(-4000)}`);
  }

  #receive(message: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#messages.push(message);
    else waiting(message);
  }
}

/** Starts a script of `benchmarks/processes/` with its parameters. */
export function startProcess(script: URL, parameters: object, nodeArgs: readonly string[] = []): Child {
  return new Child(fileURLToPath(script), [JSON.stringify(parameters)], {
    nodeArgs: ['--expose-gc', ...nodeArgs],
  });
}

/** Runs such a script to its end and gives its one message. */
export async function runProcess<T>(script: URL, parameters: object): Promise<T> {
  const child = startProcess(script, parameters);
  const result = await child.message<T>();
  await child.end();
  return result;
}

const TIDEMARK = fileURLToPath(new URL('../bin/tidemark.js', import.meta.url));
const USAGE_REPORT = new URL('./processes/usage-report.ts', import.meta.url).href;

/** Starts `tidemark`, as a user does. It reports its {@link Usage} as a last message. */
export function startTidemark(args: readonly string[], nodeArgs: readonly string[] = []): Child {
  return new Child(TIDEMARK, args, { nodeArgs: ['--import', USAGE_REPORT, ...nodeArgs] });
}

/** CPU time of a living process, all its threads, in seconds; Linux counts in hundredths. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a living process: its own, and that of files which it maps and the kernel may drop. */
export function residentMbOf(pid: number): { readonly anonymous: number; readonly files: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { anonymous: megabytes(status, 'RssAnon'), files: megabytes(status, 'RssFile') };
}

/** All resident memory of a living process. */
export function rssMbOf(pid: number): number {
  return megabytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
}

function megabytes(status: string, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kilobytes) / 1024;
}

function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEMARK_')));
}
