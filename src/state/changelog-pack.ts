import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { inParts } from './changelog-parts.ts';
import { StateError } from './state-error.ts';
import type { StateTable, TaskChanges, TaskId, TaskProgress } from './state-store.ts';

/**
 * How changes of states stand in a changelog: many in one record, for a record costs the client as much as a hundred
 * changes. A record begins with the version of this format; an entry says its kind, and a task's name comes before
 * the entries that are its. A record that an entry makes too large for a broker goes in parts.
 */
const FORMAT = 2;
/** A record ends after the entry that takes it to this size. */
const RECORD_BYTES = 512 * 1024;

const TASK = 0;
const PROGRESS = 1;
/** By table: an entry with its state, or one that is gone. */
const KINDS: Readonly<Record<StateTable, { readonly put: number; readonly gone: number }>> = {
  chunks: { put: 2, gone: 3 },
  rows: { put: 4, gone: 5 },
};

/** Packs changes into records for a changelog. */
export class ChangelogPacker {
  readonly #writer = new ByteWriter();
  #records: Uint8Array[] = [];
  #task: TaskId | null = null;

  put(task: TaskId, table: StateTable, key: Uint8Array, state: Uint8Array | null): void {
    this.#begin(task);
    const writer = this.#writer;
    writer.byte(state === null ? KINDS[table].gone : KINDS[table].put);
    writer.bytes(key);
    if (state !== null) writer.bytes(state);
    this.#endEntry();
  }

  progress(task: TaskId, progress: TaskProgress): void {
    this.#begin(task);
    const { watermark, logTime } = progress;
    this.#writer.byte(PROGRESS);
    this.#writer.text(
      JSON.stringify({ ...progress, watermark: finiteOrNull(watermark), logTime: finiteOrNull(logTime) }),
    );
    this.#endEntry();
  }

  /** Bytes that were packed since the last {@link take}. */
  get size(): number {
    return this.#records.reduce((sum, record) => sum + record.length, this.#writer.length);
  }

  /** The records so far; the packer is empty again. */
  take(): readonly Uint8Array[] {
    this.#endRecord();
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #begin(task: TaskId): void {
    const writer = this.#writer;
    if (writer.length === 0) writer.byte(FORMAT);
    if (task === this.#task) return;
    this.#task = task;
    writer.byte(TASK);
    writer.text(task.group);
    writer.unsigned(task.version);
  }

  #endEntry(): void {
    if (this.#writer.length >= RECORD_BYTES) this.#endRecord();
  }

  #endRecord(): void {
    this.#task = null;
    if (this.#writer.length > 0) this.#records.push(...inParts(this.#writer.take()));
  }
}

/** The changes in a whole record of the changelog of a partition. @throws StateError when it is of another format */
export function unpackChanges(
  record: Uint8Array,
  partition: { readonly topic: string; readonly partition: number },
): readonly TaskChanges[] {
  const reader = new ByteReader(record);
  requireFormat(reader.byte(), partition.topic);
  const changes: UnpackedChanges[] = [];
  let current: UnpackedChanges | null = null;
  while (!reader.done) {
    const kind = reader.byte();
    if (kind === TASK) {
      const task = { group: reader.text(), version: reader.unsigned(), ...partition };
      current = { task, progress: null, entities: [], rows: [], areParts: true };
      changes.push(current);
    } else if (kind === PROGRESS) current!.progress = parseProgress(reader.text());
    else {
      const table = kind === KINDS.chunks.put || kind === KINDS.chunks.gone ? 'entities' : 'rows';
      const isPut = kind === KINDS.chunks.put || kind === KINDS.rows.put;
      const key = reader.bytes();
      current![table].push({ key, state: isPut ? reader.bytes() : null });
    }
  }
  return changes;
}

interface UnpackedChanges extends TaskChanges {
  progress: TaskProgress | null;
  readonly entities: { key: Uint8Array; state: Uint8Array | null }[];
  readonly rows: { key: Uint8Array; state: Uint8Array | null }[];
}

function requireFormat(format: number, topic: string): void {
  if (format === FORMAT) return;
  throw new StateError(`the changelog of ${topic} has format ${format}, this version reads ${FORMAT}`, {
    code: 'CHANGELOG_FORMAT',
    remedy: 'Run the version that wrote it, or give the worker another --app, to start over.',
  });
}

function finiteOrNull(time: number): number | null {
  return time === Number.NEGATIVE_INFINITY ? null : time;
}

function parseProgress(text: string): TaskProgress {
  const { watermark, logTime, ...rest } = JSON.parse(text) as TaskProgress & { watermark: number | null };
  return {
    ...rest,
    watermark: watermark ?? Number.NEGATIVE_INFINITY,
    logTime: logTime ?? Number.NEGATIVE_INFINITY,
  };
}
