import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import { describeError } from '../../src/errors.ts';
import { openRedisStore, type RedisOnlineStore } from '../../src/sinks/redis-store.ts';
import type { Upsert } from '../../src/sinks/sink.ts';
import { onlineAgreesWithReplay } from '../live/online-agrees-with-replay.ts';
import { type Redis as RedisService, startRedis } from '../services/redis.ts';
import { aGroup } from '../sinks/a-group.ts';
import { aName, onlineStoreContract } from '../sinks/online-store-contract.ts';

const T = 1_700_000_000_000;
const MINUTE = 60_000;

const row = (card: string, windowEnd: number, version: number, values: Upsert['values']): Upsert => ({
  entity: [card],
  windowEnd,
  version,
  knownAt: T + version,
  leave: null,
  values,
  watermark: windowEnd - 1,
});

/** Collects what a store logs. */
function aLogger() {
  const lines: string[] = [];
  return { lines, info: (text: string) => lines.push(text), warn: (text: string) => lines.push(text) };
}

describe('the online store in Redis', () => {
  onlineStoreContract(() => openRedisStore({ url: inject('redisUrl') }));
});

describe('the online store in Redis, by calls of two entities', () => {
  onlineStoreContract(() =>
    openRedisStore({ url: inject('redisUrl'), entitiesPerCall: 2, callsInFlight: 3 }),
  );
});

describe('a worker with Redis', () => {
  onlineAgreesWithReplay(() => openRedisStore({ url: inject('redisUrl') }));
});

describe('the layout in Redis', () => {
  let client: Redis;
  let store: RedisOnlineStore;
  beforeAll(async () => {
    client = new Redis(inject('redisUrl'));
    store = await openRedisStore({ url: inject('redisUrl') });
  });
  afterAll(async () => {
    await store.close();
    client.disconnect();
  });

  const group = aGroup({
    name: aName(),
    version: 3,
    entity: ['card_id', 'merchant_id'],
    allowedLatenessMs: MINUTE,
    features: { count: 'integer', rate: 'number', last_text: 'string', flag: 'boolean' },
  });
  const key = `tidemark:{${group.name}:3:a%3Ab:7}`;
  const upsert = (windowEnd: number, version: number, values: Upsert['values']): Upsert => ({
    ...row('', windowEnd, version, values),
    entity: ['a:b', 7],
  });

  it('is one hash for the latest row and one for every row kept', async () => {
    await store.write(group, [
      upsert(T, 41, [12, 0.1, 'a "b"', true]),
      { ...upsert(T + 1, 42, [13, 1e21, '', false]), leave: T + 60_000 },
    ]);
    expect(await client.hgetall(key)).toEqual({
      '@end': `${T + 1}`,
      '@version': '42',
      '@known_at': `${T + 42}`,
      '@leave': `${T + 60_000}`,
      count: '13',
      rate: '1e+21',
      last_text: '',
      flag: 'false',
    });
    const windows = await client.hgetall(`${key}:windows`);
    expect(Object.keys(windows).sort()).toEqual([`${T}`, `${T + 1}`]);
    expect(JSON.parse(windows[`${T}`]!)).toEqual([41, T + 41, 12, 0.1, 'a "b"', true]);
  });

  it('holds lists and maps as JSON, in the rows by window without quotes', async () => {
    const vectors = aGroup({
      name: aName(),
      features: {
        tags: { kind: 'list', of: 'string' },
        by_geo: { kind: 'map', key: 'string', value: 'integer' },
      },
    });
    const values = [new VectorJson('["a","b\\u0000"]'), new VectorJson('{"10":1,"9":2,"IN":3}')];
    await store.write(vectors, [row('c1', T, 1, values)]);
    const latest = `tidemark:{${vectors.name}:1:c1}`;
    expect(await client.hmget(latest, 'tags', 'by_geo')).toEqual([
      '["a","b\\u0000"]',
      '{"10":1,"9":2,"IN":3}',
    ]);
    expect(await client.hget(`${latest}:windows`, `${T}`)).toBe(
      `[1,${T + 1},["a","b\\u0000"],{"10":1,"9":2,"IN":3}]`,
    );
  });

  it('has no field for a feature that is null, and none when nothing leaves', async () => {
    await store.write(group, [upsert(T + 2, 43, [0, null, null, null])]);
    expect(Object.keys(await client.hgetall(key)).sort()).toEqual(['@end', '@known_at', '@version', 'count']);
    const windows = await client.hgetall(`${key}:windows`);
    expect(JSON.parse(windows[`${T + 2}`]!)).toEqual([43, T + 43, 0, null, null, null]);
  });

  it('lives for ever without a time to live, and with one for that long after the last write', async () => {
    expect(await client.pttl(key)).toBe(-1);
    const mortal = { ...group, version: 4, ttlMs: 3_600_000 };
    await store.write(mortal, [upsert(T, 1, [1, null, null, null])]);
    const sessions: FeatureGroup = {
      ...mortal,
      version: 5,
      grid: { kind: 'session', gapMs: MINUTE, maxDurationMs: null },
    };
    await store.write(sessions, [upsert(T, 1, [1, null, null, null])]);
    await store.write(sessions, [
      { ...upsert(T, 2, [null, null, null, null]), deleted: true },
      upsert(T + 1, 2, [1, null, null, null]),
    ]);
    const [fourth, fifth] = [key.replace(':3:', ':4:'), key.replace(':3:', ':5:')];
    for (const name of [fourth, `${fourth}:windows`, fifth, `${fifth}:windows`, `${fifth}:deleted`]) {
      const ttl = await client.pttl(name);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(3_600_000);
    }
  });

  it('is right again after Redis evicted one of the two keys', async () => {
    await client.del(`${key}:windows`);
    expect(await store.write(group, [upsert(T + 2, 42, [9, null, null, null])])).toMatchObject({ stale: 1 });
    expect(await store.write(group, [upsert(T + 1, 44, [9, null, null, null])])).toMatchObject({
      accepted: 1,
    });
    expect(await client.hget(key, '@version')).toBe('43');
    await store.write(group, [upsert(T + 3, 45, [3, null, null, null])]);
    await client.del(key);
    await store.write(group, [upsert(T + 1, 46, [9, null, null, null])]);
    expect(await store.latest(group, ['a:b', 7])).toBeNull();
    await store.write(group, [upsert(T + 3, 47, [4, null, null, null])]);
    expect(await store.latest(group, ['a:b', 7])).toMatchObject({ windowEnd: T + 3, version: 47 });
  });
});

