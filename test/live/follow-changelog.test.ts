import { expect, test } from 'vitest';
import type { Changelog } from '../../src/live/commit-log.ts';
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
