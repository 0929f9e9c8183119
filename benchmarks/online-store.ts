import { Redis } from 'ioredis';
import { openRedisStore } from '../src/sinks/redis-store.ts';
import type { Upsert } from '../src/sinks/sink.ts';
import { SqliteOnlineStore } from '../src/sinks/sqlite-store.ts';
import { aGroup } from '../test/sinks/a-group.ts';

/**
 * Writes rows of five features for 20,000 entities, two revisions a window, and prints what a row costs the
 * worker and Redis: `node benchmarks/online-store.ts redis://HOST:PORT [rows per write]`, or `sqlite:FILE`.
 * Keys of the group `benchmark` are written over and stay.
 */
const ROWS = 300_000;
const ENTITIES = 20_000;
const STEP_MS = 300_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % STEP_MS);

const group = aGroup({
  name: 'benchmark',
  // Each run has keys of its own.
  version: Math.floor(Date.now() / 1000),
  allowedLatenessMs: 2 * STEP_MS,
  ttlMs: null,
  features: {
    card_txn_count_24h: 'integer',
    card_failed_txn_rate_1h: 'number',
    card_spend_today: 'number',
    card_distinct_merchants_7d: 'integer',
    card_geo_entropy_24h: 'number',
  },
});

function makeRows(): Upsert[] {
  const entities = Array.from({ length: ENTITIES }, (_, n) => [`card-${n}`]);
  return Array.from({ length: ROWS }, (_, i) => {
    const windowEnd = START + Math.floor(i / ENTITIES / 2) * STEP_MS;
    const values = [i % 50, (i % 13) / 50, ((i * 7919) % 1e6) / 100, i % 7, Math.log2(1 + (i % 977)) / 3];
    const entity = entities[i % ENTITIES]!;
    return {
      entity,
      windowEnd,
      version: i + 1,
      knownAt: windowEnd + i,
      values,
      watermark: windowEnd - STEP_MS,
    };
  });
}

async function main(target: string, rowsPerWrite: number): Promise<void> {
  const redis = target.startsWith('redis') ? new Redis(target) : null;
  const store =
    redis === null
      ? new SqliteOnlineStore({ file: target.replace(/^sqlite:/, '') })
      : await openRedisStore({ url: target });
  const serverSeconds = async () => {
    const cpu = (await redis?.info('cpu')) ?? '';
    return [...cpu.matchAll(/used_cpu_(?:user|sys):([\d.]+)/g)].reduce((sum, [, s]) => sum + Number(s), 0);
  };
  const rows = makeRows();
  const server = await serverSeconds();
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < ROWS; at += rowsPerWrite) {
    await store.write(group, rows.slice(at, at + rowsPerWrite));
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const serverUs = ((await serverSeconds()) - server) * 1e6;
  console.log(
    `${Math.round(ROWS / seconds)} upserts/s, worker ${((user + system) / ROWS).toFixed(2)} µs CPU a row` +
      (redis === null ? '' : `, Redis ${(serverUs / ROWS).toFixed(2)} µs`),
  );
  await store.close();
  redis?.disconnect();
}

await main(process.argv[2] ?? 'sqlite::memory:', Number(process.argv[3] ?? 5000));
