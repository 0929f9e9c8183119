import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { LAMBDAS } from './lambdas.ts';
import { runProcess } from './processes.ts';

const EXPRESSIONS_PROCESS = new URL('./processes/expressions.ts', import.meta.url);

/** Lambdas as they are compiled, beside the same lambdas called as plain JavaScript. */
export const expressions: Benchmark = {
  name: 'expressions',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const calls = quick ? 100_000 : 20_000_000;
    const measure = (name: string, native: boolean) =>
      medians(runs, () =>
        runProcess<{ perSecond: number; cpuNs: number }>(EXPRESSIONS_PROCESS, { name, native, calls }),
      );
    const rows: ResultRow[] = [];
    for (const [name, text] of Object.entries(LAMBDAS)) {
      progress(`expressions: ${name}`);
      const compiled = await measure(name, false);
      const native = await measure(name, true);
      rows.push({
        lambda: text,
        'million/s': rounded(compiled.perSecond / 1e6, 1),
        'CPU ns': rounded(compiled.cpuNs, 1),
        'CPU ns as JavaScript': rounded(native.cpuNs, 1),
      });
    }
    const notes = [
      'One lambda, called once per row, over 10,000 rows again and again; null checks included.',
    ];
    return [{ title: 'Compiled lambdas', notes, rows }];
  },
};
