import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { OutputRecord } from '../../src/live/commit-log.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { LogRecord, RecordDecoder } from '../../src/sources/record.ts';
import type { TaskProgress } from '../../src/state/state-store.ts';
import type { Mark } from '../../src/watermark/mark.ts';
import { chunksOf, type FoldedState, taskName } from './folded-state.ts';
import { GROUPS } from './workload.ts';

export const OUTPUT_TOPICS = { deadLetters: 'dead letters', late: 'late', revisions: 'revisions' } as const;

/** What is output, by stream; each text begins with its record's offset. */
export type Outputs = ReadonlyMap<string, readonly string[]>;

/** Of one stream: in the order of the log; several of one record may come in any order. */
export function inOrder(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
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

/** What can stand in a partition's log. */
export type LogEntry = LogRecord | Mark;

/** What records and marks make. */
interface Processed {
  readonly outputs: Outputs;
  readonly revisions: readonly GroupRevision[];
}

interface GroupRevision {
  readonly group: FeatureGroup;
  readonly revision: Revision;
}

const SOURCE = GROUPS[0]!.source;
const DECODER = remembering(createDecoder(SOURCE));

/** The tasks of a partition in a process that nothing ever happens to. */
export class Undisturbed {
  readonly #tasks: readonly Task[];
  readonly #pipeline: SourcePartition;
  #outputs = new Map<string, string[]>();

  /** `state`: where to begin; default: at the beginning. */
  constructor(partition: number, state: FoldedState | null = null) {
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
      source: SOURCE,
      partition,
      decoder: DECODER,
      tasks: this.#tasks,
      rejected: ({ offset }, { reason }) =>
        this.#output(OUTPUT_TOPICS.deadLetters, `source ${SOURCE.name}`, `${offset} ${reason}`),
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

  /** Takes in what comes next. */
  process(entries: readonly LogEntry[]): Processed {
    this.#outputs = new Map();
    for (const entry of entries) this.#take(entry);
    return this.#drain();
  }

  /** Takes in what comes next, of which nobody asks what it makes. */
  pass(entry: LogEntry): void {
    this.#take(entry);
    for (const task of this.#tasks) task.drained();
  }

  /** What a state that was stored between two slices has still to make. */
  settle(): Processed {
    this.#outputs = new Map();
    finish(this.#pipeline.settle());
    return this.#drain();
  }

  #take(entry: LogEntry): void {
    finish('after' in entry ? this.#pipeline.mark(entry) : this.#pipeline.process([entry]));
  }

  #drain(): Processed {
    const made: GroupRevision[] = [];
    for (const task of this.#tasks) {
      const { group, revisions } = task;
      for (let row = 0; row < revisions.length; row++) {
        const revision = revisions.at(row);
        const line = `${revision.version - 1} ${lineOf(group, revision)}`;
        this.#output(OUTPUT_TOPICS.revisions, `group ${nameOf(group)}`, line);
        made.push({ group, revision });
      }
      task.drained();
    }
    const outputs = new Map([...this.#outputs].map(([stream, texts]) => [stream, inOrder(texts)]));
    return { outputs, revisions: made };
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
    const texts = this.#outputs.get(stream);
    if (texts === undefined) this.#outputs.set(stream, [text]);
    else texts.push(text);
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
  const line: Record<string, unknown> = {};
  for (const [index, name] of group.entity.entries()) line[name] = entity[index];
  Object.assign(line, { window_end: windowEnd, version, known_at: knownAt, timing, deleted });
  for (const [index, { name }] of group.features.entries()) line[name] = values[index];
  return JSON.stringify(line);
}

/** The same few records are decoded again and again. */
function remembering(decoder: RecordDecoder): RecordDecoder {
  const known = new Map<LogRecord['value'], ReturnType<RecordDecoder['decode']>>();
  return {
    ...decoder,
    decode: (value) => {
      const decoded = known.get(value) ?? decoder.decode(value);
      known.set(value, decoded);
      return decoded;
    },
  };
}
