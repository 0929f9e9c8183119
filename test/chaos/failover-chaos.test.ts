import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';
import { FAULT_NAMES } from './faults.ts';

/** `npm run chaos` for two minutes, at a rate that a busy machine can hold. */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);
const RATE = 500;

test(`several workers among faults leave what a replay says, seed ${SEED}`, {
  timeout: 900_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-failover-'));
  const say = (line: string) => console.log(`seed ${SEED}: ${line}`);
  const report = await runChaos({ seed: SEED, minutes: 2, rate: RATE, faults: FAULT_NAMES, folder, say });
  expect(report.violations, `the workers' logs are in ${folder}`).toEqual([]);
  expect(report.faults).toBeGreaterThan(4);
  expect(report.records).toBeGreaterThan(RATE * 60);
  expect(report.deadLetters).toBeGreaterThan(50);
  expect(report.late).toBeGreaterThan(50);
  expect(report.reads).toBeGreaterThan(5000);
  rmSync(folder, { recursive: true });
});
