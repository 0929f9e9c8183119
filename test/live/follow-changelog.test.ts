import { expect, test } from 'vitest';
import { type Changelog, type ChangelogRecord, ChangelogTruncatedError } from '../../src/live/commit-log.ts';
import { followChangelog } from '../../src/live/follow-changelog.ts';
import { ChangelogPacker } from '../../src/state/changelog-pack.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import type { TaskId } from '../../src/state/state-store.ts';

const PARTITION = { topic: 'clicks', partition: 3 };
const TASK: TaskId = { group: 'users', version: 1, ...PARTITION };
const LARGE = Buffer.alloc(3_000_000, 7);

/** A small entry, a large one in parts, and a small one; records come one by one, with gaps between offsets. */
function aChangelog(): { readonly changelog: Changelog; readonly offsets: readonly number[] } {
  const records = [Buffer.from('before'), LARGE, Buffer.from('after')].flatMap((state, index) => {
    const packer = new ChangelogPacker();
    packer.put(TASK, 'chunks', Buffer.from([index]), state);
    return packer.take();
  });
  const all = records.map((value, index) => ({ offset: 10 + index * 2, value }));
  const changelog: Changelog = {
    changelogEnds: async () => ({ low: 10, high: all.at(-1)!.offset + 1 }),
    async *changelog(from, to) {
      for (const record of all) if (record.offset >= from && record.offset < to) yield [record];
    },
  };
  return { changelog, offsets: all.map(({ offset }) => offset) };
}

test('a record in parts counts as followed when its last part is, wherever following it was broken off', async () => {
  const { changelog, offsets } = aChangelog();
  const never = new AbortController().signal;
  expect(offsets.length).toBeGreaterThan(5);
  for (const last of offsets.slice(0, -1)) {
    const state = new MemoryStateStore();
    const stopping = new AbortController();
    const breaking: Changelog = {
      ...changelog,
      async *changelog(from, to) {
        for await (const records of changelog.changelog(from, to)) {
          yield records;
          if (records[0]!.offset === last) stopping.abort();
        }
      },
    };
    const following = followChangelog(breaking, state, PARTITION, { signal: stopping.signal });
    await expect(following).rejects.toThrow('This operation was aborted');
    // The parts of the large one but the last bring nothing.
    expect([...state.entities(TASK)]).toHaveLength(last === offsets.at(-2) ? 2 : 1);
    await followChangelog(changelog, state, PARTITION, { signal: never });
    const [before, large, after] = [...state.entities(TASK)].map((entity) => Buffer.from(entity.state!));
    expect([before, after].map(String)).toEqual(['before', 'after']);
    expect(LARGE.equals(large!)).toBe(true);
  }
});

/** Says the state of a key; null: it is gone. */
function recordOf(key: string, state: string | null): Uint8Array {
  const packer = new ChangelogPacker();
  packer.put(TASK, 'chunks', Buffer.from(key), state === null ? null : Buffer.from(state));
  return packer.take()[0]!;
}

test('a changelog that is truncated while it is read is read anew', async () => {
  // Its former owner has ended a sweep, and truncates: b, gone at offset 1, is not said again.
  const values = [recordOf('b', '1'), recordOf('b', null), recordOf('a', '2')];
  let low = 0;
  const log: Changelog = {
    changelogEnds: async () => ({ low, high: values.length }),
    async *changelog(from, to) {
      for (let offset = from; offset < to; offset++) {
        if (offset < low) throw new ChangelogTruncatedError(`it begins at ${low}`);
        yield [{ offset, value: values[offset]! }];
        low = 2;
      }
    },
  };
  const state = new MemoryStateStore();
  expect(await followChangelog(log, state, PARTITION, { signal: new AbortController().signal })).toBe(1);
  const texts = [...state.entities(TASK)].map(
    (entity) => `${Buffer.from(entity.key)}=${Buffer.from(entity.state!)}`,
  );
  expect(texts).toEqual(['a=2']);
});

test('who is to stop does not read it anew', async () => {
  const abort = new AbortController();
  const log: Changelog = {
    changelogEnds: async () => ({ low: 0, high: 1 }),
    // biome-ignore lint/correctness/useYield: there is nothing to read.
    async *changelog(): AsyncGenerator<readonly ChangelogRecord[]> {
      abort.abort(new Error('stopped'));
      throw new ChangelogTruncatedError('it begins at 1');
    },
  };
  const state = new MemoryStateStore();
  await expect(followChangelog(log, state, PARTITION, { signal: abort.signal })).rejects.toThrow('stopped');
});
