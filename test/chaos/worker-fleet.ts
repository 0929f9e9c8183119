import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkerEnd, WorkerProcess } from '../services/worker.ts';

/** SIGXFSZ would end a process whose files may grow no more; a full disk does not. */
const WITHOUT_XFSZ = ['bash', '-c', `trap '' XFSZ; exec "$@"`, 'worker'];

export interface FleetWorker {
  readonly name: string;
  readonly stateDir: string;
  readonly process: WorkerProcess;
}

/** Workers of one app, by name, each with a local state of its own that its successor under the name goes on with. */
export class WorkerFleet {
  /** Workers that ended though nobody told them to, and those that ended badly. */
  readonly failures: string[] = [];
  readonly #arguments: readonly string[];
  readonly #folder: string;
  readonly #running = new Map<string, FleetWorker>();

  /** @param args of `tidemark run`, without those that say where the local state is */
  constructor(args: readonly string[], folder: string) {
    this.#arguments = args;
    this.#folder = folder;
    mkdirSync(join(folder, 'logs'), { recursive: true });
  }

  get running(): readonly FleetWorker[] {
    return [...this.#running.values()];
  }

  /** Starts a worker under the first name that is free, or that one. */
  start(name = this.#freeName()): FleetWorker {
    const stateDir = join(this.#folder, `state-${name}`);
    const args = [...this.#arguments, '--state-dir', stateDir];
    // Some watch the others, and some are only watched.
    if (Number(name) % 2 === 1) args.push('--standby');
    const process = new WorkerProcess(args, {}, WITHOUT_XFSZ);
    const worker = { name, stateDir, process };
    this.#running.set(name, worker);
    void process.ended.then((end) => {
      appendFileSync(join(this.#folder, 'logs', `worker-${name}.log`), `${end.stderr}\n`);
      if (this.#running.get(name) !== worker) return;
      this.failures.push(`worker ${name} ended by itself with ${end.signal ?? end.exitCode}`);
      this.start(name);
    });
    return worker;
  }

  /** SIGKILL. */
  async kill(worker: FleetWorker): Promise<void> {
    this.#running.delete(worker.name);
    await worker.process.kill();
  }

  /** SIGTERM, which ends a worker in good order. */
  async terminate(worker: FleetWorker): Promise<void> {
    this.#running.delete(worker.name);
    const { exitCode, signal, stderr } = await worker.process.terminate();
    // Node itself does not listen to signals at first.
    if (exitCode === 0 || (signal === 'SIGTERM' && !stderr.includes('partitions assigned'))) return;
    this.failures.push(`worker ${worker.name} was told to stop and ended with ${signal ?? exitCode}`);
  }

  /** Resolves when the worker has ended by itself, which is what is expected of it. */
  expectEnd(worker: FleetWorker): Promise<WorkerEnd> {
    this.#running.delete(worker.name);
    return worker.process.ended;
  }

  #freeName(): string {
    for (let number = 1; ; number++) if (!this.#running.has(String(number))) return String(number);
  }
}
