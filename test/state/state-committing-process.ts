import { setTimeout } from 'node:timers/promises';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { bytes, progressAt, taskOf } from './state-store-contract.ts';

/**
 * Commits to the directory given until it is killed or cannot write: step n sets both tasks to offset n, the fact
 * to n, and writes n into a changing set of entities. Prints each step that was promised durable.
 */
const [directory, entityCount] = [process.argv[2]!, Number(process.argv[3])];
const store = LmdbStateStore.open(directory);
const first = store.progress(taskOf())?.nextOffset ?? 0;
process.stdout.write('open\n');
for (let step = first + 1; ; step++) {
  const entities = Array.from({ length: entityCount }, (_, index) => ({
    key: bytes(`c${index}`),
    // Every seventh is removed by turns.
    state: (index + step) % 7 === 0 ? null : bytes(`${step} `.repeat(1 + (index % 20))),
  }));
  try {
    await store.commit(
      [0, 1].map((partition) => ({ task: taskOf({ partition }), progress: progressAt(step), entities })),
      new Map([['step', String(step)]]),
    );
  } catch (error) {
    process.stdout.write(`failed ${(error as { code?: string }).code}\n`);
    // What else a failed commit has to say, such as by a promise that nobody holds, it says by now.
    await setTimeout(50);
    await store.close();
    break;
  }
  process.stdout.write(`${step}\n`);
}
