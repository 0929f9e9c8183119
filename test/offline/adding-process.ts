import { groupOf } from '../sinks/offline-model.ts';
import { addTo } from './a-store.ts';

/** Adds to the store given, over and over, until it is killed: each time all rows have another value. */
const GROUP = groupOf({ card_id: 'string' }, { n: 'integer' });
for (let run = 1; ; run++) {
  const revisions = Array.from({ length: 300 }, (_, index) => ({
    entity: [`c${index}`],
    windowEnd: 0,
    version: index + 1,
    knownAt: 0,
    timing: 1,
    deleted: false,
    values: [run],
  }));
  const slice = { from: 1, to: 301, holes: [], logTime: 0 };
  await addTo(process.argv[2]!, GROUP, [{ partition: 0, slice, revisions }], { buckets: 4 });
  process.stdout.write('added\n');
}
