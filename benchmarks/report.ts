import { cpus, totalmem } from 'node:os';
import { formatTable } from '../src/cli/table.ts';
import type { ResultTable } from './benchmark.ts';

/** A table with its title above and its notes below. */
export function describeTable({ title, notes, rows }: ResultTable): string {
  const header = Object.keys(rows[0] ?? {});
  const table = formatTable(
    header,
    rows.map((row) => header.map((name) => row[name] ?? null)),
  );
  return [title, '', table, '', ...notes.map((note) => `  ${note}`), ''].join('\n');
}

/** What the figures were taken on. */
export function describeMachine(): { cpu: string; cores: number; memoryGb: number; node: string } {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
}
