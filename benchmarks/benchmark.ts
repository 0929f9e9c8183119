import type { Cell } from '../src/cli/table.ts';

/** What every benchmark is told. */
export interface BenchmarkSettings {
  /** Sizes that only show that the benchmark works: its figures mean nothing. */
  readonly quick: boolean;
  /** Each measurement is made so often, and its medians are shown. */
  readonly runs: number;
  /** How long the paced live run takes. */
  readonly minutes: number;
  /** Hears of what is being done, for people who wait. */
  readonly progress: (text: string) => void;
}

/** One benchmark: `npm run bench -- NAME`. */
export interface Benchmark {
  readonly name: string;
  run(settings: BenchmarkSettings): Promise<readonly ResultTable[]>;
}

/** Measurements of one kind. */
export interface ResultTable {
  readonly title: string;
  /** What a reader must know to take the figures for what they are. */
  readonly notes: readonly string[];
  /** Every row has the same columns, in the same order: a column's name says its unit. */
  readonly rows: readonly ResultRow[];
}

export type ResultRow = Readonly<Record<string, Cell>>;

/** Figures of one run, by name. */
export type Figures = Readonly<Record<string, number>>;

/** Runs a measurement `runs` times and gives the median of each of its figures. */
export async function medians<F extends Figures>(runs: number, measure: () => Promise<F>): Promise<F> {
  const all: F[] = [];
  for (let run = 0; run < runs; run++) all.push(await measure());
  const names = Object.keys(all[0]!);
  return Object.fromEntries(names.map((name) => [name, median(all.map((figures) => figures[name]!))])) as F;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` of the values lies, interpolated between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Rounded to `digits` after the point, for tables. */
export function rounded(value: number, digits = 0): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
