import { parseArgs } from 'node:util';
import { aggregates } from './aggregates.ts';
import type { Benchmark, BenchmarkSettings, ResultTable } from './benchmark.ts';
import { catchUp } from './catch-up.ts';
import { decode } from './decode.ts';
import { durability } from './durability.ts';
import { expressions } from './expressions.ts';
import { largeState } from './large-state.ts';
import { paced, pacedLarge } from './paced.ts';
import { prove } from './prove.ts';
import { ranges } from './ranges.ts';
import { recovery } from './recovery.ts';
import { redis } from './redis.ts';
import { replay } from './replay.ts';
import { describeMachine, describeTable } from './report.ts';
import { scale } from './scale.ts';
import { serve } from './serve.ts';
import { state } from './state.ts';
import { training } from './training.ts';
import { windows } from './windows.ts';

const BENCHMARKS: readonly Benchmark[] = [
  expressions,
  decode,
  windows,
  ranges,
  aggregates,
  state,
  largeState,
  replay,
  training,
  redis,
  serve,
  catchUp,
  durability,
  recovery,
  scale,
  paced,
  pacedLarge,
  prove,
];

const USAGE = `npm run bench -- [NAME…] [--quick] [--runs N] [--minutes N] [--json]

  NAME       one of ${BENCHMARKS.map(({ name }) => name).join(', ')}; default all
  --quick    small sizes, one run: shows that everything works, its figures mean nothing
  --runs     each measurement is made so often, and medians are shown; default 3
  --minutes  length of the paced live run; default 1
  --json     one JSON document on standard output, instead of tables
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
const settings: BenchmarkSettings = {
  quick: values.quick,
  runs: Number(values.runs ?? (values.quick ? 1 : 3)),
  minutes: Number(values.minutes),
  progress: (text) => process.stderr.write(`${text}\n`),
};

if (values.help) process.stdout.write(USAGE);
else if (unknown.length > 0 || !(settings.runs >= 1) || !(settings.minutes > 0)) {
  process.stderr.write(unknown.length > 0 ? `no benchmark ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
  process.exitCode = 2;
} else {
  await runAll(
    BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    settings,
  );
}

async function runAll(benchmarks: readonly Benchmark[], settings: BenchmarkSettings): Promise<void> {
  const machine = describeMachine();
  if (!values.json) {
    const { cpu, cores, memoryGb, node } = machine;
    process.stdout.write(`${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}\n\n`);
  }
  const results: (ResultTable & { benchmark: string })[] = [];
  for (const benchmark of benchmarks) {
    for (const table of await benchmark.run(settings)) {
      results.push({ benchmark: benchmark.name, ...table });
      if (!values.json) process.stdout.write(`${describeTable(table)}\n`);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, results }, null, 2)}\n`);
}