describe('a reader in a tight loop', () => {
  it('never sees a row that is torn, missing or older than one it saw', async () => {
    const store = await openRedisStore({ url: inject('redisUrl'), entitiesPerCall: 3 });
    const client = new Redis(inject('redisUrl'));
    const group = aGroup({
      name: aName(),
      allowedLatenessMs: 5 * MINUTE,
      features: { a: 'integer', b: 'integer', odd: 'integer' },
    });
    const cards = ['c0', 'c1', 'c2', 'c3', 'c4'];
    let writing = true;
    let version = 0;
    const values = (v: number) => [v, v * 3, v % 2 === 0 ? null : v];

    const write = async () => {
      const sent: Upsert[] = [];
      for (let step = 0; step < 3000; step++) {
        const rows: Upsert[] = [];
        for (const card of cards) {
          version++;
          const windowEnd = T + (Math.floor(step / 20) - (version % 7 === 0 ? 2 : 0)) * MINUTE;
          rows.push({
            ...row(card, windowEnd, version, values(version)),
            watermark: T + Math.floor(step / 20) * MINUTE,
          });
        }
        // Retries after a lost answer send old rows again.
        if (step % 5 === 0 && sent.length > 0) rows.push(...sent.slice(-(1 + ((step * 7919) % 200))));
        sent.push(...rows);
        await store.write(group, rows);
      }
      writing = false;
    };

    let reads = 0;
    const read = async () => {
      const seenLatest = new Map<string, { end: number; version: number }>();
      const seenWindows = new Map<string, number>();
      while (writing) {
        for (const card of cards) {
          const key = `tidemark:{${group.name}:1:${card}}`;
          const hash = await client.hgetall(key);
          const before = seenLatest.get(card);
          if (before === undefined && hash['@end'] === undefined) continue;
          reads++;
          const end = Number(hash['@end']);
          const v = Number(hash['@version']);
          const { a, b, odd } = hash;
          expect([a, b, odd]).toEqual([`${v}`, `${v * 3}`, v % 2 === 0 ? undefined : `${v}`]);
          expect(hash['@known_at']).toBe(`${T + v}`);
          if (before !== undefined) {
            expect(end).toBeGreaterThanOrEqual(before.end);
            if (end === before.end) expect(v).toBeGreaterThanOrEqual(before.version);
          }
          seenLatest.set(card, { end, version: v });

          // The latest window is never dropped, so its row is there, and not older than the latest row was.
          const json = await client.hget(`${key}:windows`, `${end}`);
          if (json !== null) {
            const cells = JSON.parse(json) as number[];
            expect(cells.slice(2)).toEqual(values(cells[0]!));
            expect(cells[0]).toBeGreaterThanOrEqual(Math.max(v, seenWindows.get(`${card} ${end}`) ?? 0));
            seenWindows.set(`${card} ${end}`, cells[0]!);
          } else {
            const now = Number(await client.hget(key, '@end'));
            expect(now, 'the row of the latest window is missing').toBeGreaterThan(end);
          }
        }
      }
    };

    await Promise.all([write(), read()]);
    expect(reads).toBeGreaterThan(1000);
    await store.close();
    client.disconnect();
  });
});

