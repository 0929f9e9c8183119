import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JoinSummary } from '../src/training/options.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { ARCHIVE, makeCardArchive } from './card-archive.ts';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { runProcess, startTidemark, type Usage } from './processes.ts';

const SPINE_PROCESS = new URL('./processes/spine.ts', import.meta.url);
const DUCKDB_PROCESS = new URL('./processes/duckdb-join.ts', import.meta.url);

/** DuckDB is asked over so many times fewer events and rows, where its queries take seconds and not minutes. */
const FEWER_FOR_DUCKDB = 5;
/** How it is asked, and of which share of that spine. */
const DUCKDB_QUERIES = [
  ['range join', 0.01],
  ['window functions', 1],
  ['running counts', 1],
] as const;

/** What is joined. */
interface Input {
  readonly events: number;
  readonly archive: string;
  readonly spine: string;
  /** The events once more, as a table that DuckDB can join. */
  readonly table: string;
}

/** The rows of the spine for so many events. */
function rowsFor(events: number): number {
  return events / 10;
}

async function makeInput(
  folder: string,
  events: number,
  progress: BenchmarkSettings['progress'],
): Promise<Input> {
  const rows = rowsFor(events);
  progress(`training: an archive of ${events} records and a spine of ${rows} rows`);
  const archive = join(folder, 'archive');
  await makeCardArchive(archive, events);
  const spine = join(folder, 'spine.parquet');
  const table = join(folder, 'events.parquet');
  await runProcess(SPINE_PROCESS, { events, rows, spine, table });
  return { events, archive, spine, table };
}

/** `tidemark join`, and the same features as queries of DuckDB. */
export const training: Benchmark = {
  name: 'training',
  run({ quick, runs, progress }: BenchmarkSettings) {
    const events = quick ? 20_000 : 10_000_000;
    return withTemporaryFolder(async (folder) => {
      const definitions = join(folder, 'features.ts');
      const text = cardGroupText(cardRisk(2), { format: 'avro', topic: 'transactions' });
      writeFileSync(definitions, text);
      const out = join(folder, 'train.parquet');
      const results: ResultRow[] = [];
      const measure = async (what: string, { events, spine }: Input, from: string, as: string) => {
        progress(`training: ${what}, ${events} records`);
        const args = [
          ...['join', definitions, '--spine', spine, '--entity-time', 'ts', '--from', from],
          ...['--as', as, '--out', out, '--overwrite'],
        ];
        const figures = await medians(runs, () => measureJoin(args, rowsFor(events)));
        results.push(resultRow(what, events, rowsFor(events), figures));
      };

      const all = await makeInput(join(folder, 'all'), events, progress);
      const offline = join(folder, 'rows');
      progress('training: the rows of a replay');
      const replay = startTidemark([
        ...['replay', definitions, '--from', all.archive, '--out', offline],
        ...['--rows', 'all', '--quiet', '--json'],
      ]);
      await replay.message();
      await replay.message();
      await replay.end();
      await measure('as served, from the archive', all, all.archive, 'served');
      await measure('as served, from rows of a replay', all, offline, 'served');
      await measure('by event time, from the archive', all, all.archive, 'event-time');

      const part = await makeInput(join(folder, 'part'), events / FEWER_FOR_DUCKDB, progress);
      await measure('by event time, from the archive', part, part.archive, 'event-time');
      for (const [how, share] of DUCKDB_QUERIES) {
        const { spine, table } = part;
        const asked = Math.ceil(rowsFor(part.events) * share);
        progress(`training: by event time, in DuckDB, ${how} of ${asked} rows`);
        const query = { how, spine, rows: asked, table, out: join(folder, 'duckdb.parquet'), expected: out };
        const figures = await medians(runs, () => runProcess<Figures>(DUCKDB_PROCESS, query));
        results.push(resultRow(`by event time, in DuckDB: ${how}`, part.events, asked, figures));
      }
      const notes = [
        `Two features. ${ARCHIVE.partitions} partitions, ${ARCHIVE.cards} cards; one row of the spine for ten events.`,
        'Of Tidemark the whole process, from its start to its end; of DuckDB the query alone, to be held against the join of',
        'as many events, a fifth, that stands before it: over all its queries take minutes. It reads the events from Parquet',
        'with three columns, so that it decodes and checks nothing, and it knows nothing of late events and of what was served',
        'when: its values are those of the join by event time, compared row by row. The range join takes each row with the',
        'events of its card in the 24 hours before, and only a hundredth of the spine. Window functions go over events and',
        'rows in one table. Running counts are looked up where a range begins and ends, and subtracted, which counts and sums',
        'allow and most other aggregates do not. Where such a query says all that is wanted, it may well be faster.',
      ];
      return [{ title: 'Training sets', notes, rows: results }];
    });
  },
};

type Figures = Readonly<Record<'seconds' | 'cpuSeconds' | 'maxRssMb', number>>;

function resultRow(what: string, events: number, rows: number, figures: Figures): ResultRow {
  return {
    join: what,
    events,
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
  return { seconds: (performance.now() - start) / 1000, ...usage };
}
