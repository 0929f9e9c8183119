import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { bytes, contents, progressAt, taskOf, testStateStore } from './state-store-contract.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidemark-state-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

testStateStore(async () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-state-'));
  let store = LmdbStateStore.open(path);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = LmdbStateStore.open(path);
      return store;
    },
    end: async () => {
      await store.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
});

const script = new URL('./state-committing-process.ts', import.meta.url).pathname;

interface Child {
  readonly process: ChildProcess;
  /** The last whole line printed so far. */
  lastLine(): string;
}

async function start(entities: number, command: readonly string[] = [process.execPath]): Promise<Child> {
  const [program, ...rest] = command;
  const child = spawn(program!, [...rest, script, directory, String(entities)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child.stdout, 'data');
  return { process: child, lastLine: () => output.split('\n').at(-2) ?? '' };
}

/** The step that everything in the store agrees on; 0 when it is empty. */
function agreedStep(store: LmdbStateStore, entities: number): number {
  const step = store.progress(taskOf())?.nextOffset ?? 0;
  expect(Number(store.fact('step') ?? 0)).toBe(step);
  for (const partition of [0, 1]) {
    const task = taskOf({ partition });
    expect(store.progress(task)?.nextOffset ?? 0).toBe(step);
    const expected = Array.from({ length: step === 0 ? 0 : entities }, (_, index) => index)
      .filter((index) => (index + step) % 7 !== 0)
      .map((index) => [
        Buffer.from(`c${index}`).toString('hex'),
        Buffer.from(`${step} `.repeat(1 + (index % 20))).toString('hex'),
      ]);
    expect(contents(store, task)).toEqual(expected.sort(([a], [b]) => (a! < b! ? -1 : 1)));
  }
  return step;
}

test('a worker killed during commits leaves progress, states and facts of one step, none promised is lost', async () => {
  const entities = 2000;
  for (let delayMs = 0; delayMs <= 240; delayMs += 30) {
    const child = await start(entities);
    await setTimeout(delayMs);
    child.process.kill('SIGKILL');
    await once(child.process, 'close');
    const store = LmdbStateStore.open(directory);
    try {
      const promised = Number(child.lastLine());
      const step = agreedStep(store, entities);
      if (!Number.isNaN(promised)) expect(step).toBeGreaterThanOrEqual(promised);
    } finally {
      await store.close();
    }
  }
});

test.each([
  { entities: 2000, roomKib: 700 },
  { entities: 300, roomKib: 100 },
])(
  'a disk that is full fails the commit of $entities with a remedy, and keeps the last step',
  async ({ entities, roomKib }) => {
    // A limit on the size of files stands for the disk.
    const limit = `trap '' XFSZ; ulimit -f ${roomKib}; exec "$@"`;
    const limited = ['bash', '-c', limit, 'limited', process.execPath];
    const child = await start(entities, limited);
    const [status] = await once(child.process, 'close');
    expect(child.lastLine()).toBe('failed STATE_WRITE_FAILED');
    expect(status).toBe(0);
    const store = LmdbStateStore.open(directory);
    try {
      agreedStep(store, entities);
    } finally {
      await store.close();
    }
  },
);

test('a disk that fills up is met before LMDB writes, whose binding damages memory where a write fails', () => {
  const call = `
    import { execFileSync } from 'node:child_process';
    import { LmdbStateStore } from './src/state/lmdb-state-store.ts';
    const store = LmdbStateStore.open(process.argv[1]);
    const entities = Array.from({ length: 30 }, (_, key) => ({ key: Buffer.from([key]), state: Buffer.alloc(3000) }));
    const commits = () => Array.from({ length: 6 }, (_, partition) =>
      store.commit([{ task: { group: 'g', version: 1, topic: 't', partition }, progress: null, entities }], new Map()));
    await Promise.all(commits());
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=4096']);
    const ends = await Promise.allSettled(commits());
    console.log(...new Set(ends.map(({ reason }) => reason.code)));
    await store.close();`;
  const ignoring = ['-c', `trap '' XFSZ; exec "$@"`, 'ignoring', process.execPath];
  const child = spawnSync('bash', [...ignoring, '--input-type=module', '-e', call, directory]);
  expect(String(child.stderr)).toBe('');
  expect(String(child.stdout)).toBe('STATE_WRITE_FAILED\n');
  expect(child.status).toBe(0);
});

test('a disk without room for a store is refused before the store is opened', async () => {
  const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f 16; exec "$@"`, 'limited', process.execPath];
  const call = `
    import { LmdbStateStore } from './src/state/lmdb-state-store.ts';
    try { LmdbStateStore.open(process.argv[1]); } catch (error) { console.log(error.code, error.message); }`;
  const child = spawnSync(limited[0]!, [...limited.slice(1), '--input-type=module', '-e', call, directory]);
  expect(String(child.stdout)).toMatch(/^STATE_UNREADABLE cannot open the state: EFBIG/);
  await LmdbStateStore.open(directory).close();
});

describe('a store whose states all change at each commit', () => {
  const entities = Array.from({ length: 500 }, (_, index) => ({
    key: bytes(`c${index}`),
    state: Buffer.alloc(2000),
  }));
  const commit = (store: LmdbStateStore, partition: number): Promise<void> =>
    store.commit([{ task: taskOf({ partition }), progress: progressAt(1), entities }], new Map());
  const file = (): string => join(directory, 'data.mdb');

  test('is mapped once, however much it grows', async () => {
    const store = LmdbStateStore.open(directory);
    for (let partition = 0; partition < 10; partition++) await commit(store, partition);
    expect(statSync(file()).size).toBeGreaterThan(10 * 2 ** 20);
    const mapped = readFileSync('/proc/self/maps', 'utf8').split('\n');
    expect(mapped.filter((line) => line.endsWith(file()))).toHaveLength(1);
    await store.close();
  });

  test('opens and grows where address space is limited', async () => {
    const store = LmdbStateStore.open(directory);
    await commit(store, 0);
    await store.close();
    const call = `
      import { LmdbStateStore } from './src/state/lmdb-state-store.ts';
      const store = LmdbStateStore.open(process.argv[1]);
      const task = { group: 'g', version: 1, topic: 't', partition: 1 };
      const state = Buffer.alloc(1000);
      const entities = Array.from({ length: 3000 }, (_, key) => ({ key: Buffer.from([key >> 8, key]), state }));
      await store.commit([{ task, progress: null, entities }], new Map());
      console.log([...store.entities(task)].length);
      await store.close();`;
    const limited = ['-c', `ulimit -v ${20 * 2 ** 20}; exec "$@"`, 'limited', process.execPath];
    const child = spawnSync('bash', [...limited, '--input-type=module', '-e', call, directory]);
    expect(String(child.stderr)).toBe('');
    expect(String(child.stdout)).toBe('3000\n');
  });

  test('uses its pages again, although readers leave their loops early', async () => {
    const store = LmdbStateStore.open(directory);
    const commitAndLook = async (): Promise<void> => {
      await commit(store, 0);
      for (const { key } of store.entities(taskOf())) if (key.length > 0) break;
    };
    for (let step = 0; step < 5; step++) await commitAndLook();
    const { size } = statSync(file());
    for (let step = 0; step < 10; step++) await commitAndLook();
    expect(statSync(file()).size).toBeLessThan(1.5 * size);
    await store.close();
  });
});

describe('a state directory', () => {
  test('in use by another process is refused by its number, until that process has died', async () => {
    const child = await start(10);
    expect(() => LmdbStateStore.open(directory)).toThrow(
      expect.objectContaining({
        code: 'STATE_IN_USE',
        message: expect.stringContaining(String(child.process.pid)),
        place: { file: directory },
        remedy: expect.any(String),
      }),
    );
    child.process.kill('SIGKILL');
    await once(child.process, 'close');
    await LmdbStateStore.open(directory).close();
  });

  test('in use by this process is refused, and free after close', async () => {
    const store = LmdbStateStore.open(directory);
    expect(() => LmdbStateStore.open(directory)).toThrow(expect.objectContaining({ code: 'STATE_IN_USE' }));
    await store.close();
    await store.close();
    await LmdbStateStore.open(directory).close();
  });

  test('of another format is refused and left as it is', async () => {
    const other = open({ path: directory, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    await other.put(Buffer.from([0]), Buffer.from('99'));
    await other.close();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => LmdbStateStore.open(directory)).toThrow(
        expect.objectContaining({ code: 'STATE_FORMAT', message: expect.stringContaining('99') }),
      );
    }
  });

  test('with a file that is no state is refused', () => {
    writeFileSync(join(directory, 'data.mdb'), 'x'.repeat(20_000));
    expect(() => LmdbStateStore.open(directory)).toThrow(
      expect.objectContaining({ code: 'STATE_UNREADABLE', place: { file: join(directory, 'data.mdb') } }),
    );
  });

  test('with a file that was cut short is refused', async () => {
    const store = LmdbStateStore.open(directory);
    const entities = Array.from({ length: 2000 }, (_, index) => ({
      key: bytes(`c${index}`),
      state: bytes('1234'),
    }));
    await store.commit([{ task: taskOf(), progress: progressAt(1), entities }], new Map());
    await store.close();
    const file = join(directory, 'data.mdb');
    truncateSync(file, Math.floor(statSync(file).size / 2));
    expect(() => LmdbStateStore.open(directory)).toThrow(
      expect.objectContaining({ code: 'STATE_UNREADABLE' }),
    );
  });

  test('that cannot be made is named', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => LmdbStateStore.open(join(file, 'state'))).toThrow(
      expect.objectContaining({ code: 'STATE_UNREADABLE', remedy: expect.any(String) }),
    );
  });
});
