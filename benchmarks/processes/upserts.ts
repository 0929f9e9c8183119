import { setTimeout as sleep } from 'node:timers/promises';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { cardUpsert } from '../card-upserts.ts';
import { parameters, tell } from './parameters.ts';

/** Writes rows to Redis at a steady rate, as a worker that keeps up does: what came since the last write, each time. */
const { definitionsFile, redisUrl, from, perSecond, seconds } = parameters<{
  definitionsFile: string;
  redisUrl: string;
  /** The number of the first row. */
  from: number;
  perSecond: number;
  seconds: number;
}>();
/** About as often as a worker at this rate ends a batch. */
const WRITE_EVERY_MS = 5;

const { groups } = await loadDefinitions(definitionsFile);
const store = await openRedisStore({ url: redisUrl });
tell({});
const start = performance.now();
const total = perSecond * seconds;
let sent = 0;
let mostBehindMs = 0;
while (sent < total) {
  const elapsedMs = performance.now() - start;
  const due = Math.min(total, Math.floor((elapsedMs * perSecond) / 1000));
  mostBehindMs = Math.max(mostBehindMs, elapsedMs - (sent * 1000) / perSecond - WRITE_EVERY_MS);
  const rows = Array.from({ length: due - sent }, (_, n) => cardUpsert(from + sent + n));
  if (rows.length > 0) await store.write(groups[0]!, rows);
  sent = due;
  await sleep(WRITE_EVERY_MS);
}
tell({ perSecond: (sent * 1000) / (performance.now() - start), mostBehindMs });
await store.close();