describe('the key of deleted rows', () => {
  it('is there while rows of a session can still be revised, and bounded however long it lasts', async () => {
    const store = await openRedisStore({ url: inject('redisUrl') });
    const client = new Redis(inject('redisUrl'));
    const sessions = aGroup({
      name: aName(),
      grid: { kind: 'session', gapMs: MINUTE, maxDurationMs: null },
      allowedLatenessMs: MINUTE,
      features: { events: 'integer' },
    });
    const key = `tidemark:{${sessions.name}:1:c1}:deleted`;
    const watermark = (end: number) => end - MINUTE;
    const first = row('c1', T, 1, [1]);
    await store.write(sessions, [{ ...first, watermark: watermark(T) }]);
    expect(await client.exists(key)).toBe(0);
    // An event every second: the rows of the last two minutes are not final.
    for (let n = 1; n <= 600; n++) {
      const end = T + n * 1000;
      await store.write(sessions, [
        { ...row('c1', end - 1000, n + 1, [null]), deleted: true },
        { ...row('c1', end, n + 1, [n + 1]), watermark: watermark(end) },
      ]);
      expect(await client.zcard(key)).toBeLessThanOrEqual(121);
    }
    expect(await store.windows(sessions, ['c1'])).toHaveLength(1);
    const next = T + 3600_000;
    await store.write(sessions, [{ ...row('c1', next, 700, [1]), watermark: watermark(next) }]);
    expect(await client.exists(key)).toBe(0);
    expect(await store.write(sessions, [first])).toMatchObject({ stale: 1 });
    await store.close();
    client.disconnect();
  });
});

