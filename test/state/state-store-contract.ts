import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ALL_KEYS,
  type EntityState,
  isWithin,
  type KeyRange,
  keysFrom,
  type StateStore,
  type TaskId,
  type TaskProgress,
} from '../../src/state/state-store.ts';

/** How a test gets a store: `reopen` closes it and opens what it left behind, when it leaves something behind. */
export interface StoreUnderTest {
  readonly store: StateStore;
  reopen(): Promise<StateStore>;
  /** Closes the store and removes what it left. */
  end(): Promise<void>;
}

export const taskOf = (change: Partial<TaskId> = {}): TaskId => ({
  group: 'card_risk',
  version: 1,
  topic: 'transactions',
  partition: 0,
  ...change,
});

export const progressAt = (nextOffset: number, change: Partial<TaskProgress> = {}): TaskProgress => ({
  fingerprint: 'ab',
  nextOffset,
  watermark: nextOffset * 10,
  logTime: nextOffset * 10 + 5,
  commit: nextOffset + 1,
  entities: 3,
  counters: { late: nextOffset },
  ...change,
});

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Key and state as hex, sorted by key: what two stores must agree on. */
export function contents(store: StateStore, task: TaskId, range: KeyRange = ALL_KEYS): [string, string][] {
  const hex = (part: Uint8Array | null): string => Buffer.from(part ?? []).toString('hex');
  // All are gathered before the first is looked at: none may be overwritten by the next.
  return [...store.entities(task, range)]
    .map(({ key, state }): [string, string] => [hex(key), hex(state)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const NO_FACTS: ReadonlyMap<string, string> = new Map();

/** What every state store must do. `open` gives an empty one. */
export function testStateStore(open: () => Promise<StoreUnderTest>): void {
  const withStore = (name: string, body: (under: StoreUnderTest) => Promise<void>): void => {
    test(name, async () => {
      const under = await open();
      try {
        await body(under);
      } finally {
        await under.end();
      }
    });
  };

  withStore('a task that never committed has no progress, no entities, no facts', async ({ store }) => {
    expect(store.progress(taskOf())).toBeNull();
    expect(contents(store, taskOf())).toEqual([]);
    expect(store.fact('x')).toBeNull();
  });

  withStore('what was committed is read back, at once and after reopening', async (under) => {
    const entities: EntityState[] = [
      { key: bytes('c1'), state: bytes('one') },
      { key: bytes(''), state: bytes('') },
      { key: new Uint8Array([0, 255, 0]), state: new Uint8Array([0]) },
    ];
    const progress = progressAt(7, { counters: { late: 1, dropped: 2 } });
    await under.store.commit([{ task: taskOf(), progress, entities }], new Map([['late.jsonl', '42']]));
    for (const reopen of [false, true]) {
      const store = reopen ? await under.reopen() : under.store;
      expect(store.progress(taskOf())).toEqual(progress);
      expect(contents(store, taskOf())).toEqual([
        ['', ''],
        ['00ff00', '00'],
        ['6331', '6f6e65'],
      ]);
      expect(store.fact('late.jsonl')).toBe('42');
    }
  });

  withStore('entries may be parts of one large buffer, which nobody else keeps', async (under) => {
    const count = 20_000;
    const part = (large: Buffer, text: string, at: number) => large.subarray(at, at + large.write(text, at));
    const commit = async (rounds: number) => {
      const large = Buffer.alloc(count * 40);
      const entities = Array.from({ length: count }, (_, index) => ({
        key: part(large, `k${index}`, index * 40),
        state: part(large, index % 7 === 0 ? '' : `round ${rounds}, ${index}`, index * 40 + 10),
      }));
      await under.store.commit(
        [{ task: taskOf(), progress: progressAt(rounds), entities, areParts: true }],
        NO_FACTS,
      );
    };
    await Promise.all([1, 2, 3].map(commit));
    const hex = (text: string) => Buffer.from(text).toString('hex');
    const expected = Array.from({ length: count }, (_, index): [string, string] => [
      hex(`k${index}`),
      hex(index % 7 === 0 ? '' : `round 3, ${index}`),
    ]);
    expected.sort(([a], [b]) => (a < b ? -1 : 1));
    expect(contents(await under.reopen(), taskOf())).toEqual(expected);
  });

  withStore('times before the first record are −Infinity', async (under) => {
    const progress = progressAt(0, {
      watermark: Number.NEGATIVE_INFINITY,
      logTime: Number.NEGATIVE_INFINITY,
    });
    await under.store.commit([{ task: taskOf(), progress, entities: [] }], NO_FACTS);
    expect((await under.reopen()).progress(taskOf())).toEqual(progress);
  });

  withStore('a state of null removes the entity, known or not', async ({ store }) => {
    const states = (...entities: EntityState[]) =>
      store.commit([{ task: taskOf(), progress: progressAt(1), entities }], NO_FACTS);
    await states({ key: bytes('a'), state: bytes('1') }, { key: bytes('b'), state: bytes('2') });
    await states({ key: bytes('a'), state: null }, { key: bytes('never'), state: null });
    expect(contents(store, taskOf())).toEqual([['62', '32']]);
  });

  withStore('tasks that differ in any part of their name share nothing', async (under) => {
    const tasks = [
      taskOf(),
      taskOf({ group: 'card' }),
      taskOf({ version: 2 }),
      taskOf({ topic: 'other' }),
      taskOf({ partition: 1 }),
      taskOf({ group: 'x'.repeat(3000) }),
      taskOf({ group: `${'x'.repeat(3000)}y` }),
    ];
    await under.store.commit(
      tasks.map((task, index) => ({
        task,
        progress: progressAt(index),
        entities: [{ key: bytes('same'), state: bytes(String(index)) }],
      })),
      NO_FACTS,
    );
    const store = await under.reopen();
    for (const [index, task] of tasks.entries()) {
      expect(store.progress(task)?.nextOffset).toBe(index);
      expect(contents(store, task)).toEqual([[Buffer.from('same').toString('hex'), `3${index}`]]);
    }
  });

  withStore('entity keys and facts of any length are kept apart', async (under) => {
    const lengths = [1, 1941, 1972, 1973, 1974, 1978, 4096, 100_000];
    const entities = lengths.flatMap((length) => [
      { key: new Uint8Array(length).fill(1), state: bytes(`${length}`) },
      { key: new Uint8Array(length).fill(1, 0, -1), state: bytes(`${length}, other end`) },
    ]);
    const facts = new Map(lengths.map((length) => ['f'.repeat(length), String(length)]));
    await under.store.commit([{ task: taskOf(), progress: progressAt(1), entities }], facts);
    const removed = entities.shift()!;
    const store = await under.reopen();
    await store.commit(
      [{ task: taskOf(), progress: progressAt(2), entities: [{ key: removed.key, state: null }] }],
      NO_FACTS,
    );
    const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex');
    const expected = entities.map(({ key, state }) => [hex(key), hex(state)]);
    expect(contents(store, taskOf())).toEqual(expected.sort(([a], [b]) => (a! < b! ? -1 : 1)));
    for (const [name, text] of facts) expect(store.fact(name)).toBe(text);
  });

  withStore('a state may be larger than any buffer inside', async (under) => {
    const state = new Uint8Array(3_000_000).map((_, index) => index * 31);
    const entities = [{ key: bytes('big'), state }];
    await under.store.commit([{ task: taskOf(), progress: progressAt(1), entities }], NO_FACTS);
    const [entity] = (await under.reopen()).entities(taskOf());
    expect(Buffer.compare(entity!.state!, state)).toBe(0);
  });

  withStore('the caller may use its bytes again as soon as commit has returned', async ({ store }) => {
    const key = bytes('key');
    const state = bytes('state');
    const done = store.commit(
      [{ task: taskOf(), progress: progressAt(1), entities: [{ key, state }] }],
      NO_FACTS,
    );
    key.fill(0);
    state.fill(0);
    await done;
    expect(contents(store, taskOf())).toEqual([
      [Buffer.from('key').toString('hex'), Buffer.from('state').toString('hex')],
    ]);
  });

  withStore('commits take effect in the order of the calls', async ({ store }) => {
    const commits = Array.from({ length: 50 }, (_, index) =>
      store.commit(
        [
          {
            task: taskOf(),
            progress: progressAt(index),
            entities: [{ key: bytes('k'), state: bytes(String(index)) }],
          },
        ],
        new Map([['n', String(index)]]),
      ),
    );
    await Promise.all(commits);
    expect(store.progress(taskOf())?.nextOffset).toBe(49);
    expect(contents(store, taskOf())).toEqual([['6b', Buffer.from('49').toString('hex')]]);
    expect(store.fact('n')).toBe('49');
  });

  withStore(
    'what a commit wrote is read as soon as it has resolved, whatever was read before',
    async ({ store }) => {
      const key = bytes('k');
      for (let step = 1; step <= 50; step++) {
        const entities = [{ key, state: bytes(String(step)) }];
        const commit = store.commit([{ task: taskOf(), progress: progressAt(step), entities }], NO_FACTS);
        let isDone = false;
        const reading = commit.then(() => {
          isDone = true;
          return contents(store, taskOf(), keysFrom(key));
        });
        // So that a view of the store as it was is there when the commit resolves.
        while (!isDone) {
          contents(store, taskOf(), keysFrom(key));
          await nextTurn();
        }
        expect(await reading).toEqual([['6b', Buffer.from(String(step)).toString('hex')]]);
      }
    },
  );

  withStore('nothing of a commit happens when one of its entities cannot be read', async ({ store }) => {
    function* failing(): Iterable<EntityState> {
      yield { key: bytes('a'), state: bytes('1') };
      throw new Error('no state');
    }
    const commit = store.commit(
      [
        { task: taskOf(), progress: progressAt(1), entities: [{ key: bytes('b'), state: bytes('1') }] },
        { task: taskOf({ partition: 1 }), progress: progressAt(1), entities: failing() },
      ],
      new Map([['n', '1']]),
    );
    await expect(commit).rejects.toThrow('no state');
    expect(store.progress(taskOf())).toBeNull();
    expect(contents(store, taskOf())).toEqual([]);
    expect(store.fact('n')).toBeNull();
  });

  withStore('a range of keys has those that begin alike, in their order', async ({ store }) => {
    const keys = ['', 'a', 'a\0', 'ab', 'b', 'ba', 'b\u{10ffff}', 'c'].map(bytes).sort(Buffer.compare);
    const entities = [...keys].reverse().map((key) => ({ key, state: key }));
    await store.commit([{ task: taskOf(), progress: progressAt(1), entities }], NO_FACTS);
    const keysIn = (range: KeyRange) =>
      [...store.entities(taskOf(), range)].map(({ key }) => Buffer.from(key).toString());
    expect(keysIn(ALL_KEYS)).toEqual(keys.map((key) => Buffer.from(key).toString()));
    expect(keysIn(keysFrom(bytes('a')))).toEqual(['a', 'a\0', 'ab']);
    expect(keysIn({ from: bytes('a\0'), to: bytes('ba') })).toEqual(['a\0', 'ab', 'b']);
    expect(keysIn({ from: bytes('bb'), to: null })).toEqual(['b\u{10ffff}', 'c']);
    expect(keysIn(keysFrom(new Uint8Array([0xff])))).toEqual([]);
  });

  test('any commits leave what a plain map would hold', async () => {
    const key = fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc
        .tuple(fc.constantFrom(1940, 1941, 1942, 1972, 1973, 1974, 2500), fc.constantFrom(8, 9, 255))
        .map(([length, last]) => new Uint8Array(length).fill(9).fill(last, -1)),
    );
    const entity = fc.record({ key, state: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }) });
    const change = fc.record({ partition: fc.nat(2), entities: fc.array(entity, { maxLength: 6 }) });
    const range = fc.oneof(
      fc.record({ from: key, to: fc.option(key, { nil: null }) }),
      key.map((prefix) => keysFrom(prefix)),
    );
    const changes = fc.array(change, { maxLength: 3 });
    const step = fc.record({ changes, reopen: fc.boolean(), range });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const under = await open();
        try {
          const model = [0, 1, 2].map(() => new Map<string, string>());
          let { store } = under;
          for (const [index, { changes, reopen, range }] of steps.entries()) {
            await store.commit(
              changes.map(({ partition, entities }) => ({
                task: taskOf({ partition }),
                progress: progressAt(index),
                entities,
                rows: entities,
              })),
              new Map([['step', String(index)]]),
            );
            for (const { partition, entities } of changes) {
              for (const { key: name, state } of entities) {
                const hex = Buffer.from(name).toString('hex');
                if (state === null) model[partition]!.delete(hex);
                else model[partition]!.set(hex, Buffer.from(state).toString('hex'));
              }
            }
            if (reopen) store = await under.reopen();
            expect(store.fact('step')).toBe(String(index));
            const keys = steps.flatMap(({ changes }) =>
              changes.flatMap(({ entities }) => entities.map(({ key }) => key)),
            );
            for (const [partition, map] of model.entries()) {
              const names = keys.map((key) => Buffer.from(key).toString('hex'));
              const rows = store.rowsAt(taskOf({ partition }), keys);
              expect(
                rows.map((row) => (row === null ? undefined : Buffer.from(row).toString('hex'))),
              ).toEqual(names.map((name) => map.get(name)));
              const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
              expect(contents(store, taskOf({ partition }))).toEqual(sorted);
              expect(contents(store, taskOf({ partition }), range)).toEqual(
                sorted.filter(([name]) => isWithin(Buffer.from(name, 'hex'), range)),
              );
            }
          }
        } finally {
          await under.end();
        }
      }),
      { numRuns: 40 },
    );
  });
}
