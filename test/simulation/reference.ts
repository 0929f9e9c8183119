import { createHash } from 'node:crypto';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import type { TaskProgress } from '../../src/state/state-store.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { type FoldedState, progressText, stateText } from './folded-state.ts';
import { type Outputs, Undisturbed } from './undisturbed.ts';
import { LOG, PROBES } from './workload.ts';

/** A row as of a version, when it became different from what it was. */
export interface RowVersion {
  readonly group: FeatureGroup;
  readonly entity: Revision['entity'];
  readonly windowEnd: number;
  readonly version: number;
  readonly deleted: boolean;
  readonly values: string;
  /** How long the prefix is that ends with what made it. */
  readonly prefix: number;
}

export function entityName(group: FeatureGroup, entity: Revision['entity']): string {
  return `${group.name} ${entity.join()}`;
}

/**
 * What a partition's log comes to, prefix by prefix, where nothing ever happens: its records, and the marks of its
 * journal, each at its place.
 */
export class PartitionReference {
  readonly marks: readonly Mark[];
  /** The watermark after all of it. */
  readonly watermark: number;
  /** What each record and each mark outputs, in their order. */
  readonly outputs: readonly Outputs[];
  /** By {@link entityName}: what an online store is told of each entity, in the order of versions. */
  readonly rows: ReadonlyMap<string, readonly RowVersion[]>;
  readonly #partition: number;
  readonly #entries: readonly (LogRecord | Mark)[];
  /** By the length of the prefix, as far as they were asked for. */
  readonly #behaviours = new Map<number, string>();

  constructor(partition: number, marks: readonly Mark[] = []) {
    this.#partition = partition;
    this.marks = marks;
    this.#entries = merge(LOG[partition]!, marks);
    const tasks = new Undisturbed(partition);
    const outputs: Outputs[] = [];
    const rows = new Map<string, RowVersion[]>();
    for (const entry of this.#entries) {
      const made = tasks.process(entry);
      outputs.push(made.outputs);
      for (const { group, revision } of made.revisions) noteRow(rows, group, revision, outputs.length);
    }
    this.outputs = outputs;
    this.rows = rows;
    this.watermark = tasks.watermark;
  }

  /** The length of the prefix with so many records and so many marks; null when these are none. */
  prefixOf(records: number, marks: number): number | null {
    const isPrefix = this.marks.every(({ after }, index) =>
      index < marks ? after < records : after >= records - 1,
    );
    return isPrefix ? records + marks : null;
  }

  /** {@link behaviourOf} tasks that have taken in the prefix. */
  behaviourAfter(prefix: number): string {
    let known = this.#behaviours.get(prefix);
    if (known === undefined) {
      const tasks = new Undisturbed(this.#partition);
      for (const entry of this.#entries.slice(0, prefix)) tasks.process(entry);
      known = behaviour(this.#partition, tasks.progress, tasks);
      this.#behaviours.set(prefix, known);
    }
    return known;
  }
}

/** Without marks: the same for every simulation. */
export const UNMARKED: readonly PartitionReference[] = LOG.map(
  (_, partition) => new PartitionReference(partition),
);

/** What tasks with a state do. */
interface Behaviour {
  /** What they have still to make of what they have taken in. */
  readonly owed: Outputs;
  /** From then on: how far they are, and what they make of the probes. */
  readonly text: string;
}

/** (One state has several encodings: an entity's is as of when it last changed.) */
export function behaviourOf(partition: number, state: FoldedState): Behaviour {
  const key = createHash('sha1')
    .update(`${partition} ${stateText(state)}`)
    .digest('base64');
  let known = BEHAVIOURS.get(key);
  if (known === undefined) {
    const tasks = new Undisturbed(partition, state);
    const owed = tasks.settle().outputs;
    const settled = tasks.progress;
    const progress = new Map(
      [...state].map(([name, { progress }]) => [
        name,
        { ...progress, entities: settled.get(name)!.entities },
      ]),
    );
    known = { owed, text: behaviour(partition, progress, tasks) };
    if (BEHAVIOURS.size === MOST_BEHAVIOURS) BEHAVIOURS.clear();
    BEHAVIOURS.set(key, known);
  }
  return known;
}

const MOST_BEHAVIOURS = 5000;
/** What was found out: most states without marks come up again and again. */
const BEHAVIOURS = new Map<string, Behaviour>();

function behaviour(
  partition: number,
  progress: ReadonlyMap<string, TaskProgress>,
  tasks: Undisturbed,
): string {
  const progresses = [...progress].map(([name, each]) => `${name} ${progressText(each)}`).sort();
  const outputs = PROBES[partition]!.map((record) => JSON.stringify([...tasks.process(record).outputs]));
  return [...progresses, ...outputs].join('\n');
}

function merge(records: readonly LogRecord[], marks: readonly Mark[]): (LogRecord | Mark)[] {
  return records.flatMap((record) => [record, ...marks.filter(({ after }) => after === record.offset)]);
}

function noteRow(
  rows: Map<string, RowVersion[]>,
  group: FeatureGroup,
  revision: Revision,
  prefix: number,
): void {
  const { entity, windowEnd, version, deleted } = revision;
  const name = entityName(group, entity);
  const known = rows.get(name) ?? [];
  rows.set(name, known);
  const last = known.findLast((row) => row.windowEnd === windowEnd);
  const values = JSON.stringify(revision.values);
  if (last === undefined || last.values !== values || last.deleted !== deleted) {
    known.push({ group, entity, windowEnd, version, deleted, values, prefix });
  }
}