describe('a reader of a session that grows', () => {
  it('always sees one row of it, never an older one, whatever is written again', async () => {
    const store = await openRedisStore({ url: inject('redisUrl') });
    const client = new Redis(inject('redisUrl'));
    const sessions = aGroup({
      name: aName(),
      grid: { kind: 'session', gapMs: MINUTE, maxDurationMs: null },
      features: { events: 'integer' },
    });
    const key = `tidemark:{${sessions.name}:1:c1}`;
    const writes = Array.from({ length: 1500 }, (_, n): Upsert[] => [
      { ...row('c1', T + n, n + 2, [null]), deleted: true },
      row('c1', T + n + 1, n + 2, [n]),
    ]);
    await store.write(sessions, writes[0]!);
    let writing = true;
    const write = async () => {
      for (const [n, rows] of writes.entries()) {
        await store.write(sessions, rows);
        if (n % 7 === 0) await store.write(sessions, writes.slice(Math.max(0, n - 20), n + 1).flat());
        if (n % 11 === 0) await store.write(sessions, writes[n >> 1]!);
      }
      writing = false;
    };
    let reads = 0;
    const read = async () => {
      for (let seen = T; writing; reads++) {
        const [latest, windows] = await Promise.all([client.hgetall(key), client.hgetall(`${key}:windows`)]);
        const end = Number(latest['@end']);
        expect(end).toBeGreaterThanOrEqual(seen);
        expect(latest).toMatchObject({ '@version': `${end - T + 1}`, events: `${end - T - 1}` });
        expect(Object.keys(windows)).toHaveLength(1);
        expect(Number(Object.keys(windows)[0])).toBeGreaterThanOrEqual(end);
        seen = end;
      }
    };
    await Promise.all([write(), read()]);
    expect(reads).toBeGreaterThan(100);
    await store.close();
    client.disconnect();
  });
});

