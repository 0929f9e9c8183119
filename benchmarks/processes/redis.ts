import { Redis } from 'ioredis';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { loadCardGroup } from '../card-group.ts';
import { cardRisk } from '../card-risk.ts';
import { cardUpsert } from '../card-upserts.ts';
import { parameters, tell } from './parameters.ts';

/** Writes rows of many entities, each window in two revisions, to an online store. */
const { target, rowCount, rowsPerWrite } = parameters<{
  /** `redis://…` or the path of a SQLite file. */
  target: string;
  rowCount: number;
  rowsPerWrite: number;
}>();

const loaded = await loadCardGroup(cardRisk(5));
// Each run has keys of its own.
const group = { ...loaded, version: process.pid };

const redis = target.startsWith('redis') ? new Redis(target) : null;
const store =
  redis === null ? new SqliteOnlineStore({ file: target }) : await openRedisStore({ url: target });

async function serverSeconds(): Promise<number> {
  const cpu = (await redis?.info('cpu')) ?? '';
  return [...cpu.matchAll(/used_cpu_(?:user|sys):([\d.]+)/g)].reduce((sum, [, s]) => sum + Number(s), 0);
}

const server = await serverSeconds();
let wallMs = 0;
let cpuUs = 0;
for (let at = 0; at < rowCount; at += rowsPerWrite) {
  // What a worker makes of its revisions, not measured here.
  const rows = Array.from({ length: Math.min(rowsPerWrite, rowCount - at) }, (_, i) => cardUpsert(at + i));
  const cpu = process.cpuUsage();
  const start = performance.now();
  await store.write(group, rows);
  wallMs += performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  cpuUs += user + system;
}
tell({
  perSecond: (rowCount * 1000) / wallMs,
  cpuUs: cpuUs / rowCount,
  serverUs: (((await serverSeconds()) - server) * 1e6) / rowCount,
});
await store.close();
redis?.disconnect();
