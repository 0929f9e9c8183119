import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { Log } from '../../src/sources/kafka-client.ts';
import { type KafkaLogOptions, KafkaLogReader } from '../../src/sources/kafka-log.ts';
import type { LogPosition, TopicPartition } from '../../src/sources/log-reader.ts';
import type { LogRecord } from '../../src/sources/record.ts';
import { BEAT_INTERVAL_MS } from '../../src/sources/silent-members.ts';
import { startKafka } from '../services/kafka.ts';
import { createTopic, deleteRecords, produce } from '../services/topics.ts';

const brokers = inject('kafkaBrokers');
const PATIENCE = { timeout: 50_000, interval: 20 };

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

/** A reader whose handlers write down what they are told. */
class Follower {
  readonly reader: KafkaLogReader;
  readonly lines: Line[] = [];
  readonly assignments: TopicPartition[][] = [];
  readonly batches: { partition: number; records: readonly LogRecord[]; assignment: number }[] = [];
  /** Where each partition goes on: as a state store would keep it. */
  readonly positions: Map<number, LogPosition>;
  onRecords: (partition: number, records: readonly LogRecord[]) => Promise<void> = async () => {};
  running: Promise<void> = Promise.resolve();
  /** How often it was asked for a position. */
  asked = 0;
  #busy = new Set<number>();

  constructor(options: Partial<KafkaLogOptions> & { topic: string; positions?: Map<number, LogPosition> }) {
    const { topic, positions, ...rest } = options;
    this.positions = positions ?? new Map();
    const write = (level: string) => (fields: object, message: string) => {
      this.lines.push({ level, message, fields });
    };
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    };
    this.reader = new KafkaLogReader({
      kafka: { brokers: brokers.split(','), ssl: null, sasl: null },
      group: `g-${randomUUID()}`,
      topics: [topic],
      log,
      ...rest,
    });
  }

  start(): this {
    this.running = this.reader.run({
      assigned: async (partitions) => {
        expect(this.#busy.size).toBe(0);
        this.assignments.push([...partitions]);
      },
      positionOf: async ({ partition }) => {
        this.asked++;
        return this.positions.get(partition) ?? 'earliest';
      },
      records: async (_topic, { partition, records }) => {
        expect(this.#busy.has(partition)).toBe(false);
        this.#busy.add(partition);
        try {
          await this.onRecords(partition, records);
          this.batches.push({ partition, records, assignment: this.assignments.length });
          this.positions.set(partition, records.at(-1)!.offset + 1);
        } finally {
          this.#busy.delete(partition);
        }
      },
    });
    this.running.catch(() => {});
    started.push(this);
    return this;
  }

  offsets(partition = 0): number[] {
    return this.batches
      .filter((batch) => batch.partition === partition)
      .flatMap(({ records }) => records.map(({ offset }) => offset));
  }

  said(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}

const started: Follower[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((follower) => follower.reader.stop()));
});

