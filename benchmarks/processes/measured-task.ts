import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { JudgedRecord } from '../../src/operators/judged-record.ts';
import { Task } from '../../src/operators/task.ts';
import { collectGarbage } from './parameters.ts';

/** A driver drains a task's revisions batch by batch. */
const BATCH = 1000;

/** A task that is fed with rows made ahead; what it takes to do so is measured, and revisions are counted. */
export class MeasuredTask {
  /** Time within {@link feed}. */
  wallMs = 0;
  cpuUs = 0;
  events = 0;
  revisions = 0;
  /** Revisions by the number of their timing. */
  readonly timings = [0, 0, 0];
  #task: Task | null;

  constructor(group: FeatureGroup) {
    const reject = (_: unknown, { detail }: { readonly detail: string }): never => {
      throw new Error(`a record was rejected: ${detail}`);
    };
    this.#task = new Task(group, 0, { dropped() {}, rejected: reject }, null);
  }

  feed(records: readonly JudgedRecord[]): void {
    const task = this.#task!;
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let i = 0; i < records.length; i++) {
      task.process(records[i]!);
      if ((i + 1) % BATCH === 0) this.#drain(task);
    }
    this.#drain(task);
    this.wallMs += performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    this.cpuUs += user + system;
    this.events += records.length;
  }

  /** What came before does not count. */
  reset(): void {
    this.wallMs = this.cpuUs = this.events = this.revisions = 0;
    this.timings.fill(0);
  }

  /** Gives the task up, to see what memory it took. */
  release(): { readonly entities: number; readonly bytesPerEntity: number } {
    const entities = this.#task!.entityCount;
    const withTask = memoryInUse();
    this.#task = null;
    return { entities, bytesPerEntity: (withTask - memoryInUse()) / entities };
  }

  #drain(task: Task): void {
    const { length, timing } = task.revisions;
    for (let row = 0; row < length; row++) this.timings[timing[row]!]!++;
    this.revisions += length;
    task.drained();
  }
}

function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
