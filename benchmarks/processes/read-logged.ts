import { loadDefinitions } from '../../src/definitions/load.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { ServedLog } from '../../src/serving/served-log-buffer.ts';
import { ServedLogFiles } from '../../src/serving/served-log-files.ts';
import { pacedReads } from '../paced-reads.ts';
import { parameters, tell } from './parameters.ts';

/** Reads through `OnlineReader`, at a steady rate, and logs every answer. */
const { definitionsFile, redisUrl, folder, cards, entities, perSecond, seconds } = parameters<{
  definitionsFile: string;
  redisUrl: string;
  /** Where the served log goes. */
  folder: string;
  cards: number;
  entities: number;
  perSecond: number;
  seconds: number;
}>();

const warn = (text: string) => process.stderr.write(`${text}\n`);
const { groups } = await loadDefinitions(definitionsFile);
const reader = await OnlineReader.open({
  groups,
  store: { kind: 'redis', url: redisUrl },
  responseTimeoutMs: 10_000,
});
const log = new ServedLog({
  sink: new ServedLogFiles({ folder, maxBytes: 64_000_000, maxAgeMs: 3_600_000 }),
  rate: 1,
  // Where other work takes the cores the log may fall behind: it is written to its end then.
  capacity: 2_000_000,
  logger: { warn, info: warn },
});
const figures = await pacedReads(
  async (number) => {
    const at = Date.now();
    const requests = Array.from({ length: entities }, (_, n) => ({
      group: 'card_risk',
      entity: `c${(number * 7919 + n * 31) % cards}`,
    }));
    log.add(at, await reader.read(requests));
  },
  { perSecond, seconds, started: () => {} },
);
await log.close(120_000);
await reader.close();
tell({ ...figures, ...log.counts });
