import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { encodeJson } from '../../src/demo/encode.ts';
import { generateTransactions, TRANSACTION_DEFAULTS, type Transaction } from '../../src/demo/transactions.ts';
import { RowFlusher } from '../../src/live/row-flusher.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import type { ProofSummary, ProveOptions } from '../../src/proof/options.ts';
import { prove } from '../../src/proof/prove.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { servedLine } from '../../src/serving/served-log.ts';
import { ServedLogFiles } from '../../src/serving/served-log-files.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { ArchiveWriter } from '../../src/sources/archive-writer.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';

const CARDS = 30;
const PARTITIONS = 3;
const EVENTS = 3000;
/** Of a partition that a worker takes in before it goes to the next one; then rows are written and read. */
const BATCH = 40;
/** How long after the last record was taken in cards are read. */
const READ_AFTER_MS = 200;

const TRANSACTIONS = [
  ...generateTransactions({
    ...TRANSACTION_DEFAULTS,
    count: EVENTS,
    cards: CARDS,
    partitions: PARTITIONS,
    perSecond: EVENTS / 90_000,
    defects: 0.01,
  }),
];

const DEFINITIONS = `
import { count, countBy, defineFeatureGroup, defineSource, field, sum } from 'tidemark';

export const transactions = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema: { card_id: field.string, status: field.string, amount_minor: field.long, event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
  watermark: { maxOutOfOrderness: '30s' },
});

export const cards = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source: transactions,
  entity: 'card_id',
  every: '5m',
  allowedLateness: '10m',
  features: {
    n_1h: count({ last: '1h' }),
    large_1h: count({ last: '1h', where: (t) => t.amount_minor > 50_000 }),
    spent_today: sum((t) => t.amount_minor / 100, { since: { unit: 'day', zone: 'Asia/Kolkata' }, default: 0 }),
    by_status_1h: countBy((t) => t.status, { last: '1h' }),
  },
});

export const outings = defineFeatureGroup({
  name: 'outings',
  version: 2,
  source: transactions,
  entity: 'card_id',
  session: '20m',
  allowedLateness: '10m',
  features: { n: count() },
});
`;

/** A text of the definitions that is replaced by another. */
export type Change = readonly [text: string, by: string];

/** A stream of card transactions in an archive, and what was answered of it while a worker took it in. */
export class ServedCards {
  readonly path: string;

  private constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'tidemark-served-cards-'));
    onTestFinished(() => rmSync(this.path, { recursive: true }));
  }

  /**
   * Every card is read again and again, in vain at first.
   *
   * @param worker how the definitions of the worker differ from those of the server
   */
  static async make({ worker = null }: { readonly worker?: Change | null } = {}): Promise<ServedCards> {
    const made = new ServedCards();
    made.write('definitions.ts', null);
    made.write('worker.ts', worker);
    await made.archive('archive', EVENTS);
    await made.#serve();
    return made;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes the definitions, with a change. */
  write(name: string, change: Change | null): void {
    if (change !== null && !DEFINITIONS.includes(change[0])) throw new Error(`no ${change[0]}`);
    writeFileSync(this.file(name), change === null ? DEFINITIONS : DEFINITIONS.replace(...change));
  }

  /** Archives so many records of the stream. */
  async archive(folder: string, records: number): Promise<void> {
    const writers = Array.from(
      { length: PARTITIONS },
      (_, partition) => new ArchiveWriter(this.file(folder), 'transactions', partition),
    );
    for (const transaction of TRANSACTIONS.slice(0, records)) {
      await writers[transaction.partition]!.append([logRecordOf(transaction)]);
    }
    for (const writer of writers) await writer.close();
  }

  prove(options: Partial<ProveOptions> = {}): Promise<ProofSummary> {
    return prove({
      definitionsFile: this.file('definitions.ts'),
      served: this.file('served'),
      from: this.file('archive'),
      journal: null,
      answer: null,
      skipCorrupt: false,
      signal: new AbortController().signal,
      onRead: () => {},
      onReplay: () => {},
      ...options,
    });
  }

  async #serve(): Promise<void> {
    const { groups } = await loadDefinitions(this.file('worker.ts'));
    const served = await loadDefinitions(this.file('definitions.ts'));
    const store = new SqliteOnlineStore({ file: this.file('online.sqlite') });
    const reader = await OnlineReader.open({
      groups: served.groups,
      store: { kind: 'sqlite', file: this.file('online.sqlite') },
    });
    const log = new ServedLogFiles({ folder: this.file('served'), maxBytes: 100_000, maxAgeMs: 3_600_000 });
    const requests = served.groups.flatMap(({ name }) =>
      Array.from({ length: CARDS }, (_, card) => ({ group: name, entity: `c${card}` })),
    );
    let logTime = TRANSACTION_DEFAULTS.startMs;
    let now = logTime;
    const read = async () => {
      now = Math.max(now + 1, logTime + READ_AFTER_MS);
      const answers = await reader.read(requests);
      await log.write(answers.map((answer) => servedLine(now, answer)));
    };
    const flusher = new RowFlusher(store);
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => pipeline(groups, partition));
    const waiting = partitions.map(({ partition }) =>
      TRANSACTIONS.filter((each) => each.partition === partition),
    );
    await read();
    while (waiting.some(({ length }) => length > 0)) {
      for (const [partition, source] of partitions.entries()) {
        const batch = waiting[partition]!.splice(0, BATCH);
        if (batch.length === 0) continue;
        finish(source.process(batch.map(logRecordOf)));
        logTime = Math.max(logTime, source.clock.logTime);
        for (const task of source.tasks) {
          flusher.send(task.group, task.revisions, source.clock.watermark);
          task.drained();
        }
        await flusher.settled();
      }
      await read();
    }
    await reader.close();
    await store.close();
    await log.close();
  }
}

function logRecordOf(transaction: Transaction) {
  const { offset, timestamp, key } = transaction;
  return { offset, timestamp, key, value: encodeJson(transaction) };
}

function pipeline(groups: readonly FeatureGroup[], partition: number): SourcePartition {
  const nowhere = { dropped: () => {}, rejected: () => {} };
  const { source } = groups[0]!;
  return new SourcePartition({
    source,
    partition,
    decoder: createDecoder(source),
    tasks: groups.map((group) => new Task(group, partition, nowhere, null)),
    rejected: () => {},
  });
}
