import { type Slices, SourcePartition } from '../operators/source-partition.ts';
import { Task } from '../operators/task.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { MarkedLog } from '../sources/marked-log.ts';
import type { EventTimeMs } from '../time.ts';
import { FeatureRows } from './feature-rows.ts';
import type { AskedGroup } from './questions.ts';
import { entityJoin } from './spine.ts';

/**
 * Makes the relation `witnesses_INDEX` of each group: the revisions that `answers_INDEX` names, with the values that
 * they had when nothing after them was read. For that the log is read once more, and the operators are given one record
 * at a time: what comes out is known by then, whatever the operators do. Log time is the greatest timestamp so far,
 * computed here.
 */
export async function findWitnesses(
  database: ScratchDatabase,
  log: MarkedLog,
  groups: readonly AskedGroup[],
  onRecords: (count: number) => void,
): Promise<void> {
  const named = await Promise.all(groups.map((group) => namedVersions(database, group)));
  const witnesses = await Promise.all(
    groups.map(({ index, group }) =>
      FeatureRows.create(database, { name: `witnesses_${index}`, key: 'entity' }, group.features),
    ),
  );
  for (const partition of log.partitions) {
    const pipeline = createPipeline(log, partition, groups);
    let logTime: EventTimeMs = Number.NEGATIVE_INFINITY;
    const readRevisions = (): void => {
      for (const [index, { revisions }] of pipeline.tasks.entries()) {
        for (let row = 0; row < revisions.length; row++) {
          const entity = groups[index]!.entities.numberOf(revisions.entityOf(row));
          const version = revisions.version[row]!;
          if (entity === undefined || named[index]!.get(entity)?.has(version) !== true) continue;
          const windowEnd = revisions.windowEnd[row]!;
          const values = revisions.storedValues(row);
          witnesses[index]!.add(entity, { windowEnd, version, knownAt: logTime, values });
        }
        pipeline.tasks[index]!.drained();
      }
    };
    const take = (slices: Slices): void => {
      for (const _ of slices) readRevisions();
    };
    for await (const { records, mark } of log.read(partition)) {
      for (const [index, { timestamp }] of records.entries()) {
        logTime = Math.max(logTime, timestamp);
        take(pipeline.process(records, index, index + 1));
      }
      if (mark !== null) {
        logTime = Math.max(logTime, mark.logTime);
        take(pipeline.mark(mark));
      }
      onRecords(records.length);
    }
  }
  for (const each of witnesses) await each.close();
}

function createPipeline(log: MarkedLog, partition: number, groups: readonly AskedGroup[]): SourcePartition {
  const nowhere = { dropped: () => {}, rejected: () => {} };
  return new SourcePartition({
    source: log.source,
    partition,
    decoder: createDecoder(log.source),
    tasks: groups.map(({ group }) => new Task(group, partition, nowhere, null)),
    rejected: () => {},
  });
}

/** The versions that answers name, by entity. */
async function namedVersions(
  database: ScratchDatabase,
  { index, group }: AskedGroup,
): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const versions = new Map<number, Set<number>>();
  const rows = database.stream(`
    SELECT DISTINCT n.number, a.version::DOUBLE
    FROM answers_${index} a
    JOIN (SELECT k.spine_row, e.number FROM ${entityJoin(group, index)}) n ON n.spine_row = a.spine_row`);
  for await (const [entity, version] of rows) {
    const mine = versions.get(entity as number) ?? new Set();
    versions.set(entity as number, mine.add(version as number));
  }
  return versions;
}
