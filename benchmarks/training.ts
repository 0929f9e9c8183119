import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JoinSummary } from '../src/training/options.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { ARCHIVE, makeCardArchive } from './card-archive.ts';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { runProcess, startTidemark, type Usage } from './processes.ts';

const SPINE_PROCESS = new URL('./processes/spine.ts', import.meta.url);
const DUCKDB_PROCESS = new URL('./processes/duckdb-join.ts', import.meta.url);

/** `tidemark join`, and the same features by a join over windows in DuckDB. */
export const training: Benchmark = {
  name: 'training',
  run({ quick, runs, progress }: BenchmarkSettings) {
    const events = quick ? 20_000 : 3_000_000;
    const rows = events / 10;
    return withTemporaryFolder(async (folder) => {
      progress(`training: an archive of ${events} records and a spine of ${rows} rows`);
      const archive = join(folder, 'archive');
      await makeCardArchive(archive, events);
      const spine = join(folder, 'spine.parquet');
      const table = join(folder, 'events.parquet');
      await runProcess(SPINE_PROCESS, { events, rows, spine, table });
      const definitions = join(folder, 'features.ts');
      const text = cardGroupText(cardRisk(2), { format: 'avro', topic: 'transactions' });
      writeFileSync(definitions, text);
      const offline = join(folder, 'rows');
      progress('training: the rows of a replay');
      const replay = startTidemark([
        ...['replay', definitions, '--from', archive, '--out', offline, '--rows', 'all', '--quiet', '--json'],
      ]);
      await replay.message();
      await replay.message();
      await replay.end();

      const results: ResultRow[] = [];
      const out = join(folder, 'train.parquet');
      for (const [what, from, as] of [
        ['as served, from the archive', archive, 'served'],
        ['as served, from rows of a replay', offline, 'served'],
        ['by event time, from the archive', archive, 'event-time'],
      ] as const) {
        progress(`training: ${what}`);
        const args = [
          'join',
          definitions,
          '--spine',
          spine,
          '--entity-time',
          'ts',
          '--from',
          from,
          '--out',
          out,
        ];
        const figures = await medians(runs, () => measureJoin([...args, '--as', as, '--overwrite'], rows));
        results.push(resultRow(what, events, rows, figures));
      }
      progress('training: DuckDB');
      const figures = await medians(runs, () =>
        runProcess<Figures>(DUCKDB_PROCESS, { spine, table, out: join(folder, 'duckdb.parquet') }),
      );
      results.push(resultRow('by event time, in DuckDB from Parquet', events, rows, figures));
      const notes = [
        `Two features. ${ARCHIVE.partitions} partitions, ${ARCHIVE.cards} cards; one row of the spine for ten events.`,
        'The whole process, from its start to its end. DuckDB reads the events from Parquet, decoded and with three columns;',
        'it joins each row of the spine with the events of its card in the 24 hours before.',
      ];
      return [{ title: 'Training sets', notes, rows: results }];
    });
  },
};

type Figures = Readonly<Record<'seconds' | 'cpuSeconds' | 'maxRssMb', number>>;

function resultRow(what: string, events: number, rows: number, figures: Figures): ResultRow {
  return {
    join: what,
    'spine rows': rows,
    seconds: rounded(figures.seconds, 1),
    'spine rows/s': rounded(rows / figures.seconds),
    'events/s': rounded(events / figures.seconds),
    'CPU s': rounded(figures.cpuSeconds, 1),
    'RSS MB': rounded(figures.maxRssMb),
  };
}

async function measureJoin(args: readonly string[], rows: number): Promise<Figures> {
  const start = performance.now();
  const child = startTidemark([...args, '--quiet', '--json']);
  const summary = await child.message<JoinSummary>();
  const usage = await child.message<Usage>();
  await child.end();
  const { out } = summary;
  if (summary.rows !== rows || out === null || statSync(out).size === 0) throw new Error('rows are missing');
  rmSync(out);
  return { seconds: (performance.now() - start) / 1000, ...usage };
}
