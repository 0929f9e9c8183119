import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadDefinitions } from '../src/definitions/load.ts';
import { openRedisStore } from '../src/sinks/redis-store.ts';
import { startRedis } from '../test/services/redis.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { cardUpsert, UPSERT_CARDS } from './card-upserts.ts';
import { type ReadFigures, WARM_UP_SECONDS } from './paced-reads.ts';
import { type Child, cpuSecondsOf, startProcess, startTidemark } from './processes.ts';

const UPSERTS_PROCESS = new URL('./processes/upserts.ts', import.meta.url);
const READ_ONLINE_PROCESS = new URL('./processes/read-online.ts', import.meta.url);
const READ_HTTP_PROCESS = new URL('./processes/read-http.ts', import.meta.url);

interface Case {
  readonly through: 'OnlineReader' | 'HTTP' | 'HTTP, logged';
  readonly entities: number;
  /** Null: as many as are answered. */
  readonly perSecond: number | null;
}

const CASES: readonly Case[] = [
  { through: 'OnlineReader', entities: 1, perSecond: 1000 },
  { through: 'OnlineReader', entities: 16, perSecond: 1000 },
  { through: 'HTTP', entities: 1, perSecond: 1000 },
  { through: 'HTTP', entities: 16, perSecond: 1000 },
  { through: 'HTTP, logged', entities: 16, perSecond: 1000 },
  { through: 'HTTP', entities: 1, perSecond: null },
  { through: 'HTTP', entities: 16, perSecond: null },
];

const UPSERTS_PER_SECOND = 8000;

/** Reads of features while a worker's rows go in. */
export const serve: Benchmark = {
  name: 'serve',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const duration = quick
      ? { seconds: 1, warmUpSeconds: 1 }
      : { seconds: 20, warmUpSeconds: WARM_UP_SECONDS };
    const redis = await startRedis();
    try {
      const rows = await withTemporaryFolder(async (folder) => {
        const place = await prepare(folder, redis.url);
        const rows: ResultRow[] = [];
        for (const each of CASES) {
          const { through, entities, perSecond } = each;
          progress(`serve: ${through}, ${entities} entities, ${perSecond ?? 'as many as are answered'}`);
          const pace = quick && perSecond !== null ? 100 : perSecond;
          const figures = await medians(runs, () => measure(place, { ...each, perSecond: pace }, duration));
          rows.push({
            through,
            entities,
            'reads/s': rounded(figures.perSecond),
            'p50 ms': rounded(figures.p50, 2),
            'p99 ms': rounded(figures.p99, 2),
            'max ms': rounded(figures.max, 1),
            'CPU µs/read': rounded(figures.cpuUs),
            'upserts/s': rounded(figures.upsertsPerSecond),
            'upserts behind ms': rounded(figures.upsertsBehindMs),
          });
        }
        return rows;
      });
      const notes = [
        '20,000 cards, five features; rows go in as a worker sends them. CPU is that of the process that reads or serves.',
        'Reads come at a steady rate whether earlier ones are answered or not; those at full speed, 16 at a time.',
      ];
      return [{ title: 'Serving', notes, rows }];
    } finally {
      await redis.stop();
    }
  },
};

/** What all measurements share: a store with a row of every card. */
interface Place {
  readonly folder: string;
  readonly definitionsFile: string;
  readonly redisUrl: string;
  readonly token: string;
  /** The number of the next row to send. */
  next: number;
}

async function prepare(folder: string, redisUrl: string): Promise<Place> {
  const definitionsFile = join(folder, 'card-risk.ts');
  const text = cardGroupText(cardRisk(5), { format: 'avro', topic: 'transactions' });
  // Keys of its own, in a Redis that may hold those of other runs.
  writeFileSync(definitionsFile, text.replace('version: 1', `version: ${Math.floor(Math.random() * 1e9)}`));
  const token = randomBytes(16).toString('hex');
  writeFileSync(join(folder, 'tokens'), token);
  const { groups } = await loadDefinitions(definitionsFile);
  const store = await openRedisStore({ url: redisUrl });
  await store.write(
    groups[0]!,
    Array.from({ length: UPSERT_CARDS }, (_, n) => cardUpsert(n)),
  );
  await store.close();
  return { folder, definitionsFile, redisUrl, token, next: UPSERT_CARDS };
}

type Measured = ReadFigures & { cpuUs: number; upsertsPerSecond: number; upsertsBehindMs: number };

interface Duration {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

async function measure(place: Place, { through, ...reads }: Case, duration: Duration): Promise<Measured> {
  const { definitionsFile, redisUrl } = place;
  // While the reader starts and warms up too.
  const seconds = duration.seconds + duration.warmUpSeconds + 2;
  const server = through === 'OnlineReader' ? null : await startServer(place, through === 'HTTP, logged');
  const upserts = startProcess(UPSERTS_PROCESS, {
    definitionsFile,
    redisUrl,
    from: place.next,
    perSecond: UPSERTS_PER_SECOND,
    seconds,
  });
  place.next += UPSERTS_PER_SECOND * seconds;
  await upserts.message();
  const figures =
    server === null
      ? await readOnline({ definitionsFile, redisUrl, ...reads, ...duration })
      : await readHttp(server, { url: await urlOf(server), token: place.token, ...reads, ...duration });
  const sent = await upserts.message<{ perSecond: number; mostBehindMs: number }>();
  await upserts.end();
  return { ...figures, upsertsPerSecond: sent.perSecond, upsertsBehindMs: sent.mostBehindMs };
}

async function readOnline(parameters: object): Promise<ReadFigures & { cpuUs: number }> {
  const reader = startProcess(READ_ONLINE_PROCESS, parameters);
  const figures = await reader.message<ReadFigures & { cpuUs: number }>();
  await reader.end();
  return figures;
}

async function readHttp(server: Child, parameters: object): Promise<ReadFigures & { cpuUs: number }> {
  const client = startProcess(READ_HTTP_PROCESS, parameters);
  await client.message();
  const cpu = cpuSecondsOf(server.pid);
  const figures = await client.message<ReadFigures>();
  const cpuUs = ((cpuSecondsOf(server.pid) - cpu) * 1e6) / figures.reads;
  await client.end();
  server.kill('SIGTERM');
  const { failed, servedLog } = await server.message<{
    failed: number;
    servedLog: { dropped: number } | null;
  }>();
  await server.end();
  if (failed > 0 || (servedLog?.dropped ?? 0) > 0) throw new Error('the server failed, or lost answers');
  return { ...figures, cpuUs };
}

async function startServer({ folder, definitionsFile, redisUrl }: Place, logged: boolean): Promise<Child> {
  const log = logged ? ['--served-log', join(folder, 'served')] : [];
  const store = ['--redis', redisUrl, '--token-file', join(folder, 'tokens'), '--port', '0'];
  return startTidemark(['serve', definitionsFile, ...store, ...log, '--log-json', '--json']);
}

async function urlOf(server: Child): Promise<string> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    const line = server.log.split('\n').find((each) => each.includes('"msg":"serving"'));
    if (line !== undefined) return `http://127.0.0.1:${JSON.parse(line).port}`;
    await sleep(20);
  }
  throw new Error(`the server does not start\n${server.log}`);
}
