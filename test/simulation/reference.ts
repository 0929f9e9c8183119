import { createHash } from 'node:crypto';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import type { TaskProgress } from '../../src/state/state-store.ts';
import { type FoldedState, progressText, stateText } from './folded-state.ts';
import { type Outputs, Undisturbed } from './undisturbed.ts';
import { LOG, PROBES } from './workload.ts';

/** What a partition's log comes to, prefix by prefix, where nothing ever happens. */
export interface PartitionReference {
  /** By the length of the prefix: 0 to that of the log. */
  readonly behaviours: readonly string[];
  /** By the length of the prefix. */
  readonly watermarks: readonly number[];
  /** What each record outputs. */
  readonly outputs: readonly Outputs[];
  /** By {@link entityName}: what an online store is told of each entity, in the order of versions. */
  readonly rows: ReadonlyMap<string, readonly RowVersion[]>;
}

/** A row as of a version, when it became different from what it was. */
export interface RowVersion {
  readonly group: FeatureGroup;
  readonly entity: Revision['entity'];
  readonly windowEnd: number;
  readonly version: number;
  readonly deleted: boolean;
  readonly values: string;
}

export function entityName(group: FeatureGroup, entity: Revision['entity']): string {
  return `${group.name} ${entity.join()}`;
}

/**
 * What tasks with this state do from now on: how far they are, and what they make of the probes. (One state has several
 * encodings: an entity's is as of when it last changed.)
 */
export function behaviourOf(partition: number, state: FoldedState): string {
  const key = createHash('sha1')
    .update(`${partition} ${stateText(state)}`)
    .digest('base64');
  let known = BEHAVIOURS.get(key);
  if (known === undefined) {
    const progress = new Map([...state].map(([name, task]) => [name, task.progress]));
    known = behaviour(partition, progress, new Undisturbed(partition, state));
    BEHAVIOURS.set(key, known);
  }
  return known;
}

/** What was found out: most states come up again and again. */
const BEHAVIOURS = new Map<string, string>();

export const REFERENCES: readonly PartitionReference[] = LOG.map(refer);

function refer(records: readonly LogRecord[], partition: number): PartitionReference {
  const tasks = new Undisturbed(partition);
  const outputs: Outputs[] = [];
  const rows = new Map<string, RowVersion[]>();
  const behaviours = [behaviourAfter(partition, [])];
  const watermarks = [tasks.watermark];
  for (const [index, record] of records.entries()) {
    const made = tasks.process(record);
    outputs.push(made.outputs);
    for (const { group, revision } of made.revisions) noteRow(rows, group, revision);
    behaviours.push(behaviourAfter(partition, records.slice(0, index + 1)));
    watermarks.push(tasks.watermark);
  }
  return { behaviours, watermarks, outputs, rows };
}

function behaviourAfter(partition: number, records: readonly LogRecord[]): string {
  const tasks = new Undisturbed(partition);
  for (const record of records) tasks.process(record);
  return behaviour(partition, tasks.progress, tasks);
}

function behaviour(
  partition: number,
  progress: ReadonlyMap<string, TaskProgress>,
  tasks: Undisturbed,
): string {
  const progresses = [...progress].map(([name, each]) => `${name} ${progressText(each)}`).sort();
  const outputs = PROBES[partition]!.map((record) => JSON.stringify([...tasks.process(record).outputs]));
  return [...progresses, ...outputs].join('\n');
}

function noteRow(rows: Map<string, RowVersion[]>, group: FeatureGroup, revision: Revision): void {
  const { entity, windowEnd, version, deleted } = revision;
  const name = entityName(group, entity);
  const known = rows.get(name) ?? [];
  rows.set(name, known);
  const last = known.findLast((row) => row.windowEnd === windowEnd);
  const values = JSON.stringify(revision.values);
  if (last === undefined || last.values !== values || last.deleted !== deleted) {
    known.push({ group, entity, windowEnd, version, deleted, values });
  }
}
