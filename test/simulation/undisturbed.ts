import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { OutputRecord } from '../../src/live/commit-log.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { finish, type Slices, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import type { TaskProgress } from '../../src/state/state-store.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { chunksOf, type FoldedState, taskName } from './folded-state.ts';
import { GROUPS } from './workload.ts';

export const OUTPUT_TOPICS = { deadLetters: 'dead letters', late: 'late', revisions: 'revisions' } as const;

/** What is output, by stream; each text begins with its record's offset. */
export type Outputs = ReadonlyMap<string, readonly string[]>;

/** Of one stream: in the order of the log; several of one record may come in any order. */
export function inOrder(texts: readonly string[]): string[] {
  const byRecord = Map.groupBy(texts, (text) => text.slice(0, text.indexOf(' ')));
  return [...byRecord.values()].flatMap((own) => own.sort());
}

/** A record of an output topic: the stream that it belongs to, and what it says. */
export function readOutput(topic: string, { value, headers }: OutputRecord): [stream: string, text: string] {
  if (topic === OUTPUT_TOPICS.revisions) {
    const line = String(value);
    const { version } = JSON.parse(line) as { version: number };
    return [streamOf(topic, `group ${headers!['group']}`), `${version - 1} ${line}`];
  }
  const { by, offset, reason = '' } = headers!;
  return [streamOf(topic, by!), `${offset} ${reason}`];
}

/** What one record or mark makes. */
interface Processed {
  readonly outputs: Outputs;
  readonly revisions: readonly GroupRevision[];
}

interface GroupRevision {
  readonly group: FeatureGroup;
  readonly revision: Revision;
}

/** The tasks of a partition in a process that nothing ever happens to. */
export class Undisturbed {
  readonly #tasks: readonly Task[];
  readonly #pipeline: SourcePartition;
  #outputs = new Map<string, string[]>();
  #revisions: GroupRevision[] = [];

  /** `state`: where to begin; default: at the beginning. */
  constructor(partition: number, state: FoldedState | null = null) {
    const source = GROUPS[0]!.source;
    this.#tasks = GROUPS.map((group) => {
      const stored = state?.get(nameOf(group));
      const by = `group ${nameOf(group)}`;
      return new Task(
        group,
        partition,
        {
          dropped: ({ offset }) => this.#output(OUTPUT_TOPICS.late, by, `${offset} `),
          rejected: ({ offset }, { reason }) =>
            this.#output(OUTPUT_TOPICS.deadLetters, by, `${offset} ${reason}`),
        },
        stored === undefined ? null : { read: (range) => chunksOf(stored, range), maxEntities: 1000 },
      );
    });
    this.#pipeline = new SourcePartition({
      source,
      partition,
      decoder: createDecoder(source),
      tasks: this.#tasks,
      rejected: ({ offset }, { reason }) =>
        this.#output(OUTPUT_TOPICS.deadLetters, `source ${source.name}`, `${offset} ${reason}`),
    });
    if (state !== null) this.#restore(state);
  }

  get watermark(): number {
    return this.#pipeline.clock.watermark;
  }

  /** By task. */
  get progress(): ReadonlyMap<string, TaskProgress> {
    return new Map(
      this.#tasks.map((task) => {
        const { rejected, ...counts } = task.counters;
        return [nameOf(task.group), task.progress({ ...counts, ...Object.fromEntries(rejected) })];
      }),
    );
  }

  process(entry: LogRecord | Mark): Processed {
    const isMark = 'after' in entry;
    const place = isMark ? entry.after : entry.offset;
    return this.#finish(isMark ? this.#pipeline.mark(entry) : this.#pipeline.process([entry]), place);
  }

  /** What a state that was stored between two slices has still to make. */
  settle(): Processed {
    return this.#finish(this.#pipeline.settle(), this.#pipeline.nextOffset - 1);
  }

  #finish(slices: Slices, place: number): Processed {
    this.#outputs = new Map();
    this.#revisions = [];
    finish(slices);
    for (const task of this.#tasks) {
      const { group, revisions } = task;
      for (let row = 0; row < revisions.length; row++) {
        const revision = revisions.at(row);
        this.#output(
          OUTPUT_TOPICS.revisions,
          `group ${nameOf(group)}`,
          `${place} ${lineOf(group, revision)}`,
        );
        this.#revisions.push({ group, revision });
      }
      task.drained();
    }
    const outputs = new Map([...this.#outputs].map(([stream, texts]) => [stream, inOrder(texts)]));
    return { outputs, revisions: this.#revisions };
  }

  #restore(state: FoldedState): void {
    for (const task of this.#tasks) {
      const stored = state.get(nameOf(task.group));
      if (stored === undefined) continue;
      task.restore(stored.progress);
      this.#pipeline.restoreClock(stored.progress);
    }
  }

  #output(topic: string, by: string, text: string): void {
    const stream = streamOf(topic, by);
    this.#outputs.set(stream, [...(this.#outputs.get(stream) ?? []), text]);
  }
}

function nameOf({ name, version }: FeatureGroup): string {
  return taskName({ group: name, version });
}

function streamOf(topic: string, by: string): string {
  return `${topic} of ${by}`;
}

/** As in the files of a replay. */
function lineOf(group: FeatureGroup, revision: Revision): string {
  const { entity, windowEnd, version, knownAt, timing, deleted, values } = revision;
  return JSON.stringify({
    ...Object.fromEntries(group.entity.map((name, index) => [name, entity[index]])),
    window_end: windowEnd,
    version,
    known_at: knownAt,
    timing,
    deleted,
    ...Object.fromEntries(group.features.map(({ name }, index) => [name, values[index]])),
  });
}
