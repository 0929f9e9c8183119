import { loadCardGroup } from '../card-group.ts';
import { CardRows, type CardRowsOptions } from '../card-rows.ts';
import { MeasuredTask } from './measured-task.ts';
import { parameters, tell } from './parameters.ts';

/**
 * For each feature, a task of that feature and a task of the plain count take in the same rows, chunk by chunk: now
 * the one first, now the other, so that neither gains from what the other warms up or leaves behind.
 */
const { windows, plain, features, stream, warmUp, measured } = parameters<{
  windows: string;
  /** The text of the plain count, and of the features that are held against it. */
  plain: string;
  features: readonly string[];
  stream: CardRowsOptions;
  warmUp: number;
  measured: number;
}>();
const CHUNK = 1000;

async function measure(feature: string) {
  const load = async (text: string) =>
    new MeasuredTask(await loadCardGroup({ windows, features: [`feature: ${text}`] }));
  const pair = [await load(plain), await load(feature)];
  const [count, task] = pair as [MeasuredTask, MeasuredTask];
  const rows = new CardRows(CHUNK, stream);
  const feed = (events: number) => {
    for (let fed = 0; fed < events; fed += CHUNK) {
      rows.next();
      for (const each of pair.reverse()) each.feed(rows.chunk);
    }
  };
  feed(warmUp);
  for (const each of pair) each.reset();
  feed(measured);
  return {
    cpuUs: task.cpuUs / task.events,
    plainUs: count.cpuUs / count.events,
    ratio: task.cpuUs / count.cpuUs,
    rowsPerEvent: task.revisions / task.events,
  };
}

const figures = [];
for (const feature of features) figures.push(await measure(feature));
tell(figures);
