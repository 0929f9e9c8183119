import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../src/errors.ts';

export interface ServiceOptions {
  /** For people: 'Redis'. */
  readonly name: string;
  readonly command: string;
  /** The arguments, given the service's own folder. */
  readonly args: (folder: string) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** True once the service answers; asked again and again. */
  readonly isUp: () => Promise<boolean>;
  /** What {@link Service.stop} waits for before it kills. */
  readonly stopTimeoutMs?: number;
}

const START_TIMEOUT_MS = 120_000;

/**
 * A server process with a temporary folder of its own, which keeps its data over {@link restart}. It dies with
 * this process, whatever this process dies of.
 */
export class Service {
  readonly folder: string;
  readonly #options: ServiceOptions;
  #process: ChildProcess | null = null;
  #guard: ChildProcess | null = null;
  #starts = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'tidemark-service-'));
  }

  /** Null while it is down. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Starts it, or starts it again over the same data, and waits until it answers. */
  async start(): Promise<void> {
    if (this.#process !== null) throw new Error(`${this.#options.name} runs already`);
    const logFile = join(this.folder, `log-${++this.#starts}.txt`);
    const log = openSync(logFile, 'w');
    const child = spawn(this.#options.command, [...this.#options.args(this.folder)], {
      cwd: this.folder,
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    let failure: string | null = null;
    child.on('error', (error) => {
      failure = error.message;
    });
    child.on('exit', (code, signal) => {
      failure = `it ended with ${signal ?? code}`;
      this.#process = null;
      this.#guard?.kill('SIGKILL');
      this.#guard = null;
    });
    if (child.pid !== undefined) {
      this.#process = child;
      this.#guard = guard(child.pid, this.folder);
    }
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.#options.isUp())) {
      if (Date.now() > deadline) failure = `it does not answer after ${START_TIMEOUT_MS / 1000} s`;
      if (failure === null) {
        await sleep(50);
        continue;
      }
      await this.crash();
      throw new TidemarkError(
        `${this.#options.name} did not start: ${failure}\n${readFileSync(logFile, 'utf8').slice(-4000)}`,
        { code: 'SERVICE_FAILED' },
      );
    }
  }

  /** Ends it with SIGKILL and leaves it down, its data where they were. */
  async crash(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in good order and starts it again, on the same port and data. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.start();
  }

  /** Ends it with SIGKILL and starts it as new, on the same port, without its data. */
  async restartEmpty(): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    mkdirSync(this.folder);
    await this.start();
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    // A process that is stopped (SIGSTOP) takes SIGTERM only when it goes on.
    child.kill('SIGCONT');
    const impatience = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs ?? 10_000);
    await ended;
    clearTimeout(impatience);
  }
}

/**
 * A shell that waits for the end of its input, which is the end of this process, even by SIGKILL, and then
 * kills the service and removes its folder.
 */
function guard(pid: number, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -KILL "$1"; rm -rf "$2"';
  const shell = spawn('/bin/sh', ['-c', script, 'guard', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  shell.stdin?.on('error', () => {});
  return shell;
}

/** A port that nobody listens on, below the range from which systems give ports to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
