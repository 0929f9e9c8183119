import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { runProcess } from './processes.ts';

const DECODE_PROCESS = new URL('./processes/decode.ts', import.meta.url);

/** Bytes of a record's value into a checked row. */
export const decode: Benchmark = {
  name: 'decode',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const records = quick ? 20_000 : 3_000_000;
    const rows: ResultRow[] = [];
    for (const format of ['avro', 'json'] as const) {
      progress(`decode: ${format}`);
      const figures = await medians(runs, () =>
        runProcess<{ perSecond: number; cpuUs: number; bytes: number }>(DECODE_PROCESS, { format, records }),
      );
      rows.push({
        format,
        'bytes a record': rounded(figures.bytes),
        'records/s': rounded(figures.perSecond),
        'CPU µs a record': rounded(figures.cpuUs, 2),
      });
    }
    const notes = ['Card transactions of seven fields, all declared, decoded and checked; event time read.'];
    return [{ title: 'Decoding', notes, rows }];
  },
};