describe('troubles of Redis', () => {
  const started: RedisService[] = [];
  const start = async (args: readonly string[] = []) => {
    const redis = await startRedis({ args });
    started.push(redis);
    return redis;
  };
  afterAll(() => Promise.all(started.map((redis) => redis.stop())));

  /** One that wants a password, and a client that has given it. */
  const startWithPassword = async (password: string) => {
    const redis = await start();
    const client = new Redis(redis.url);
    await client.config('SET', 'requirepass', password);
    return { host: redis.url.replace('redis://', ''), client };
  };

  const group = aGroup({ name: 'cards', allowedLatenessMs: MINUTE, features: { count: 'integer' } });

  it('writes on, with everything of the write that was under way, after Redis restarted empty', async () => {
    const redis = await start();
    const logger = aLogger();
    const store = await openRedisStore({ url: redis.url, entitiesPerCall: 10, callsInFlight: 2, logger });
    const rows = (version: number) =>
      Array.from({ length: 3000 }, (_, n) => row(`c${n}`, T + version * MINUTE, version, [version]));
    await store.write(group, rows(1));
    const writes = [2, 3, 4, 5, 6].map((version) => store.write(group, rows(version)));
    await redis.crash();
    const later = store.write(group, rows(7));
    await vi.waitFor(() => expect(logger.lines).toHaveLength(1), { timeout: 30_000 });
    await redis.start();
    for (const write of writes) await write;
    expect(await later).toEqual({ accepted: 3000, equal: 0, stale: 0 });
    for (const card of ['c0', 'c1500', 'c2999']) {
      expect(await store.latest(group, [card])).toMatchObject({ version: 7, values: [7] });
    }
    expect(store.retries).toBeGreaterThan(0);
    expect(logger.lines).toEqual([
      expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ cannot be reached: .*; its writes wait\./),
      expect.stringMatching(/takes writes again after [\d.]+ s$/),
    ]);
    await store.close();
  });

  it('loads its script again when Redis forgot it', async () => {
    const redis = await start();
    const store = await openRedisStore({ url: redis.url });
    const client = new Redis(redis.url);
    await store.write(group, [row('c1', T, 1, [1])]);
    await client.script('FLUSH');
    expect(await store.write(group, [row('c1', T, 2, [2])])).toMatchObject({ accepted: 1 });
    expect(store.retries).toBe(0);
    client.disconnect();
    await store.close();
  });

  it('waits while Redis is out of memory, says so once, and loses nothing', async () => {
    const redis = await start(['--maxmemory-policy', 'noeviction']);
    const client = new Redis(redis.url);
    const logger = aLogger();
    const store = await openRedisStore({ url: redis.url, logger });
    await store.write(group, [row('c1', T, 1, [1])]);
    await client.config('SET', 'maxmemory', '1');
    let done = false;
    const write = store.write(group, [row('c1', T, 2, [2]), row('c2', T, 2, [2])]).finally(() => {
      done = true;
    });
    await vi.waitFor(() => expect(store.retries).toBeGreaterThan(3), { timeout: 30_000 });
    expect(done).toBe(false);
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 1 });
    expect(logger.lines).toEqual([expect.stringMatching(/maxmemory.*its writes wait\. Raise maxmemory/)]);
    await client.config('SET', 'maxmemory', '0');
    expect(await write).toEqual({ accepted: 2, equal: 0, stale: 0 });
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 2 });
    expect(logger.lines).toHaveLength(2);
    client.disconnect();
    await store.close();
  });

  it('waits while Redis is a replica, and says so once however often it connects anew', async () => {
    const redis = await start();
    const client = new Redis(redis.url);
    const logger = aLogger();
    const store = await openRedisStore({ url: redis.url, logger });
    await client.replicaof('127.0.0.1', '1');
    const write = store.write(group, [row('c1', T, 1, [1])]);
    await vi.waitFor(() => expect(store.retries).toBeGreaterThan(6), { timeout: 30_000 });
    await client.replicaof('NO', 'ONE');
    expect(await write).toMatchObject({ accepted: 1 });
    expect(logger.lines).toEqual([
      expect.stringMatching(/is a replica and takes no writes; its writes wait/),
      expect.stringMatching(/takes writes again/),
    ]);
    client.disconnect();
    await store.close();
  });

  it('takes a Redis that is silent for one that is away', async () => {
    const redis = await start();
    const logger = aLogger();
    const store = await openRedisStore({ url: redis.url, logger, responseTimeoutMs: 200 });
    await store.write(group, [row('c1', T, 1, [1])]);
    process.kill(redis.pid!, 'SIGSTOP');
    const write = store.write(group, [row('c1', T, 2, [2])]);
    await vi.waitFor(() => expect(logger.lines).toHaveLength(1), { timeout: 30_000 });
    process.kill(redis.pid!, 'SIGCONT');
    const counts = await write;
    // The rows may have arrived before the silence was noticed.
    expect(counts.accepted + counts.equal).toBe(1);
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 2 });
    await store.close();
  });

  it('refuses to start with a wrong password, or none, and tells neither', async () => {
    const { host, client } = await startWithPassword('correct-horse');
    const wrong = await openRedisStore({ url: `redis://:battery-staple@${host}` }).catch((error) => error);
    expect(wrong).toMatchObject({ code: 'REDIS_WRONGPASS' });
    expect(describeError(wrong)).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ refuses .*password.*\n {2}Correct the password/,
    );
    expect(JSON.stringify(wrong, Object.getOwnPropertyNames(wrong))).not.toMatch(/battery|horse/);
    await expect(openRedisStore({ url: `redis://${host}` })).rejects.toMatchObject({ code: 'REDIS_NOAUTH' });
    const store = await openRedisStore({ url: `redis://:correct-horse@${host}` });
    expect(await store.write(group, [row('c1', T, 1, [1])])).toMatchObject({ accepted: 1 });
    client.disconnect();
    await store.close();
  });

  it('needs no more rights than the documents say, and says so when it has fewer', async () => {
    const redis = await start();
    const client = new Redis(redis.url);
    const documented = /`(~tidemark:\* .*)`/
      .exec(readFileSync('docs/online-store.md', 'utf8'))![1]!
      .split(' ');
    await client.call('ACL', ['SETUSER', 'worker', 'on', '>pass', ...documented]);
    const store = await openRedisStore({ url: redis.url.replace('//', '//worker:pass@') });
    const mortal = { ...group, ttlMs: 3_600_000 };
    for (const [n, values] of [[1], [null], [3], [4]].entries()) {
      const windowEnd = T + n * 2 * MINUTE;
      await store.write(mortal, [{ ...row('c1', windowEnd, n + 1, values), watermark: windowEnd }]);
    }
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 4 });
    expect(await store.windows(group, ['c1'])).toHaveLength(2);
    const sessions: FeatureGroup = {
      ...mortal,
      name: 'sessions',
      grid: { kind: 'session', gapMs: MINUTE, maxDurationMs: null },
    };
    const first = row('c1', T, 1, [1]);
    await store.write(sessions, [first]);
    await store.write(sessions, [{ ...first, version: 2, deleted: true }, row('c1', T + 1, 2, [2])]);
    await store.write(sessions, [first, row('c1', T + MINUTE, 3, [3])]);
    expect(await store.windows(sessions, ['c1'])).toHaveLength(2);
    const final = { ...row('c1', T + 2 * MINUTE, 4, [4]), watermark: T + 2 * MINUTE };
    await store.write(sessions, [{ ...row('c1', T + MINUTE, 4, [null]), deleted: true }, final]);
    await store.write(sessions, [{ ...row('c1', T + MINUTE, 3, [3]) }, row('c1', T + 3 * MINUTE, 5, [5])]);
    expect((await store.windows(sessions, ['c1'])).map(({ version }) => version)).toEqual([2, 4, 5]);
    await store.close();

    await client.call('ACL', ['SETUSER', 'reader', 'on', '>pass', ...documented, '-evalsha']);
    const logger = aLogger();
    const reader = await openRedisStore({ url: redis.url.replace('//', '//reader:pass@'), logger });
    expect(await reader.latest(group, ['c1'])).toMatchObject({ version: 4 });
    const write = reader.write(group, [row('c2', T, 1, [1])]);
    await vi.waitFor(() => expect(logger.lines).toEqual([expect.stringMatching(/NOPERM.*"Rights"/)]), {
      timeout: 30_000,
    });
    await client.call('ACL', ['SETUSER', 'reader', '+evalsha']);
    expect(await write).toMatchObject({ accepted: 1 });
    await reader.close();
    client.disconnect();
  });

  it('waits, with a clear line, when the password is changed under way', async () => {
    const { host, client } = await startWithPassword('first');
    const logger = aLogger();
    const store = await openRedisStore({ url: `redis://:first@${host}`, logger });
    await client.config('SET', 'requirepass', 'second');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const write = store.write(group, [row('c1', T, 1, [1])]);
    await vi.waitFor(() => expect(logger.lines.join('\n')).toMatch(/WRONGPASS/), { timeout: 30_000 });
    await client.config('SET', 'requirepass', 'first');
    expect(await write).toMatchObject({ accepted: 1 });
    expect(logger.lines.join('\n')).not.toMatch(/first|second/);
    client.disconnect();
    await store.close();
  });

  it('fails at once at a port where nobody listens, and with a URL that is none', async () => {
    const redis = await start();
    await redis.stop();
    const closed = await openRedisStore({ url: redis.url }).catch((error) => error);
    expect(describeError(closed)).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*\n {2}Start it/,
    );
    for (const url of [`redis://localhost:${redis.port}`, 'redis://no-such-host.invalid:6379']) {
      await expect(openRedisStore({ url })).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    }
    await expect(openRedisStore({ url: 'http://user:secret@localhost' })).rejects.toMatchObject({
      code: 'REDIS_URL',
      exitCode: 2,
      message: expect.not.stringContaining('secret'),
    });
  });

  it('fails a write over a key that is not its own, and goes on with others', async () => {
    const redis = await start();
    const store = await openRedisStore({ url: redis.url });
    const client = new Redis(redis.url);
    await client.set('tidemark:{cards:1:c1}:windows', 'foreign');
    await expect(store.write(group, [row('c1', T, 1, [1])])).rejects.toMatchObject({
      code: 'REDIS_WRONGTYPE',
    });
    expect(await store.write(group, [row('c2', T, 1, [1])])).toMatchObject({ accepted: 1 });
    client.disconnect();
    await store.close();
  });

  it('finishes its writes when closed, but not those that wait for an absent Redis', async () => {
    const redis = await start();
    const store = await openRedisStore({ url: redis.url });
    const write = store.write(group, [row('c1', T, 1, [1])]);
    await store.close();
    expect(await write).toMatchObject({ accepted: 1 });
    await expect(store.write(group, [])).rejects.toMatchObject({ code: 'STORE_CLOSED' });

    const other = await openRedisStore({ url: redis.url });
    await redis.crash();
    const lost = other.write(group, [row('c1', T, 2, [2])]).catch((error) => error);
    await other.close();
    expect(await lost).toMatchObject({ code: 'REDIS_CLOSED' });
  });
});
