import { join } from 'node:path';
import { startRedis } from '../test/services/redis.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { runProcess } from './processes.ts';

const REDIS_PROCESS = new URL('./processes/redis.ts', import.meta.url);

/** The online stores by themselves: rows of five features, handed over as a worker does. */
export const redis: Benchmark = {
  name: 'redis',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const rowCount = quick ? 5000 : 500_000;
    const server = await startRedis();
    try {
      return await withTemporaryFolder(async (folder) => {
        const rows: ResultRow[] = [];
        const sqlite = join(folder, 'online.sqlite');
        for (const target of [server.url, sqlite]) {
          for (const rowsPerWrite of [10, 100, 1000, 10_000]) {
            const store = target === sqlite ? 'SQLite' : 'Redis';
            progress(`redis: ${store}, ${rowsPerWrite} rows a write`);
            const figures = await medians(runs, () =>
              runProcess<{ perSecond: number; cpuUs: number; serverUs: number }>(REDIS_PROCESS, {
                target,
                rowCount: Math.min(rowCount, rowsPerWrite * 5000),
                rowsPerWrite,
              }),
            );
            rows.push({
              store,
              'rows a write': rowsPerWrite,
              'upserts/s': rounded(figures.perSecond),
              'worker CPU µs/upsert': rounded(figures.cpuUs, 2),
              'server CPU µs/upsert': store === 'Redis' ? rounded(figures.serverUs, 2) : null,
            });
          }
        }
        const notes = [
          '20,000 entities, five features, two revisions a window, one write at a time; a real redis-server.',
        ];
        return [{ title: 'Online stores', notes, rows }];
      });
    } finally {
      await server.stop();
    }
  },
};
