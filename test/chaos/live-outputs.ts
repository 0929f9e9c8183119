import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import {
  type DroppedWriter,
  openDropped,
  openRejected,
  type RejectedWriter,
} from '../../src/sinks/dead-letters.ts';
import { groupFolder } from '../../src/sinks/group-folder.ts';
import { JsonlFile } from '../../src/sinks/jsonl-file.ts';
import { createKafkaClient } from '../../src/sources/kafka-client.ts';
import { KafkaPartitions } from '../../src/sources/kafka-partitions.ts';
import { partitionCounts } from '../../src/sources/kafka-topics.ts';
import type { RejectionReason } from '../../src/sources/record.ts';
import { deadLettersTopic, lateTopic } from '../../src/state/internal-topics.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Beside the rows of a replay, which begin with a number, in the folder of their group. */
export const LIVE_REVISIONS = 'revisions.jsonl';

export interface LiveOutputs {
  readonly revisions: number;
  readonly deadLetters: number;
  readonly late: number;
  /** Revisions of an entity that came after one of a greater version. */
  readonly disorder: readonly string[];
}

/**
 * Writes what an app's workers have put into their topics, for readers of committed records, as the files that a
 * replay in JSON lines writes: the same folders, lines and, but for the rows, names.
 */
export async function writeLiveOutputs(
  from: { readonly brokers: string; readonly app: string; readonly revisionsTopic: string },
  directory: string,
): Promise<LiveOutputs> {
  const kafka = createKafkaClient({ brokers: from.brokers.split(','), ssl: null, sasl: null }, SILENT);
  const files = new OutputFiles(directory);
  try {
    const deadLetters = await eachCommitted(kafka, deadLettersTopic(from.app), (message) =>
      files.rejected(message),
    );
    const late = await eachCommitted(kafka, lateTopic(from.app), (message) => files.dropped(message));
    const order = new VersionOrder();
    const revisions = await eachCommitted(kafka, from.revisionsTopic, (message) => {
      order.next(message);
      files.revision(message);
    });
    return { revisions, deadLetters, late, disorder: order.violations };
  } finally {
    await files.close();
  }
}

const never = new AbortController().signal;

async function eachCommitted(
  kafka: Kafka,
  topic: string,
  take: (message: KafkaMessage) => void,
): Promise<number> {
  const counts = await partitionCounts(kafka, [topic]);
  const partitions = new KafkaPartitions(kafka);
  let taken = 0;
  try {
    for (let partition = 0; partition < counts.get(topic)!; partition++) {
      const { low, high } = await partitions.ends({ topic, partition }, never);
      for await (const messages of partitions.read({ topic, partition }, low, high, never)) {
        for (const message of messages) take(message);
        taken += messages.length;
      }
    }
  } finally {
    await partitions.close();
  }
  return taken;
}

class OutputFiles {
  readonly #directory: string;
  readonly #rejected = new Map<string, RejectedWriter>();
  readonly #dropped = new Map<string, DroppedWriter>();
  readonly #revisions = new Map<string, JsonlFile>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  rejected({ headers, key, value }: KafkaMessage): void {
    const file = join(folderOf(textOf(headers, 'by')), 'rejected.jsonl');
    this.#open(this.#rejected, file, (path) => openRejected(path, 0)).write({
      partition: numberOf(headers, 'partition'),
      record: { offset: numberOf(headers, 'offset'), timestamp: numberOf(headers, 'timestamp'), key, value },
      rejection: { reason: textOf(headers, 'reason') as RejectionReason, detail: textOf(headers, 'detail') },
    });
  }

  dropped({ headers }: KafkaMessage): void {
    const file = join(folderOf(textOf(headers, 'by')), 'dropped.jsonl');
    this.#open(this.#dropped, file, (path) => openDropped(path, 0)).write({
      partition: numberOf(headers, 'partition'),
      offset: numberOf(headers, 'offset'),
      timestamp: numberOf(headers, 'timestamp'),
      eventTime: numberOf(headers, 'event_time'),
      watermark: numberOf(headers, 'watermark'),
      missedFirst: numberOf(headers, 'missed_first'),
      missedLast: numberOf(headers, 'missed_last'),
      missedCount: numberOf(headers, 'missed_count'),
    });
  }

  revision({ headers, value }: KafkaMessage): void {
    const file = join(folderOf(`group ${textOf(headers, 'group')}`), LIVE_REVISIONS);
    this.#open(this.#revisions, file, (path) => JsonlFile.openAppend(path, 0)).append(value!.toString());
  }

  async close(): Promise<void> {
    const all = [...this.#rejected.values(), ...this.#dropped.values(), ...this.#revisions.values()];
    await Promise.all(all.map((file) => file.close()));
  }

  #open<F>(files: Map<string, F>, name: string, open: (path: string) => F): F {
    let file = files.get(name);
    if (file === undefined) {
      const path = join(this.#directory, name);
      mkdirSync(dirname(path), { recursive: true });
      file = open(path);
      files.set(name, file);
    }
    return file;
  }
}

/** Of one entity the topic's order is that of the log. */
class VersionOrder {
  readonly violations: string[] = [];
  readonly #versions = new Map<string, number>();

  next({ headers, key, value }: KafkaMessage): void {
    const entity = `${textOf(headers, 'group')} ${key}`;
    const version = Number(/"version":(\d+)/.exec(value!.toString())![1]);
    const before = this.#versions.get(entity) ?? 0;
    if (version < before) this.violations.push(`${entity}: version ${version} after ${before}`);
    this.#versions.set(entity, version);
  }
}

/** The folder of who has rejected or dropped a record: `source NAME` or `group NAME:VERSION`. */
function folderOf(by: string): string {
  const [kind, name = ''] = by.split(' ', 2);
  if (kind === 'source') return join('_sources', name);
  const [group = '', version] = name.split(':');
  return groupFolder({ name: group, version: Number(version) });
}

function textOf(headers: IHeaders | undefined, name: string): string {
  return String(headers![name]);
}

function numberOf(headers: IHeaders | undefined, name: string): number {
  return Number(textOf(headers, name));
}
