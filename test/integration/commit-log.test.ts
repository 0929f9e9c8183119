import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import {
  ChangelogTruncatedError,
  type CommitLog,
  CommitLostError,
  FencedError,
} from '../../src/live/commit-log.ts';
import { KafkaCommitLogs } from '../../src/live/kafka-commit-log.ts';
import { changelogTopic, journalTopic } from '../../src/state/internal-topics.ts';
import { createTopic } from '../services/topics.ts';

/** A commit is there as a whole or not at all, and only the owner of a partition commits. */

const brokers = inject('kafkaBrokers');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const PATIENCE = { timeout: 30_000, interval: 50 };
const never = new AbortController().signal;

function logsOf(app: string, topic: string, outputs: readonly string[] = []): KafkaCommitLogs {
  const kafka = { brokers: brokers.split(','), ssl: null, sasl: null };
  const logs = new KafkaCommitLogs({ kafka, app, topics: [topic], outputs, log: silent });
  onTestFinished(() => logs.close());
  return logs;
}

async function acquire(logs: KafkaCommitLogs, topic: string, partition = 0): Promise<CommitLog> {
  const log = await logs.acquire({ topic, partition }, never);
  onTestFinished(() => log.close());
  return log;
}

async function changelogOf(log: CommitLog): Promise<string[]> {
  const { low, high } = await log.changelogEnds();
  const values: string[] = [];
  for await (const records of log.changelog(low, high)) {
    for (const { value } of records) values.push(Buffer.from(value).toString());
  }
  return values;
}

async function committedOffset(app: string, topic: string): Promise<string | undefined> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId: app, topics: [topic] });
    return found?.partitions.find(({ partition }) => partition === 0)?.offset;
  } finally {
    await admin.disconnect();
  }
}

const nothing = { outputs: new Map() };

test('appends changes, marks, outputs and the position in one step', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'commits', { partitions: 2 })];
  const out = `${app}.out`;
  const log = await acquire(logsOf(app, topic, [out]), topic);
  const end = await log.commit({
    position: 7,
    changelog: [Buffer.from('one'), Buffer.from('two')],
    outputs: new Map([[out, [{ key: 'k', value: 'v', headers: { reason: 'schema' } }]]]),
  });
  expect(end).toBe(2);
  await vi.waitFor(async () => expect(await changelogOf(log)).toEqual(['one', 'two']), PATIENCE);
  await vi.waitFor(async () => expect(await committedOffset(app, topic)).toBe('7'), PATIENCE);
});

test('appends to the journal, which is read from any offset on', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'journals')];
  const log = await acquire(logsOf(app, topic), topic);
  const first = await log.appendJournal([{ key: 'source', value: 'one' }]);
  await log.appendJournal([
    { key: 'source', value: 'two' },
    { key: 'source', value: 'three' },
  ]);
  const read = async (from: number): Promise<string[]> => {
    const texts: string[] = [];
    for await (const { text } of log.journal(from)) texts.push(text);
    return texts;
  };
  await vi.waitFor(async () => expect(await read(0)).toEqual(['one', 'two', 'three']), PATIENCE);
  expect(await read(first)).toEqual(['two', 'three']);
});

test('the next owner fences the former one, and undoes what it left open', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'fences')];
  const former = await acquire(logsOf(app, topic), topic);
  await former.commit({ position: 1, changelog: [Buffer.from('a')], ...nothing });
  const next = await acquire(logsOf(app, topic), topic);
  await expect(former.commit({ position: 2, changelog: [Buffer.from('b')], ...nothing })).rejects.toThrow(
    FencedError,
  );
  expect(await changelogOf(next)).toEqual(['a']);
  await next.commit({ position: 2, changelog: [Buffer.from('c')], ...nothing });
  // The broker answers a commit before every reader sees it; whoever acquires the partition waits for that.
  await vi.waitFor(async () => expect(await changelogOf(next)).toEqual(['a', 'c']), PATIENCE);
  await vi.waitFor(async () => expect(await committedOffset(app, topic)).toBe('2'), PATIENCE);
});

test('a commit that cannot be finished leaves nothing', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'undone')];
  const log = await acquire(logsOf(app, topic), topic);
  const outputs = new Map([['no-such-topic', [{ key: null, value: 'x' }]]]);
  await expect(log.commit({ position: 9, changelog: [Buffer.from('half')], outputs })).rejects.toThrow(
    CommitLostError,
  );
  const next = await acquire(logsOf(app, topic), topic);
  expect(await changelogOf(next)).toEqual([]);
  expect(await committedOffset(app, topic)).toBe('-1');
});

test('forgets what a sweep has said again', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'truncates')];
  const log = await acquire(logsOf(app, topic), topic);
  await log.commit({ position: 1, changelog: [Buffer.from('a'), Buffer.from('b')], ...nothing });
  await log.commit({ position: 2, changelog: [Buffer.from('c')], ...nothing });
  await vi.waitFor(async () => expect(await changelogOf(log)).toEqual(['a', 'b', 'c']), PATIENCE);
  await log.truncate(2);
  expect(await changelogOf(log)).toEqual(['c']);
});

test('reading what was truncated meanwhile is told', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'truncated')];
  const log = await acquire(logsOf(app, topic), topic);
  await log.commit({ position: 1, changelog: [Buffer.from('a'), Buffer.from('b')], ...nothing });
  const { low, high } = await log.changelogEnds();
  await log.truncate(1);
  const read = async () => {
    for await (const records of log.changelog(low, high)) expect(records).toEqual([]);
  };
  await expect(read()).rejects.toThrow(ChangelogTruncatedError);
});

test('a large commit goes in many batches', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'large')];
  const out = `${app}.out`;
  const log = await acquire(logsOf(app, topic, [out]), topic);
  const records = Array.from({ length: 3000 }, (_, index) => ({ key: `k${index}`, value: 'x'.repeat(1000) }));
  const packs = Array.from({ length: 5 }, () => Buffer.alloc(900_000, 1));
  await log.commit({ position: 1, changelog: packs, outputs: new Map([[out, records]]) });
  const lengths = packs.map(({ length }) => length);
  await vi.waitFor(
    async () => expect((await changelogOf(log)).map(({ length }) => length)).toEqual(lengths),
    PATIENCE,
  );
});

test('what a batch holds is counted with headers, and as bytes', async () => {
  const [app, topic] = [`app-${randomUUID()}`, await createTopic(brokers, 'headers')];
  const out = `${app}.out`;
  const log = await acquire(logsOf(app, topic, [out]), topic);
  const headers = { detail: 'd'.repeat(150), reason: 'undecodable', by: 'source transactions' };
  const small = Array.from({ length: 9000 }, () => ({ key: null, value: 'x', headers }));
  const wide = Array.from({ length: 400 }, () => ({ key: null, value: '\u{65e5}'.repeat(2000) }));
  await log.commit({ position: 1, changelog: [], outputs: new Map([[out, [...small, ...wide]]]) });
  await vi.waitFor(async () => expect(await committedOffset(app, topic)).toBe('1'), PATIENCE);
});

test('topics that would lose something are refused', async () => {
  const app = `app-${randomUUID()}`;
  const topic = await createTopic(brokers, 'unfit');
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      { topic: changelogTopic(app, topic), configEntries: [{ name: 'retention.ms', value: '1000' }] },
      { topic: journalTopic(app, topic), configEntries: [{ name: 'retention.ms', value: '-1' }] },
    ],
  });
  await admin.disconnect();
  await expect(logsOf(app, topic).acquire({ topic, partition: 0 }, never)).rejects.toThrow(
    /retention.ms=1000, and would lose/,
  );
});
