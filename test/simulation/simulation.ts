import { Invariants } from './invariants.ts';
import { Machine, SOUND, type WorkerVariant } from './machine.ts';
import { ModelGroup } from './model-group.ts';
import { Scheduler, Violation } from './scheduler.ts';

/**
 * A cluster in one thread, in which everything that can go wrong does so as a seed says.
 *
 * The workers are the ones of `src/live`: `Worker`, `KafkaDurability`, `ChangelogSweep`, `LivePartition`, `RowFlusher`,
 * `LossWatch`, `RowCopies`, `IdlePartitions`, `Standby`.
 * All that they stand on is a model, behind the contract that the real thing has: the consumer group (`ModelReader`),
 * the transactions (`ModelCommitLogs`), the online store (`connectStore`), a machine's disk (`LocalDisk`).
 *
 * Whatever a worker asks of a model is a request that takes effect at some step, and is answered at a later one; the
 * `Scheduler` picks each step from all that can happen. In between machines crash, hang and go on as zombies, lose
 * their disks, stop and start; the group is rebalanced at any time, and each member hears of it at a time of its own;
 * transactions fail before or after they are written, or after they are committed; answers of the store are lost, or all
 * that it has; it is away when a worker is to stop.
 *
 * The `Invariants` look at every change of what is durable: it must be what the `reference` is, a process that nothing
 * happens to. After a time of trouble nothing fails any more, and everything must be taken in, and agree.
 *
 * A failure names its seed and what happened last; `node test/simulation/run.ts --seed S` repeats it.
 */
export async function simulate(seed: number, variant: WorkerVariant = SOUND): Promise<void> {
  const simulation = new Simulation(seed, variant);
  try {
    await simulation.run();
  } catch (error) {
    if (error instanceof Violation) throw new SimulationError(seed, simulation.trace, error);
    throw new Error(`seed ${seed} ended with ${error}`, { cause: error });
  }
}

/** A violation, with the seed that leads to it. */
export class SimulationError extends Error {
  constructor(seed: number, trace: readonly string[], violation: Violation) {
    const last = trace.slice(-60).join('\n  ');
    super(`seed ${seed}: ${violation.message}\nIt came to it by:\n  ${last}`, { cause: violation });
  }
}

const MACHINES = 3;
/** Faults go on for so many steps at least, and until every record is produced. */
const TROUBLED_STEPS = 600;
/** When so many timers in a row change nothing, nothing ever will. */
const MOST_IDLE_TICKS = 40;
const MOST_STEPS = 20_000;

class Simulation {
  readonly #scheduler: Scheduler;
  readonly #cluster = new Invariants();
  readonly #group: ModelGroup;
  readonly #machines: readonly Machine[];
  /** How often a step is one of trouble: some clusters have more of it than others. */
  readonly #troubleRate: number;

  constructor(seed: number, variant: WorkerVariant) {
    const scheduler = new Scheduler(seed);
    this.#scheduler = scheduler;
    this.#group = new ModelGroup(scheduler);
    this.#machines = Array.from(
      { length: MACHINES },
      (_, index) =>
        new Machine(`worker ${index}`, {
          scheduler,
          group: this.#group,
          cluster: this.#cluster,
          variant,
        }),
    );
    this.#troubleRate = scheduler.pick([0.003, 0.01, 0.03]);
  }

  get trace(): readonly string[] {
    return this.#scheduler.trace;
  }

  async run(): Promise<void> {
    const scheduler = this.#scheduler;
    for (const machine of this.#machines) machine.start();
    while (scheduler.step < TROUBLED_STEPS || !this.#group.isProduced) {
      if (scheduler.chance(0.08)) this.#group.produce();
      if (scheduler.chance(0.2)) scheduler.pick(this.#machines).tick();
      if (scheduler.chance(this.#troubleRate)) this.#trouble();
      await scheduler.next();
    }
    await this.#recover();
    this.#cluster.requireFinished();
  }

  #trouble(): void {
    const scheduler = this.#scheduler;
    const kind = scheduler.below(10);
    if (kind === 0) {
      this.#group.rebalance();
    } else if (kind === 1) {
      scheduler.note('the online store loses its data');
      this.#cluster.loseRows();
    } else {
      const { crash, pause, expel, resume, stop, erase, start } = Machine.prototype;
      const troubles = [crash, pause, expel, resume, resume, stop, erase, start, start, start];
      scheduler.pick(troubles).call(scheduler.pick(this.#machines));
    }
  }

  /** Nothing fails any more: runs until there is nothing left to do. */
  async #recover(): Promise<void> {
    const scheduler = this.#scheduler;
    scheduler.note('nothing fails any more');
    scheduler.isFaulty = false;
    for (let idleTicks = 0; idleTicks < MOST_IDLE_TICKS; ) {
      if (scheduler.step > MOST_STEPS) throw new Violation(`no end after ${MOST_STEPS} steps`);
      for (const machine of this.#machines) {
        machine.resume();
        machine.start();
      }
      if (await scheduler.next()) {
        idleTicks = 0;
      } else {
        if (this.#cluster.isFinished) return;
        for (const machine of this.#machines) machine.tick();
        idleTicks++;
      }
    }
  }
}
