import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { DroppedRecord } from '../operators/task.ts';
import { type DeadLetterWriter, openDropped, openRejected } from '../sinks/dead-letters.ts';
import { groupFolder } from '../sinks/group-folder.ts';
import type { RejectedRecord } from '../sources/record.ts';
import type { StateStore } from '../state/state-store.ts';

/**
 * The files of a worker that take the records which make no row: late beyond every window, or rejected. Their
 * lengths are committed with the state, and what a crash left behind them is cut off: each record stands in its
 * file exactly once.
 */
export class DeadLetters {
  readonly #dir: string;
  readonly #state: StateStore;
  readonly #files = new Map<string, DeadLetterWriter<DroppedRecord> | DeadLetterWriter<RejectedRecord>>();

  constructor(dir: string, state: StateStore) {
    this.#dir = dir;
    this.#state = state;
  }

  rejectedBySource(source: Source): DeadLetterWriter<RejectedRecord> {
    return this.#open(join('_sources', source.name, 'rejected.jsonl'), openRejected);
  }

  rejectedByGroup(group: FeatureGroup): DeadLetterWriter<RejectedRecord> {
    return this.#open(join(groupFolder(group), 'rejected.jsonl'), openRejected);
  }

  droppedByGroup(group: FeatureGroup): DeadLetterWriter<DroppedRecord> {
    return this.#open(join(groupFolder(group), 'dropped.jsonl'), openDropped);
  }

  /** How long each file is with everything written so far: what to commit after {@link flush}. */
  positions(): Map<string, string> {
    return new Map([...this.#files].map(([name, file]) => [factOf(name), String(file.position())]));
  }

  /** Resolves when everything written before the call is on the disk. */
  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.flush()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #open<W extends DeadLetterWriter<DroppedRecord> | DeadLetterWriter<RejectedRecord>>(
    name: string,
    open: (path: string, committedBytes: number) => W,
  ): W {
    const known = this.#files.get(name);
    if (known !== undefined) return known as W;
    const path = join(this.#dir, name);
    mkdirSync(dirname(path), { recursive: true });
    const file = open(path, Number(this.#state.fact(factOf(name)) ?? 0));
    this.#files.set(name, file);
    return file;
  }
}

function factOf(name: string): string {
  return `dead-letters:${name}`;
}
