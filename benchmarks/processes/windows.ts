import { type JudgedRecord, Task } from '../../src/operators/task.ts';
import { type CardGroup, loadCardGroup } from '../card-group.ts';
import { CardRows, type CardRowsOptions } from '../card-rows.ts';
import { collectGarbage, parameters, tell } from './parameters.ts';

/** Feeds a task with rows made ahead and counts every revision that it makes. */
const options = parameters<{
  group: CardGroup;
  stream: CardRowsOptions;
  /** Records before the clock starts, so that windows are as full, and as many events leave, as ever after. */
  warmUp: number;
  measured: number;
}>();
const CHUNK = 10_000;
/** A driver drains a task's revisions batch by batch. */
const BATCH = 1000;

const group = await loadCardGroup(options.group);
const rows = new CardRows(CHUNK, options.stream);
const timings = [0, 0, 0];
let revisions = 0;

/** Wall-clock and CPU time within `feed`. */
let wallMs = 0;
let cpuUs = 0;

function feed(to: Task, records: readonly JudgedRecord[]): void {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < records.length; i++) {
    to.process(records[i]!);
    if ((i + 1) % BATCH === 0) drain(to);
  }
  drain(to);
  wallMs += performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  cpuUs += user + system;
}

function drain(from: Task): void {
  const { length, timing } = from.revisions;
  for (let row = 0; row < length; row++) timings[timing[row]!]!++;
  revisions += length;
  from.drained();
}

function feedMany(to: Task, count: number): void {
  for (let fed = 0; fed < count; fed += CHUNK) {
    rows.next();
    feed(to, rows.chunk);
  }
}

let task: Task | null = new Task(
  group,
  0,
  { dropped() {}, rejected: (_, rejection) => reject(rejection.detail) },
  { trackChanges: false },
);
feedMany(task, options.warmUp);
wallMs = cpuUs = revisions = 0;
timings.fill(0);
feedMany(task, options.measured);

const fed = Math.ceil(options.measured / CHUNK) * CHUNK;
const entities = task.entityCount;
const rssMb = process.memoryUsage.rss() / 2 ** 20;
const withTask = memoryInUse();
task = null;
const taskBytes = withTask - memoryInUse();
tell({
  perSecond: (fed * 1000) / wallMs,
  cpuUs: cpuUs / fed,
  rowsPerEvent: revisions / fed,
  early: timings[0]! / fed,
  onTime: timings[1]! / fed,
  late: timings[2]! / fed,
  entities,
  bytesPerEntity: taskBytes / entities,
  rssMb,
});

function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function reject(detail: string): never {
  throw new Error(`a record was rejected: ${detail}`);
}
