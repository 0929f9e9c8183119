import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Redis as Client } from 'ioredis';
import { afterEach, expect, test, vi } from 'vitest';
import { startRedis } from '../services/redis.ts';

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

async function ownRedis(args: string[] = []) {
  const redis = await startRedis({ args });
  started.push(redis);
  return redis;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a started Redis takes writes, and two have ports of their own', async () => {
  const [one, two] = await Promise.all([ownRedis(), ownRedis()]);
  const client = new Client(one.url);
  const other = new Client(two.url);
  await client.set('a', '1');
  expect(await client.get('a')).toBe('1');
  expect(await other.get('a')).toBeNull();
  client.disconnect();
  other.disconnect();
});

test('a crashed Redis comes back on its port, with the data that its arguments persist', async () => {
  const redis = await ownRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  const before = redis.pid;
  const client = new Client(redis.url);
  client.on('error', () => {});
  await client.set('a', '1');
  await redis.crash();
  expect(redis.pid).toBeNull();
  await redis.start();
  expect(redis.pid).not.toBe(before);
  expect(await client.get('a')).toBe('1');
  client.disconnect();
});

test('stop ends the process, and a wrong argument fails with the words of Redis', async () => {
  const redis = await startRedis({ args: [] });
  const pid = redis.pid!;
  await redis.stop();
  expect(alive(pid)).toBe(false);
  await expect(startRedis({ args: ['--no-such-directive', '1'] })).rejects.toThrow(/no-such-directive/);
});

test('Redis dies with the process that started it, also by SIGKILL', async () => {
  const module = new URL('../services/redis.ts', import.meta.url).href;
  const script = `const { startRedis } = await import('${module}');
    const redis = await startRedis({ args: [] });
    console.log(redis.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.on('data', (text) => resolve(Number(text))),
  );
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 30_000 });
});

test('a Redis of the environment is used and never stopped', async () => {
  const redis = await ownRedis();
  vi.stubEnv('REDIS_URL', redis.url);
  try {
    const given = await startRedis();
    expect(given.url).toBe(redis.url);
    await expect(given.restart()).rejects.toThrow(/REDIS_URL/);
    await given.stop();
    expect(existsSync(`/proc/${redis.pid}`) || alive(redis.pid!)).toBe(true);
  } finally {
    vi.unstubAllEnvs();
  }
});
