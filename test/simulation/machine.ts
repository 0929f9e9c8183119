import { ChangelogSweep, type SweepLimits } from '../../src/live/changelog-sweep.ts';
import type { CommitLogs } from '../../src/live/commit-log.ts';
import type { Durability } from '../../src/live/durability.ts';
import { type CreateStandby, type CreateSweep, KafkaDurability } from '../../src/live/kafka-durability.ts';
import { type Pause, Standby } from '../../src/live/standby.ts';
import { Worker } from '../../src/live/worker.ts';
import type { OnlineStore } from '../../src/sinks/sink.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import type { Invariants } from './invariants.ts';
import { DiskError, LocalDisk } from './local-disk.ts';
import { ModelCommitLogs } from './model-commit-logs.ts';
import type { ModelGroup } from './model-group.ts';
import { connectStore } from './model-online-store.ts';
import { ModelReader } from './model-reader.ts';
import { Process, type Scheduler, STEP_MS, Violation } from './scheduler.ts';
import { OUTPUT_TOPICS } from './undisturbed.ts';
import { APP, GROUPS, START } from './workload.ts';

/** What a worker's durability is made of. */
export interface DurabilityParts {
  readonly logs: CommitLogs;
  readonly state: StateStore;
  readonly cluster: Invariants;
  /** When a standby's copies are to be brought up to date; null: the worker keeps none. */
  readonly standbyPause: Pause | null;
}

/** How a worker is made of its parts; a planted bug is another way. */
export interface WorkerVariant {
  durability(parts: DurabilityParts): Durability;
  /** What the worker sees of its online store. */
  store(store: OnlineStore): OnlineStore;
}

export const SOUND: WorkerVariant = {
  durability: (parts) => createDurability(parts, {}),
  store: (store) => store,
};

/** Sweeps begin often, and take several commits. */
export const SWEEP_LIMITS: SweepLimits = { recordsBetweenSweeps: 2, leastBytes: 200, entriesPerTurn: 2 };

const frequentSweep: CreateSweep = (...of) => new ChangelogSweep(...of, SWEEP_LIMITS);

/** The worker's own; `changed`: what is made otherwise. */
export function createDurability(
  { logs, state, standbyPause }: DurabilityParts,
  changed: { readonly createSweep?: CreateSweep; readonly createStandby?: CreateStandby },
): KafkaDurability {
  const createStandby: CreateStandby | null =
    standbyPause === null ? null : (...of) => new Standby(...of, standbyPause);
  return new KafkaDurability({
    logs,
    state,
    topics: OUTPUT_TOPICS,
    createSweep: frequentSweep,
    createStandby,
    ...changed,
  });
}

/** Of sixty steps: a machine that is paused for as long may have been replaced. */
const SILENCE_MS = 60 * STEP_MS;

interface Running {
  readonly process: Process;
  readonly reader: ModelReader;
  readonly stop: AbortController;
}

/** A machine with its disk, on which a worker runs, dies and is started again. */
export class Machine {
  readonly #name: string;
  readonly #scheduler: Scheduler;
  readonly #group: ModelGroup;
  readonly #cluster: Invariants;
  readonly #disk: LocalDisk;
  readonly #variant: WorkerVariant;
  readonly #isStandby: boolean;
  #running: Running | null = null;
  #starts = 0;

  constructor(
    name: string,
    parts: {
      scheduler: Scheduler;
      group: ModelGroup;
      cluster: Invariants;
      variant: WorkerVariant;
    },
  ) {
    this.#name = name;
    this.#scheduler = parts.scheduler;
    this.#group = parts.group;
    this.#cluster = parts.cluster;
    this.#variant = parts.variant;
    this.#isStandby = parts.scheduler.chance(0.5);
    this.#disk = new LocalDisk(parts.scheduler, (...what) => parts.cluster.localStoreWritten(...what));
  }

  get process(): Process | null {
    return this.#running?.process ?? null;
  }

