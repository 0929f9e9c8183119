import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { TaskProgress } from '../../src/state/state-store.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { type FoldedState, progressText, stateText } from './folded-state.ts';
import { type LogEntry, type Outputs, Undisturbed } from './undisturbed.ts';
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

/** What entries come to that a process takes in to which nothing ever happens. */
interface Run {
  readonly entries: readonly LogEntry[];
  /** What each entry outputs. */
  readonly outputs: readonly Outputs[];
  /** By {@link entityName}: what an online store is told of each entity, in the order of versions. */
  readonly rows: ReadonlyMap<string, readonly RowVersion[]>;
}

const NOTHING: Run = { entries: [], outputs: [], rows: new Map() };

/** `tasks` have taken in what the run has, and take in further entries. */
function extended(run: Run, tasks: Undisturbed, entries: readonly LogEntry[]): Run {
  const outputs = [...run.outputs];
  const rows = new Map([...run.rows].map(([name, known]) => [name, [...known]]));
  for (const entry of entries) {
    const made = tasks.process([entry]);
    outputs.push(made.outputs);
    for (const { group, revision } of made.revisions) noteRow(rows, group, revision, outputs.length);
  }
  return { entries: [...run.entries, ...entries], outputs, rows };
}

function firstOf({ entries, outputs, rows }: Run, length: number): Run {
  return {
    entries: entries.slice(0, length),
    outputs: outputs.slice(0, length),
    rows: new Map([...rows].map(([name, known]) => [name, known.filter(({ prefix }) => prefix <= length)])),
  };
}

/** Of each partition without marks: the same for every simulation. */
const UNMARKED = LOG.map((records, partition) => {
  const tasks = new Undisturbed(partition);
  return { run: extended(NOTHING, tasks, records), watermark: tasks.watermark };
});

/**
 * What a partition's log comes to, prefix by prefix, where nothing ever happens: its records, and the marks of its
 * journal, each at its place.
 */
export class PartitionReference {
  readonly #partition: number;
  readonly #marks: Mark[] = [];
  #run: Run;
  /** They have taken in the whole run; null: there is no mark yet. */
  #tasks: Undisturbed | null = null;

  constructor(partition: number) {
    this.#partition = partition;
    this.#run = UNMARKED[partition]!.run;
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** The watermark after all of it. */
  get watermark(): number {
    return this.#tasks?.watermark ?? UNMARKED[this.#partition]!.watermark;
  }

  get outputs(): Run['outputs'] {
    return this.#run.outputs;
  }

  get rows(): Run['rows'] {
    return this.#run.rows;
  }

  /** There is a further mark, at the place of the last one or a later one. What comes before it stays as it is. */
  add(mark: Mark): void {
    const place = mark.after + 1 + this.#marks.length;
    const later = this.#run.entries.slice(place);
    if (this.#tasks === null || later.length > 0) this.#tasks = this.#tasksAfter(place);
    this.#marks.push(mark);
    this.#run = extended(firstOf(this.#run, place), this.#tasks, [mark, ...later]);
  }

  /** The length of the prefix with so many records and so many marks; null when these are none. */
  prefixOf(records: number, marks: number): number | null {
    const isPrefix = this.#marks.every(({ after }, index) =>
      index < marks ? after < records : after >= records - 1,
    );
    return isPrefix ? records + marks : null;
  }

  /** The text of {@link behaviourOf} tasks that have taken in the prefix. */
  behaviourAfter(prefix: number): string {
    // The records of a partition are always the same ones.
    const marks = this.#run.entries.slice(0, prefix).filter((entry) => 'after' in entry);
    return remembered(`${this.#partition} ${prefix} ${JSON.stringify(marks)}`, () => {
      const tasks = this.#tasksAfter(prefix);
      return { owed: new Map(), text: behaviour(this.#partition, tasks.progress, tasks) };
    }).text;
  }

  #tasksAfter(prefix: number): Undisturbed {
    const tasks = new Undisturbed(this.#partition);
    for (const entry of this.#run.entries.slice(0, prefix)) tasks.pass(entry);
    return tasks;
  }
}

/** What tasks with a state do. */
interface Behaviour {
  /** What they have still to make of what they have taken in. */
  readonly owed: Outputs;
  /** From then on: how far they are, and what they make of the probes. */
  readonly text: string;
}

/** (One state has several encodings: an entity's is as of when it last changed.) */
export function behaviourOf(partition: number, state: FoldedState): Behaviour {
  return remembered(`${partition} ${stateText(state)}`, () => {
    const tasks = new Undisturbed(partition, state);
    const owed = tasks.settle().outputs;
    const settled = tasks.progress;
    const progress = new Map(
      [...state].map(([name, { progress }]) => [
        name,
        { ...progress, entities: settled.get(name)!.entities },
      ]),
    );
    return { owed, text: behaviour(partition, progress, tasks) };
  });
}

const MOST_BEHAVIOURS = 10_000;
/** What was found out: most prefixes, and most states without marks, come up again and again. */
const BEHAVIOURS = new Map<string, Behaviour>();

function remembered(key: string, find: () => Behaviour): Behaviour {
  const known = BEHAVIOURS.get(key);
  if (known !== undefined) return known;
  if (BEHAVIOURS.size === MOST_BEHAVIOURS) BEHAVIOURS.clear();
  const found = find();
  BEHAVIOURS.set(key, found);
  return found;
}

function behaviour(
  partition: number,
  progress: ReadonlyMap<string, TaskProgress>,
  tasks: Undisturbed,
): string {
  const progresses = [...progress].map(([name, each]) => `${name} ${progressText(each)}`).sort();
  const { outputs } = tasks.process(PROBES[partition]!);
  const lines = [...outputs].flatMap(([stream, texts]) => texts.map((text) => `${stream}: ${text}`));
  return [...progresses, ...lines].join('\n');
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
