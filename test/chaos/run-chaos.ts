import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { FAULT_NAMES, type FaultName } from './faults.ts';

const USAGE = `Usage: npm run chaos -- [--seed 1] [--minutes 10] [--rate 8000] [--faults NAME,…]

Two to four workers take in a stream from a real Kafka into a real Redis while every 10 to 20 seconds something
breaks. Then the topic is archived and replayed, and Redis, the revisions, the dead letters and the late records are
held against what the replay says. Ends with 1, and says where the files are, when something differs.

  --rate N    events per second
  --faults    of ${FAULT_NAMES.map((name) => `"${name}"`).join(', ')} (default: all)`;

/** So many differences are shown. */
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '8000' },
    faults: { type: 'string', default: FAULT_NAMES.join(',') },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const faults = values.faults.split(',') as FaultName[];
const isUsable =
  Number.isInteger(seed) && minutes > 0 && rate > 0 && faults.every((name) => FAULT_NAMES.includes(name));
if (values.help || !isUsable) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-chaos-'));
console.log(`seed ${seed}: ${minutes} minutes of ${rate} events a second; files in ${folder}`);
const { records, revisions, deadLetters, late, onlineRows, reads, unanswered, violations, ...report } =
  await runChaos({
    ...{ seed, minutes, rate, faults, folder },
    say: (line) => console.log(line),
  });
console.log(
  `${report.faults} faults, ${records} records, ${revisions} revisions, ${onlineRows} rows in Redis`,
);
console.log(
  `${deadLetters} dead letters, ${late} late records, ${report.marks} marks; ${reads} reads, ${unanswered} of them unanswered`,
);
for (const violation of violations.slice(0, SHOWN)) console.log(violation);
if (violations.length === 0) {
  console.log('0 differences');
  rmSync(folder, { recursive: true });
} else {
  console.log(`seed ${seed}: ${violations.length} differences; files in ${folder}`);
  process.exitCode = 1;
}