  start(): void {
    if (this.#running !== null) return;
    const scheduler = this.#scheduler;
    const process = new Process(`${this.#name}.${++this.#starts}`);
    const reader = new ModelReader(process, scheduler, this.#group);
    const logs = new ModelCommitLogs(process, scheduler, this.#cluster.partitions);
    const stop = new AbortController();
    const worker = new Worker({
      groups: GROUPS,
      reader,
      durability: this.#variant.durability({
        logs,
        state: this.#disk.open(process),
        cluster: this.#cluster,
        standbyPause: this.#isStandby ? (signal) => nextTick(process, signal) : null,
      }),
      store: this.#variant.store(connectStore(this.#cluster.store, process, scheduler, stop.signal)),
      log: { info: () => {}, warn: (_, text) => scheduler.note(`${process.name}: ${text}`) },
      options: {
        app: APP,
        from: 'earliest',
        commitIntervalMs: 1000,
        reportIntervalMs: 1000,
        maxBatchRecords: 3,
        cacheEntities: scheduler.pick([1, 4, 1000]),
        replaceableAfterMs: SILENCE_MS,
      },
      entitiesPerSlice: 1,
      clock: { monotonic: () => scheduler.now, wall: () => START + scheduler.now },
      every: (_, call) => {
        process.ticks.add(call);
        return () => process.ticks.delete(call);
      },
    });
    this.#running = { process, reader, stop };
    scheduler.note(`${process.name} starts`);
    worker.run(stop.signal).then(
      () => this.#ended(process),
      (error) => this.#ended(process, error),
    );
  }

  /** One of its timers comes due. */
  tick(): void {
    const process = this.process;
    if (process?.isRunning === true && process.ticks.size > 0) this.#scheduler.pick([...process.ticks])();
  }

  /** As at SIGTERM. */
  stop(): void {
    this.#note('is to stop');
    this.#running?.stop.abort();
  }

  /** As at SIGKILL: the group finds out later, or when it starts again. */
  crash(): void {
    if (this.#running === null) return;
    this.#note('crashes');
    const { process, reader } = this.#running;
    this.#running = null;
    this.#scheduler.crash(process);
    this.#disk.crash();
    this.#group.miss(reader);
  }

  /** As at SIGSTOP. What it believes to own may go to others meanwhile. */
  pause(): void {
    if (this.#running === null) return;
    this.#note('is paused');
    this.#running.process.isPaused = true;
  }

  /** The group has not heard of it for too long. When it runs again, it hears that it is no member. */
  expel(): void {
    if (this.#running === null) return;
    this.#note('is silent for too long');
    const { process, reader } = this.#running;
    this.#group.remove(reader);
    this.#scheduler.tell(process, `${process.name} hears that it was removed`, () => reader.assigned());
  }

  resume(): void {
    if (this.#running === null || !this.#running.process.isPaused) return;
    this.#note('goes on');
    this.#running.process.isPaused = false;
  }

  /** Its disk is replaced by an empty one, if no worker is at it. */
  erase(): void {
    if (this.#running !== null) return;
    this.#scheduler.note(`${this.#name}: the disk is erased`);
    this.#disk.erase();
  }

  #note(what: string): void {
    if (this.#running !== null) this.#scheduler.note(`${this.#running.process.name} ${what}`);
  }

  #ended(process: Process, error: unknown = null): void {
    if (this.#running?.process !== process) return;
    this.#note(error === null ? 'has stopped' : `has failed: ${error}`);
    const { reader } = this.#running;
    this.#running = null;
    this.#scheduler.crash(process);
    this.#disk.crash();
    this.#group.miss(reader);
    if (error === null || error instanceof DiskError) return;
    this.#scheduler.fail(
      error instanceof Violation ? error : new Violation(`a worker ended with ${describe(error)}`),
    );
  }
}

/** One of the process's timers, which comes due once. */
function nextTick(process: Process, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      process.ticks.delete(end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    process.ticks.add(end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
