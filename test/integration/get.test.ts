import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import type { Drivers } from '../../src/cli/drivers.ts';
import { createProgram } from '../../src/cli/main.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import { openRedisStore, type RedisOnlineStore } from '../../src/sinks/redis-store.ts';
import { aGroup } from '../sinks/a-group.ts';
import { aName } from '../sinks/online-store-contract.ts';

/** `tidemark get` against a real Redis. */

const group = aGroup({
  name: aName(),
  features: {
    count: 'integer',
    geo: 'string',
    last_amounts: { kind: 'list', of: 'number' },
    by_merchant: { kind: 'map', key: 'string', value: 'integer' },
    rate: 'number',
  },
});

let store: RedisOnlineStore;
beforeAll(async () => {
  store = await openRedisStore({ url: inject('redisUrl') });
  const values = [1234, '7', new VectorJson('[0.1,1e+21]'), new VectorJson('{"a b":2,"m1":3}'), null];
  const windowEnd = Date.UTC(2026, 0, 1);
  const leave = windowEnd + 60_000;
  const row = { windowEnd, version: 9, knownAt: windowEnd + 1, leave, values, watermark: windowEnd };
  await store.write(group, [{ ...row, entity: ['c1'] }]);
});
afterAll(() => store.close());

let stdout = '';
beforeEach(() => {
  stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function get(...options: string[]): Promise<string> {
  const drivers: Pick<Drivers, 'loadDefinitions'> = {
    loadDefinitions: async () => ({ file: '/defs.ts', sources: [group.source], groups: [group] }),
  };
  const program = createProgram({
    drivers: drivers as Drivers,
    signal: new AbortController().signal,
  });
  await program.parseAsync(['get', group.name, 'c1', '--redis', inject('redisUrl'), ...options], {
    from: 'user',
  });
  return stdout;
}

test('with definitions, JSON has values of their types, lists as arrays and maps as objects', async () => {
  const answer = JSON.parse(await get('--defs', 'defs.ts', '--json'));
  expect(answer).toMatchObject({
    group: group.name,
    version: 9,
    leave: Date.UTC(2026, 0, 1, 0, 1),
    due_to_fall: true,
  });
  expect(answer.features).toEqual({
    count: 1234,
    geo: '7',
    last_amounts: [0.1, 1e21],
    by_merchant: { 'a b': 2, m1: 3 },
    rate: null,
  });
});

test('without definitions, JSON has the texts that stand in Redis', async () => {
  expect(JSON.parse(await get('--json')).features).toEqual({
    count: '1234',
    geo: '7',
    last_amounts: '[0.1,1e+21]',
    by_merchant: '{"a b":2,"m1":3}',
  });
});

test('as text, a line for each feature holds its value as it stands in Redis', async () => {
  const text = await get('--defs', 'defs.ts');
  expect(text.trimEnd().split('\n')).toEqual([
    `${group.name}:1 c1`,
    'window_end    2026-01-01T00:00:00.000Z',
    'version       9',
    'known_at      2026-01-01T00:00:00.001Z',
    'leave         2026-01-01T00:01:00.000Z',
    'due_to_fall   true',
    'count         1234',
    'geo           7',
    'last_amounts  [0.1,1e+21]',
    'by_merchant   {"a b":2,"m1":3}',
    'rate          -',
  ]);
});