function follow(options: ConstructorParameters<typeof Follower>[0]): Follower {
  return new Follower(options).start();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function* numbered(from: number, to: number, partition = 0) {
  for (let index = from; index < to; index++) {
    yield { partition, key: `k${index % 7}`, value: `v${index}`, timestamp: 1_600_000_000_000 + index };
  }
}

describe('what arrives', () => {
  test('every record in order, with offset, timestamp, key and value as they were written', async () => {
    const topic = await createTopic(brokers, 'arrives');
    await produce(brokers, topic, [
      { key: 'a', value: 'one', timestamp: 1_500_000_000_001 },
      { key: null, value: null, timestamp: 0 },
      { key: '', value: '', timestamp: 1_400_000_000_000 },
    ]);
    const follower = follow({ topic });
    await vi.waitFor(() => expect(follower.offsets()).toEqual([0, 1, 2]), PATIENCE);
    expect(follower.batches.flatMap(({ records }) => records)).toEqual([
      { offset: 0, timestamp: 1_500_000_000_001, key: Buffer.from('a'), value: Buffer.from('one') },
      { offset: 1, timestamp: 0, key: null, value: null },
      { offset: 2, timestamp: 1_400_000_000_000, key: Buffer.from(''), value: Buffer.from('') },
    ]);
  });

  test('with LogAppendTime the timestamp is the broker’s, whatever the producer says', async () => {
    const before = Date.now();
    const config = { 'message.timestamp.type': 'LogAppendTime' };
    const topic = await createTopic(brokers, 'append-time', { config });
    await produce(brokers, topic, [{ value: 'x', timestamp: 5 }]);
    const follower = follow({ topic });
    await vi.waitFor(() => expect(follower.offsets()).toEqual([0]), PATIENCE);
    expect(follower.batches[0]!.records[0]!.timestamp).toBeGreaterThanOrEqual(before);
  });

  test('records of several partitions, each in its own order', async () => {
    const topic = await createTopic(brokers, 'partitions', { partitions: 3 });
    for (const partition of [0, 1, 2]) await produce(brokers, topic, numbered(0, 5000, partition), 700);
    const follower = follow({ topic, maxBytesPerPartition: 20_000 });
    await vi.waitFor(() => {
      for (const partition of [0, 1, 2]) expect(follower.offsets(partition)).toEqual(range(0, 5000));
    }, PATIENCE);
    expect(follower.batches.length).toBeGreaterThan(6);
    expect(follower.assignments).toEqual([[0, 1, 2].map((partition) => ({ topic, partition }))]);
  });

  test.each(['gzip', 'zstd'])('records that the topic compresses by %s', async (codec) => {
    const topic = await createTopic(brokers, codec, { config: { 'compression.type': codec } });
    await produce(brokers, topic, numbered(0, 3000));
    const follower = follow({ topic, positions: new Map([[0, 1234]]) });
    await vi.waitFor(() => expect(follower.offsets()).toEqual(range(1234, 3000)), PATIENCE);
    expect(follower.batches[0]!.records[0]!.value).toEqual(Buffer.from('v1234'));
  });

  test.each(['snappy', 'lz4'])('%s is an error that says what to use', async (codec) => {
    const topic = await createTopic(brokers, codec, { config: { 'compression.type': codec } });
    await produce(brokers, topic, numbered(0, 300));
    const follower = follow({ topic });
    await expect(follower.running).rejects.toMatchObject({
      code: 'CODEC_UNSUPPORTED',
      message: expect.stringMatching(new RegExp(codec, 'i')),
      remedy: expect.stringContaining('zstd'),
    });
  });
});

describe('where it starts', () => {
  test.each([0, 1, 499, 500, 501, 1999, 2000])('at the very offset asked for: %i', async (position) => {
    const topic = await createTopic(brokers, 'resume');
    await produce(brokers, topic, numbered(0, 2000), 500);
    const follower = follow({ topic, positions: new Map([[0, position]]) });
    await vi.waitFor(() => expect(follower.assignments).toHaveLength(1), PATIENCE);
    await produce(brokers, topic, numbered(2000, 2010));
    await vi.waitFor(() => expect(follower.offsets().at(-1)).toBe(2009), PATIENCE);
    expect(follower.offsets()).toEqual(range(position, 2010));
  });

  test('`latest` is the end of the log at the assignment', async () => {
    const topic = await createTopic(brokers, 'latest');
    await produce(brokers, topic, numbered(0, 100));
    const follower = follow({ topic, positions: new Map([[0, 'latest']]) });
    await vi.waitFor(async () => expect(await follower.reader.lag()).toHaveLength(1), PATIENCE);
    await produce(brokers, topic, numbered(100, 110));
    await vi.waitFor(() => expect(follower.offsets()).toEqual(range(100, 110)), PATIENCE);
  });

  test('committed offsets decide nothing', async () => {
    const topic = await createTopic(brokers, 'committed');
    await produce(brokers, topic, numbered(0, 100));
    const group = `g-${randomUUID()}`;
    const first = follow({ topic, group });
    await vi.waitFor(() => expect(first.offsets()).toHaveLength(100), PATIENCE);
    await first.reader.commit([{ topic, partition: 0, position: 60 }]);
    await first.reader.stop();
    const second = follow({ topic, group, positions: new Map([[0, 20]]) });
    await vi.waitFor(() => expect(second.offsets()).toEqual(range(20, 100)), PATIENCE);
  });

  test('restoring may take longer than the session, and no record comes before it is done', async () => {
    const topic = await createTopic(brokers, 'slow-restore');
    await produce(brokers, topic, numbered(0, 10));
    const follower = new Follower({ topic, sessionTimeoutMs: 4000 });
    let restored = false;
    const records: number[] = [];
    let joins = 0;
    started.push(follower);
    follower.running = follower.reader.run({
      assigned: async () => {
        joins++;
      },
      positionOf: async () => {
        await sleep(7000);
        restored = true;
        return 3;
      },
      records: async (_topic, batch) => {
        expect(restored).toBe(true);
        records.push(...batch.records.map(({ offset }) => offset));
      },
    });
    await vi.waitFor(() => expect(records).toEqual(range(3, 10)), PATIENCE);
    expect(joins).toBe(1);
  });
});

describe('what the log leaves out', () => {
  test('transaction markers and aborted records are passed over, and the position moves on', async () => {
    const topic = await createTopic(brokers, 'transactions');
    const { Kafka, logLevel } = await import('kafkajs');
    const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    const producer = client.producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const [index, end] of (['commit', 'abort', 'commit', 'abort', 'abort'] as const).entries()) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: `${end}${index}` }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const follower = follow({ topic });
    await vi.waitFor(async () => {
      expect(await follower.reader.lag()).toEqual([
        { topic, partition: 0, position: 10, end: 10, isCurrent: true },
      ]);
    }, PATIENCE);
    expect(follower.batches.flatMap(({ records }) => records).map(({ value }) => String(value))).toEqual([
      'commit0',
      'commit2',
    ]);
    await produce(brokers, topic, [{ value: 'after' }]);
    await vi.waitFor(() => expect(follower.offsets()).toEqual([0, 4, 10]), PATIENCE);
  });

  test('a position that the log has deleted is an error that says how much is gone', async () => {
    const topic = await createTopic(brokers, 'truncated');
    await produce(brokers, topic, numbered(0, 100));
    await deleteRecords(brokers, topic, 0, 40);
    const follower = follow({ topic, positions: new Map([[0, 10]]) });
    await expect(follower.running).rejects.toMatchObject({
      code: 'LOG_TRUNCATED',
      message: expect.stringContaining('30 records from 10 on are gone'),
    });
    expect(follower.batches).toEqual([]);
  });

  test('it goes on without what is deleted when told to', async () => {
    const topic = await createTopic(brokers, 'truncated');
    await produce(brokers, topic, numbered(0, 100));
    await deleteRecords(brokers, topic, 0, 40);
    const follower = follow({ topic, positions: new Map([[0, 10]]), onTruncated: 'skip' });
    await vi.waitFor(() => expect(follower.offsets()).toEqual(range(40, 100)), PATIENCE);
    expect(follower.said('warn').join()).toContain('30 records from 10 on are gone');
  });

  test('records deleted under a reader that has fallen behind are an error too', async () => {
    const topic = await createTopic(brokers, 'truncated-later');
    await produce(brokers, topic, numbered(0, 3000), 100);
    const follower = new Follower({ topic, maxBytesPerPartition: 2000 });
    follower.onRecords = async () => {
      if (follower.batches.length === 0) await deleteRecords(brokers, topic, 0, 2000);
    };
    follower.start();
    await expect(follower.running).rejects.toMatchObject({ code: 'LOG_TRUNCATED' });
    const offsets = follower.offsets();
    expect(offsets).toEqual(range(0, offsets.length));
    expect(offsets.length).toBeLessThan(2000);
  });

  test('a position beyond the end of the log is an error: the topic is another one', async () => {
    const topic = await createTopic(brokers, 'replaced');
    await produce(brokers, topic, numbered(0, 10));
    const follower = follow({ topic, positions: new Map([[0, 11]]) });
    await expect(follower.running).rejects.toMatchObject({
      code: 'LOG_REPLACED',
      remedy: expect.stringContaining('epoch'),
    });
  });
});

