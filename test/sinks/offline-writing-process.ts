import { OfflineStore } from '../../src/sinks/offline-store.ts';
import { groupOf, TaskBatch } from './offline-model.ts';

/** Writes rows to the directory given, over and over, until it is killed; says when it begins to finish. */
const group = groupOf({ card_id: 'string' }, { n: 'integer' });
const entities = Array.from({ length: 1000 }, (_, index) => ({
  entity: [`c${index}`],
  windowEnd: 0,
  version: 1,
  knownAt: 0,
  timing: 1,
  deleted: false,
  values: [index],
}));
for (let run = 0; ; run++) {
  const store = await OfflineStore.open({
    directory: process.argv[2]!,
    rows: 'all',
    format: 'parquet',
    overwrite: run > 0,
    limits: { maxRowsPerFile: 20_000 },
  });
  const { revisions } = await store.openGroup(group);
  const batch = new TaskBatch(group).fill(entities);
  for (let step = 1; step <= 100; step++) {
    batch.version.fill(step);
    revisions.append(batch);
  }
  process.stdout.write('finishing\n');
  await store.finish();
  process.stdout.write('finished\n');
}
