import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplaySummary } from '../src/replay/options.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { ARCHIVE, makeCardArchive } from './card-archive.ts';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { startTidemark, type Usage } from './processes.ts';

/** `tidemark replay` over an archive in Avro, as a user runs it: the whole process from its start to its end. */
export const replay: Benchmark = {
  name: 'replay',
  run({ quick, runs, progress }: BenchmarkSettings) {
    const events = quick ? 20_000 : 3_000_000;
    return withTemporaryFolder(async (folder) => {
      const archive = join(folder, 'archive');
      progress(`replay: making an archive of ${events} records`);
      await makeCardArchive(archive, events);
      const rows: ResultRow[] = [];
      for (const features of [2, 5] as const) {
        const definitions = join(folder, `features-${features}.ts`);
        writeFileSync(
          definitions,
          cardGroupText(cardRisk(features), { format: 'avro', topic: 'transactions' }),
        );
        for (const which of ['final', 'all'] as const) {
          progress(`replay: ${features} features, --rows ${which}`);
          const out = join(folder, 'rows');
          const figures = await medians(runs, () => measure(definitions, archive, out, which));
          rows.push({
            features,
            '--rows': which,
            events,
            'events/s': rounded(events / figures.seconds),
            'CPU µs/event': rounded((figures.cpuSeconds * 1e6) / events, 2),
            'rows written': figures.rows,
            'Parquet MB': rounded(figures.outMb, 1),
            'RSS MB': rounded(figures.maxRssMb),
          });
        }
      }
      const notes = [
        `${ARCHIVE.partitions} partitions, ${ARCHIVE.cards} cards, ${ARCHIVE.perSecond} events/s of event time: ` +
          `${rounded(events / ARCHIVE.perSecond / 86_400, 1)} days. Start of the process and loading included.`,
      ];
      return [{ title: 'Replay, Avro archive to Parquet', notes, rows }];
    });
  },
};

async function measure(definitions: string, archive: string, out: string, which: string) {
  const start = performance.now();
  const args = ['replay', definitions, '--from', archive, '--out', out, '--rows', which];
  const child = startTidemark([...args, '--overwrite', '--quiet', '--json']);
  const summary = await child.message<ReplaySummary>();
  const usage = await child.message<Usage>();
  await child.end();
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: usage.cpuSeconds,
    maxRssMb: usage.maxRssMb,
    rows: summary.groups[0]!.rows,
    outMb: sizeOf(summary.groups[0]!.directory) / 2 ** 20,
  };
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.parquet'))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
