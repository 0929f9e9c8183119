import { setImmediate as nextTurn } from 'node:timers/promises';
import { Random } from '../../src/demo/random.ts';

/** Something that must never be so was seen: ends the simulation. */
export class Violation extends Error {}

/** A process of the simulated cluster. What is dead runs no further; what is paused goes on later, knowing nothing. */
export class Process {
  readonly name: string;
  isAlive = true;
  isPaused = false;
  /** Its timers. */
  readonly ticks = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
  }

  get isRunning(): boolean {
    return this.isAlive && !this.isPaused;
  }
}

interface PendingEvent {
  readonly label: string;
  /** Who sent it: its death may take it along. */
  sender: Process | null;
  /** Who must be running for it to happen; null: it happens elsewhere. */
  readonly receiver: Process | null;
  readonly isReady: () => boolean;
  /** Held back until that step. */
  readonly notBefore: number;
  readonly run: () => void;
}

export const STEP_MS = 8000;
/** Events that are held back wait for up to so many steps. */
const LONGEST_DELAY_STEPS = 150;
const KEPT_TRACE = 300;
const always = () => true;

/**
 * All that can happen next, in an order that the seed says. Between two events whatever the code under test does by
 * itself is done, for one turn of the event loop; nothing here depends on real time.
 */
export class Scheduler {
  /** The last of what happened, for whoever looks for the cause of a violation. */
  readonly trace: string[] = [];
  readonly #random: Random;
  /** In the order in which they came to be. */
  #events: PendingEvent[] = [];
  #step = 0;
  #failure: unknown = null;
  /** Whether things go wrong at all. */
  isFaulty = true;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  get step(): number {
    return this.#step;
  }

  /** Milliseconds since the simulation began, of all its clocks. */
  get now(): number {
    return this.#step * STEP_MS;
  }

  /** An integer from 0 to `limit` − 1. */
  below(limit: number): number {
    return this.#random.below(limit);
  }

  /** Whether something comes to pass that does so with this probability. */
  chance(probability: number): boolean {
    return this.#random.unit() < probability;
  }

  /** The same for what goes wrong. */
  fault(probability: number): boolean {
    return this.chance(probability) && this.isFaulty;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  note(text: string): void {
    this.trace.push(`${this.#step} ${text}`);
    if (this.trace.length > 2 * KEPT_TRACE) this.trace.splice(0, KEPT_TRACE);
  }

  /** Happens to a process some time, when it runs. */
  tell(receiver: Process, label: string, run: () => void): void {
    this.#add({ label, sender: null, receiver, run });
  }

  /** Happens some time, whoever is there. */
  later(label: string, run: () => void): void {
    this.#add({ label, sender: null, receiver: null, run });
  }

  /**
   * A process asks: some time it takes effect, though the process may be paused or dead by then, and some time later
   * the process hears the answer, if it runs.
   */
  request<T>(sender: Process, label: string, effect: () => T, isReady: () => boolean = always): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!sender.isAlive) return;
      const run = () => {
        let answer: () => void;
        try {
          const result = effect();
          answer = () => resolve(result);
        } catch (error) {
          if (error instanceof Violation) throw error;
          answer = () => reject(error);
        }
        if (sender.isAlive) this.tell(sender, `${label}, answered`, answer);
      };
      this.#add({ label: `${sender.name}: ${label}`, sender, receiver: null, isReady, run });
    });
  }

  /** The process is no more; of what it has sent, some still arrives. */
  crash(process: Process): void {
    process.isAlive = false;
    process.ticks.clear();
    this.#events = this.#events.filter((event) => {
      if (event.receiver === process) return false;
      if (event.sender !== process) return true;
      event.sender = null;
      return this.chance(0.5);
    });
  }

  /** The simulation ends with this. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** One event; false when none can happen now. Throws what the simulation ends with. */
  async next(): Promise<boolean> {
    this.#step++;
    const ready = this.#events.filter((event) => this.#isReady(event));
    if (ready.length > 0) {
      const event = this.pick(ready);
      this.#events.splice(this.#events.indexOf(event), 1);
      this.note(event.label);
      event.run();
    }
    await nextTurn();
    if (this.#failure !== null) throw this.#failure;
    return ready.length > 0;
  }

  #isReady({ receiver, notBefore, isReady }: PendingEvent): boolean {
    if (receiver !== null && !receiver.isRunning) return false;
    return (notBefore <= this.#step || !this.isFaulty) && isReady();
  }

  #add(event: Omit<PendingEvent, 'isReady' | 'notBefore'> & { readonly isReady?: () => boolean }): void {
    const delay = this.fault(0.04) ? this.below(LONGEST_DELAY_STEPS) : 0;
    this.#events.push({ isReady: always, ...event, notBefore: this.#step + delay });
  }
}
