import { writeSync } from 'node:fs';
import type { Usage } from '../processes.ts';

/** Imported in front of a program, so that its last line on standard output says what it cost. */
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage: Usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, maxRssMb: maxRSS / 1024 };
  writeSync(1, `${JSON.stringify(usage)}\n`);
});
