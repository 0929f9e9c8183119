import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { RevisionBatch } from '../operators/revision.ts';
import type { DroppedRecord } from '../operators/task.ts';
import { entityText } from '../sinks/entity-text.ts';
import { RevisionJson } from '../sinks/revision-json.ts';
import type { TopicPartition } from '../sources/log-reader.ts';
import type { LogRecord, Rejection } from '../sources/record.ts';
import type { OutputRecord } from './commit-log.ts';
import type { PartitionOutputs } from './durability.ts';
import type { WorkerMeter } from './worker-meter.ts';

/** Where a worker's outputs go. */
export interface OutputTopics {
  readonly deadLetters: string;
  readonly late: string;
  /** Every revision, as a line of a replay's JSONL; null: nowhere. */
  readonly revisions: string | null;
}

/** What a topic takes in one record unless it is told otherwise (`max.message.bytes`), with room for the headers. */
const RECORD_BYTES = 900_000;

/**
 * What a partition has output since its last step. Rejected and late records keep their key and value, with the
 * position and the reason in headers; a revision has its entity as the key. One that is too large for a record goes
 * without its value, and without a key that is too large: a header says how many bytes were left out.
 */
export class PendingOutputs implements PartitionOutputs {
  readonly #topics: OutputTopics;
  readonly #partition: TopicPartition;
  readonly #meter: WorkerMeter | null;
  readonly #formats = new Map<FeatureGroup, RevisionJson>();
  #records = new Map<string, OutputRecord[]>();
  #bytes = 0;

  constructor(topics: OutputTopics, partition: TopicPartition, meter: WorkerMeter | null = null) {
    this.#topics = topics;
    this.#partition = partition;
    this.#meter = meter;
  }

  get pendingBytes(): number {
    return this.#bytes;
  }

  rejectedBySource(source: Source, record: LogRecord, rejection: Rejection): void {
    this.#reject(`source ${source.name}`, record, rejection);
  }

  rejectedByGroup(group: FeatureGroup, record: LogRecord, rejection: Rejection): void {
    this.#reject(`group ${nameOf(group)}`, record, rejection);
  }

  dropped(group: FeatureGroup, dropped: DroppedRecord, record: LogRecord): void {
    const { eventTime, watermark, missedFirst, missedLast, missedCount } = dropped;
    const headers = {
      ...this.#position(record),
      by: `group ${nameOf(group)}`,
      event_time: String(eventTime),
      watermark: String(watermark),
      missed_first: String(missedFirst),
      missed_last: String(missedLast),
      missed_count: String(missedCount),
    };
    this.#add(this.#topics.late, { key: record.key, value: bytesOf(record.value), headers });
  }

  revised(group: FeatureGroup, batch: RevisionBatch): void {
    const topic = this.#topics.revisions;
    if (topic === null || batch.length === 0) return;
    const format = this.#formats.get(group) ?? new RevisionJson(group);
    this.#formats.set(group, format);
    const headers = { group: nameOf(group) };
    for (let row = 0; row < batch.length; row++) {
      this.#add(topic, { key: entityText(batch.entityOf(row)), value: format.line(batch, row), headers });
    }
  }

  /** All of it; nothing is pending any more. */
  take(): ReadonlyMap<string, readonly OutputRecord[]> {
    const taken = this.#records;
    this.#records = new Map();
    this.#bytes = 0;
    return taken;
  }

  #reject(by: string, record: LogRecord, { reason, detail }: Rejection): void {
    const headers = { ...this.#position(record), by, reason, detail };
    this.#add(this.#topics.deadLetters, { key: record.key, value: bytesOf(record.value), headers });
  }

  #position({ offset, timestamp }: LogRecord): Record<string, string> {
    const { topic, partition } = this.#partition;
    return { topic, partition: String(partition), offset: String(offset), timestamp: String(timestamp) };
  }

  #add(topic: string, record: OutputRecord): void {
    const fitting = this.#fitting(topic, record);
    const records = this.#records.get(topic) ?? [];
    this.#records.set(topic, records);
    records.push(fitting);
    this.#bytes += bytesIn(fitting.key) + bytesIn(fitting.value);
  }

  #fitting(topic: string, record: OutputRecord): OutputRecord {
    const { key, value, headers } = record;
    const bytes = bytesIn(key) + bytesIn(value);
    if (bytes <= RECORD_BYTES) return record;
    this.#meter?.valueLeftOut(topic);
    const kept = bytesIn(key) <= RECORD_BYTES ? key : null;
    const left = bytes - bytesIn(kept);
    return { key: kept, value: null, headers: { ...headers, left_out_bytes: String(left) } };
  }
}

function bytesIn(part: OutputRecord['key']): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : (part?.length ?? 0);
}

function nameOf({ name, version }: FeatureGroup): string {
  return `${name}:${version}`;
}

function bytesOf(value: LogRecord['value']): Uint8Array | null {
  return value === null || value instanceof Uint8Array ? value : value.bytes();
}
