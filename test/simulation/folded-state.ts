import type { TopicPartition } from '../../src/sources/log-reader.ts';
import {
  type EntityState,
  isWithin,
  type KeyRange,
  type StateStore,
  type TaskChanges,
  type TaskId,
  type TaskProgress,
} from '../../src/state/state-store.ts';

/** Everything that a partition's tasks are, by task, so that two of them can be held side by side. */
export type FoldedState = ReadonlyMap<string, FoldedTask>;

export interface FoldedTask {
  readonly progress: TaskProgress;
  /** Bytes are Latin-1 texts here. */
  readonly chunks: ReadonlyMap<string, string>;
  readonly rows: ReadonlyMap<string, string>;
}

export const EMPTY_STATE: FoldedState = new Map();

/** The state after further changes. */
export function fold(state: FoldedState, changes: readonly TaskChanges[]): FoldedState {
  const folded = new Map(state);
  for (const { task, progress, entities, rows } of changes) {
    const name = taskName(task);
    const before = folded.get(name);
    folded.set(name, {
      progress: progress ?? before?.progress ?? NOTHING,
      chunks: changed(before?.chunks, entities),
      rows: changed(before?.rows, rows ?? []),
    });
  }
  return folded;
}

/** What a store holds of a partition. */
export function stateIn(store: StateStore, partition: TopicPartition): FoldedState {
  return fold(
    EMPTY_STATE,
    store.tasks(partition).map((task) => ({
      task,
      progress: store.progress(task),
      entities: store.entities(task),
      rows: store.rows(task),
    })),
  );
}

/** Where two states differ, in words; null when they do not. */
export function differenceOf(actual: FoldedState, expected: FoldedState): string | null {
  if (isSame(actual, expected)) return null;
  const [one, other] = [textsOf(actual), textsOf(expected)];
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    if (one.get(name) !== other.get(name)) {
      return `${name} is ${shown(one.get(name))}, not ${shown(other.get(name))}`;
    }
  }
  return null;
}

/** One text for each of the tasks' own states; the copies of rows are left out. */
export function stateText(state: FoldedState): string {
  const texts = [...state].map(([name, { progress, chunks }]) => {
    return [name, progressText(progress), progress.commit, progress.closing, [...chunks].sort()];
  });
  return JSON.stringify(texts.sort());
}

/** Whether some task was stored between two slices. */
export function isClosing(state: FoldedState): boolean {
  return [...state.values()].some(({ progress }) => progress.closing !== undefined);
}

/** The chunks within a range, in order of their keys. */
export function chunksOf({ chunks }: FoldedTask, range: KeyRange): EntityState[] {
  return [...chunks]
    .map(([key, state]) => ({ key: Buffer.from(key, 'latin1'), state: Buffer.from(state, 'latin1') }))
    .filter(({ key }) => isWithin(key, range))
    .sort((a, b) => Buffer.compare(a.key, b.key));
}

/** Without the number of the commit, and where it was between two slices: when commits were made is nobody's business. */
export function progressText(progress: TaskProgress): string {
  const known = PROGRESS_TEXTS.get(progress);
  if (known !== undefined) return known;
  const { counters, commit: _, journal: __, closing: ___, ...rest } = progress;
  const text = JSON.stringify([sortedEntries(rest), sortedEntries(counters)]);
  PROGRESS_TEXTS.set(progress, text);
  return text;
}

/** Most are asked for after every step. */
const PROGRESS_TEXTS = new WeakMap<TaskProgress, string>();

function sortedEntries(object: object): [string, unknown][] {
  return Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));
}

export function taskName({ group, version }: Pick<TaskId, 'group' | 'version'>): string {
  return `${group}:${version}`;
}

/** Of a task of which no progress was told yet. */
const NOTHING: TaskProgress = {
  fingerprint: '',
  nextOffset: 0,
  watermark: Number.NEGATIVE_INFINITY,
  logTime: Number.NEGATIVE_INFINITY,
  commit: 0,
  entities: 0,
  counters: {},
};

function changed(
  table: ReadonlyMap<string, string> = new Map(),
  changes: Iterable<EntityState>,
): ReadonlyMap<string, string> {
  const entries = new Map(table);
  for (const { key, state } of changes) {
    if (state === null) entries.delete(latin1(key));
    else entries.set(latin1(key), latin1(state));
  }
  return entries;
}

function isSame(one: FoldedState, other: FoldedState): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([name, task]) => {
    const twin = other.get(name);
    return (
      twin !== undefined &&
      task.progress.commit === twin.progress.commit &&
      progressText(task.progress) === progressText(twin.progress) &&
      isSameTable(task.chunks, twin.chunks) &&
      isSameTable(task.rows, twin.rows)
    );
  });
}

function isSameTable(one: FoldedTask['chunks'], other: FoldedTask['chunks']): boolean {
  return one.size === other.size && [...one].every(([key, text]) => other.get(key) === text);
}

function textsOf(state: FoldedState): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, { progress, chunks, rows }] of state) {
    texts.set(`progress of ${name}`, `${progressText(progress)}, commit ${progress.commit}`);
    for (const [key, text] of chunks) texts.set(`chunk ${shown(key)} of ${name}`, text);
    for (const [key, text] of rows) texts.set(`rows ${shown(key)} of ${name}`, text);
  }
  return texts;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function shown(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text);
}
