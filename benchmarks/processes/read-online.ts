import { loadDefinitions } from '../../src/definitions/load.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { UPSERT_CARDS } from '../card-upserts.ts';
import { pacedReads } from '../paced-reads.ts';
import { parameters, tell } from './parameters.ts';

/** Reads through `OnlineReader`, at a steady rate. */
const { definitionsFile, redisUrl, entities, perSecond, seconds, warmUpSeconds } = parameters<{
  definitionsFile: string;
  redisUrl: string;
  entities: number;
  perSecond: number;
  seconds: number;
  warmUpSeconds: number;
}>();

const { groups } = await loadDefinitions(definitionsFile);
const reader = await OnlineReader.open({ groups, store: { kind: 'redis', url: redisUrl } });
let cpu = process.cpuUsage();
const figures = await pacedReads(
  async (number) => {
    const requests = Array.from({ length: entities }, (_, n) => ({
      group: 'card_risk',
      entity: `card-${(number * 7919 + n * 31) % UPSERT_CARDS}`,
    }));
    const answers = await reader.read(requests);
    if (answers.some(({ version }) => version === null)) throw new Error('a card has no row');
  },
  {
    perSecond,
    seconds,
    warmUpSeconds,
    started: () => {
      cpu = process.cpuUsage();
    },
  },
);
const { user, system } = process.cpuUsage(cpu);
tell({ ...figures, cpuUs: (user + system) / figures.reads });
await reader.close();