describe('groups', () => {
  test('when a second member joins, each partition has one owner, who goes on where the other stood', async () => {
    const topic = await createTopic(brokers, 'rebalance', { partitions: 4 });
    const group = `g-${randomUUID()}`;
    // As one state store that all workers share.
    const positions = new Map<number, LogPosition>();
    const first = follow({ topic, group, positions });
    await vi.waitFor(() => expect(first.assignments.at(-1)).toHaveLength(4), PATIENCE);
    let written = 0;
    const write = async (count: number) => {
      for (const partition of [0, 1, 2, 3]) {
        await produce(brokers, topic, numbered(written, written + count, partition));
      }
      written += count;
    };
    await write(500);
    const second = follow({ topic, group, positions });
    while (second.assignments.length === 0 || first.assignments.at(-1)!.length !== 2) await write(50);
    await write(200);
    await vi.waitFor(() => expect([...positions.values()]).toEqual(Array(4).fill(written)), PATIENCE);
    const owners = [first, second].map((f) => f.assignments.at(-1)!.map(({ partition }) => partition));
    expect(owners.flat().sort()).toEqual([0, 1, 2, 3]);
    for (const partition of [0, 1, 2, 3]) {
      const seen = [...first.offsets(partition), ...second.offsets(partition)].sort((a, b) => a - b);
      expect(new Set(seen)).toEqual(new Set(range(0, written)));
    }
    // When it leaves in good order, the other takes over at once.
    await second.reader.stop();
    await vi.waitFor(() => expect(first.assignments.at(-1)).toHaveLength(4), PATIENCE);
    await write(100);
    await vi.waitFor(() => expect([...positions.values()]).toEqual(Array(4).fill(written)), PATIENCE);
  });

  test('a handler that takes longer than the session keeps its membership', async () => {
    const topic = await createTopic(brokers, 'slow');
    await produce(brokers, topic, numbered(0, 10));
    const follower = new Follower({ topic, sessionTimeoutMs: 4000 });
    follower.onRecords = async () => {
      if (follower.batches.length === 0) await sleep(9000);
    };
    follower.start();
    await vi.waitFor(() => expect(follower.offsets()).toEqual(range(0, 10)), PATIENCE);
    await produce(brokers, topic, numbered(10, 20));
    await vi.waitFor(() => expect(follower.offsets()).toEqual(range(0, 20)), PATIENCE);
    expect(follower.assignments).toHaveLength(1);
  });

  test('lag is the distance to the end of the log, and commits show it to others', async () => {
    const topic = await createTopic(brokers, 'lag', { partitions: 2 });
    await produce(brokers, topic, numbered(0, 100, 1));
    const group = `g-${randomUUID()}`;
    const follower = follow({ topic, group });
    await vi.waitFor(async () => {
      expect(await follower.reader.lag()).toEqual([
        { topic, partition: 0, position: 0, end: 0, isCurrent: true },
        { topic, partition: 1, position: 100, end: 100, isCurrent: true },
      ]);
    }, PATIENCE);
    await follower.reader.commit([{ topic, partition: 1, position: 70 }]);
    const { Kafka, logLevel } = await import('kafkajs');
    const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    await admin.disconnect();
    expect(offsets!.partitions.find(({ partition }) => partition === 1)!.offset).toBe('70');
  });
});

