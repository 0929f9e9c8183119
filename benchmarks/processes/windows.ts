import { type CardGroup, loadCardGroup } from '../card-group.ts';
import { CardRows, type CardRowsOptions } from '../card-rows.ts';
import { MeasuredTask } from './measured-task.ts';
import { parameters, tell } from './parameters.ts';

/** Feeds a task with rows made ahead and counts every revision that it makes. */
const options = parameters<{
  group: CardGroup;
  stream: CardRowsOptions;
  /** Records before the clock starts, so that windows are as full, and as many events leave, as ever after. */
  warmUp: number;
  measured: number;
}>();
const CHUNK = 10_000;

const rows = new CardRows(CHUNK, options.stream);
const task = new MeasuredTask(await loadCardGroup(options.group));

function feed(count: number): void {
  for (let fed = 0; fed < count; fed += CHUNK) {
    rows.next();
    task.feed(rows.chunk);
  }
}

feed(options.warmUp);
task.reset();
feed(options.measured);

const rssMb = process.memoryUsage.rss() / 2 ** 20;
const { wallMs, cpuUs, events, revisions, timings } = task;
const { entities, bytesPerEntity } = task.release();
tell({
  perSecond: (events * 1000) / wallMs,
  cpuUs: cpuUs / events,
  rowsPerEvent: revisions / events,
  early: timings[0]! / events,
  onTime: timings[1]! / events,
  late: timings[2]! / events,
  entities,
  bytesPerEntity,
  rssMb,
});