/** A reader in a process of its own, with all partitions; its session lasts for minutes, longer than a test may take. */
async function followElsewhere(...args: readonly string[]): Promise<ChildProcess> {
  const script = new URL('kafka-following-process.ts', import.meta.url).pathname;
  const reader = spawn(process.execPath, [script, brokers, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void reader.kill('SIGKILL'));
  const [line] = await once(reader.stdout, 'data');
  expect(String(line)).toBe('assigned 2\n');
  return reader;
}

test('a reader that is gone is missed by those that watch, long before its session is over', async () => {
  const topic = await createTopic(brokers, 'missed', { partitions: 2 });
  await produce(brokers, topic, numbered(0, 10));
  const group = `g-${randomUUID()}`;
  const heartbeats = { topic: `${group}.heartbeats`, isWatching: true };
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-member-'));
  const options = { topic, group, heartbeats, sessionTimeoutMs: 300_000 };
  try {
    const lost = await followElsewhere(group, topic, join(directory, 'member.json'), heartbeats.topic);
    const watcher = follow(options);
    await vi.waitFor(() => expect(watcher.assignments.at(-1)).toHaveLength(1), PATIENCE);
    // One that stops in good order is no news, and neither is one that is there.
    const third = follow(options);
    await vi.waitFor(() => expect(third.assignments).toHaveLength(1), PATIENCE);
    await third.reader.stop();
    await vi.waitFor(() => expect(watcher.assignments.at(-1)).toHaveLength(1), PATIENCE);
    await sleep(5 * BEAT_INTERVAL_MS);
    expect(watcher.said('info')).toEqual([]);
    lost.kill('SIGKILL');
    await vi.waitFor(() => expect(watcher.assignments.at(-1)).toHaveLength(2), PATIENCE);
    await vi.waitFor(() => expect(watcher.offsets()).toEqual(range(0, 10)), PATIENCE);
    expect(watcher.said('info')).toEqual(['left the group for a worker that is silent']);
    expect(watcher.said('warn')).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a reader that was killed is not waited for by the next one with its file', async () => {
  const topic = await createTopic(brokers, 'killed', { partitions: 2 });
  await produce(brokers, topic, numbered(0, 10));
  const group = `g-${randomUUID()}`;
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-member-'));
  const memberFile = join(directory, 'member.json');
  try {
    const first = await followElsewhere(group, topic, memberFile);
    first.kill('SIGKILL');
    await once(first, 'close');
    const second = follow({ topic, group, memberFile });
    await vi.waitFor(() => expect(second.offsets()).toEqual(range(0, 10)), PATIENCE);
    expect(second.assignments).toEqual([[0, 1].map((partition) => ({ topic, partition }))]);
    await second.reader.stop();
    // A file of another group, or none that can be read, is as good as none.
    for (const text of ['{"group":"other","member":"m"}', '{"gro']) {
      writeFileSync(memberFile, text);
      const next = follow({ topic, group, memberFile });
      await vi.waitFor(() => expect(next.offsets()).toEqual(range(0, 10)), PATIENCE);
      await next.reader.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a partition whose restoring takes long does not hold up the others', async () => {
  const topic = await createTopic(brokers, 'one-restores', { partitions: 2 });
  await produce(brokers, topic, [...numbered(0, 10, 0), ...numbered(0, 10, 1)]);
  const follower = new Follower({ topic });
  started.push(follower);
  const read: number[] = [];
  let finish = (_: number) => {};
  const restored = new Promise<number>((resolve) => {
    finish = resolve;
  });
  follower.running = follower.reader.run({
    assigned: async () => {},
    positionOf: async ({ partition }) => (partition === 0 ? restored : 'earliest'),
    records: async (_topic, { partition, records }) => {
      for (const { offset } of records) read.push(partition * 100 + offset);
    },
  });
  await vi.waitFor(() => expect(read).toEqual(range(100, 110)), PATIENCE);
  finish(4);
  await vi.waitFor(() => expect(read).toEqual([...range(100, 110), ...range(4, 10)]), PATIENCE);
});

test('a partition that is started again goes on where the driver says, whatever was under way', async () => {
  const topic = await createTopic(brokers, 'restarts');
  await produce(brokers, topic, numbered(0, 50));
  const follower = new Follower({ topic, maxBytesPerPartition: 400 });
  started.push(follower);
  const read: number[] = [];
  let asked = 0;
  follower.running = follower.reader.run({
    assigned: async () => {},
    positionOf: async () => [0, 20, 5][asked++]!,
    records: async (_topic, { records }) => {
      if (asked < 3) {
        // Started again while records are being handled: that they are done counts for nothing.
        follower.reader.restart({ topic, partition: 0 });
        await sleep(100);
        return;
      }
      read.push(...records.map(({ offset }) => offset));
    },
  });
  await vi.waitFor(() => expect(read).toEqual(range(5, 50)), PATIENCE);
});

test('a reader asks for no position of a partition that is not its own any more, though it has not heard of it', async () => {
  const topic = await createTopic(brokers, 'unheard');
  await produce(brokers, topic, numbered(0, 10));
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-member-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const membership = { topic, group: `g-${randomUUID()}`, memberFile: join(folder, 'member.json') };
  const former = follow(membership);
  await vi.waitFor(() => expect(former.offsets()).toEqual(range(0, 10)), PATIENCE);
  // It leaves the group in the name of the former one, as a successor does.
  const next = follow(membership);
  await vi.waitFor(() => expect(next.offsets()).toEqual(range(0, 10)), PATIENCE);
  former.reader.restart({ topic, partition: 0 });
  await sleep(500);
  const given = former.assignments.filter((partitions) => partitions.length > 0);
  expect(former.asked).toBe(given.length);
});

describe('its end', () => {
  test('stop waits for the handlers, which may commit, and leaves nothing half done', async () => {
    const topic = await createTopic(brokers, 'stop');
    await produce(brokers, topic, numbered(0, 10));
    const events: string[] = [];
    const follower = new Follower({ topic });
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const running = follower.reader.run({
      assigned: async () => {},
      positionOf: async () => 'earliest',
      records: async () => {
        entered();
        await sleep(300);
        events.push('records done');
      },
      leaving: async () => {
        await follower.reader.commit([{ topic, partition: 0, position: 10 }]);
        events.push('leaving');
      },
    });
    await inside;
    await follower.reader.stop();
    await running;
    expect(events).toEqual(['records done', 'leaving']);
    expect(follower.said('debug')).not.toContain('Kafka did not take the offsets');
  });

  test('an error of a handler ends the run with that error, and nothing further is handed over', async () => {
    const topic = await createTopic(brokers, 'handler-error', { partitions: 2 });
    for (const partition of [0, 1]) await produce(brokers, topic, numbered(0, 100, partition));
    const group = `g-${randomUUID()}`;
    const follower = new Follower({ topic, group, sessionTimeoutMs: 300_000 });
    follower.onRecords = async (partition) => {
      if (partition === 1) throw new Error('no room on the disk');
    };
    follower.start();
    await expect(follower.running).rejects.toThrow('no room on the disk');
    const before = follower.batches.length;
    await produce(brokers, topic, numbered(100, 110));
    expect(follower.batches).toHaveLength(before);
    // It has left the group: another one does not wait for its session.
    const other = follow({ topic, group });
    await vi.waitFor(() => expect(other.offsets(1)).toEqual(range(0, 100)), PATIENCE);
  });

  test('a missing topic is an error that names one like it', async () => {
    const topic = await createTopic(brokers, 'transactions-of-cards');
    const follower = follow({ topic: topic.replace('cards', 'card') });
    await expect(follower.running).rejects.toMatchObject({
      code: 'TOPIC_MISSING',
      message: expect.stringContaining(JSON.stringify(topic)),
    });
  });

  test('a closed port is told once, with the broker, and stop ends the waiting', async () => {
    const follower = follow({ topic: 't', kafka: { brokers: ['127.0.0.1:1'], ssl: null, sasl: null } });
    await vi.waitFor(() => expect(follower.said('warn')).toHaveLength(1), PATIENCE);
    await sleep(3000);
    expect(follower.said('warn')).toHaveLength(1);
    expect(JSON.stringify(follower.lines)).toContain('127.0.0.1:1');
    await follower.reader.stop();
    await follower.running;
  });

  test('a session time-out that the brokers do not take is an error that says where the limits are', async () => {
    const topic = await createTopic(brokers, 'impatient');
    const follower = follow({ topic, sessionTimeoutMs: 500 });
    await expect(follower.running).rejects.toMatchObject({
      code: 'SESSION_TIMEOUT_REFUSED',
      remedy: expect.stringContaining('group.min.session.timeout.ms'),
    });
  });

  test('with a limit to the waiting, a closed port is an error', async () => {
    const kafka = { brokers: ['127.0.0.1:1'], ssl: null, sasl: null };
    const follower = follow({ topic: 't', kafka, connectTimeoutMs: 500 });
    await expect(follower.running).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });
});

test('a broker that crashes and comes back costs no record, and one line each', async () => {
  const kafka = await startKafka({ properties: {} });
  try {
    const topic = await createTopic(kafka.brokers, 'crash', { partitions: 2 });
    const connection = { brokers: kafka.brokers.split(','), ssl: null, sasl: null };
    const follower = follow({ topic, kafka: connection, maxBytesPerPartition: 10_000 });
    for (const partition of [0, 1]) await produce(kafka.brokers, topic, numbered(0, 3000, partition), 100);
    await vi.waitFor(() => expect(follower.offsets(0).length).toBeGreaterThan(500), PATIENCE);
    await kafka.crash();
    await vi.waitFor(() => expect(follower.said('warn')).toHaveLength(1), PATIENCE);
    await kafka.start();
    for (const partition of [0, 1]) await produce(kafka.brokers, topic, numbered(3000, 3500, partition));
    await vi.waitFor(() => {
      for (const partition of [0, 1]) {
        expect(new Set(follower.offsets(partition))).toEqual(new Set(range(0, 3500)));
      }
    }, PATIENCE);
    expect(follower.said('warn')).toHaveLength(1);
    expect(follower.said('info')).toContain('Kafka answers again');
    await follower.reader.stop();
  } finally {
    await kafka.stop();
  }
});
