import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Changelog, CommitLogs } from '../../src/live/commit-log.ts';
import { Standby } from '../../src/live/standby.ts';
import type { TopicPartition } from '../../src/sources/log-reader.ts';
import { ChangelogPacker } from '../../src/state/changelog-pack.ts';
import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import type { TaskId } from '../../src/state/state-store.ts';

const PARTITION = { topic: 'clicks', partition: 3 };
const TASK: TaskId = { group: 'users', version: 1, ...PARTITION };

/** The changelog of another worker's partition, as it grows. */
class GrowingChangelog implements Changelog {
  readonly records: Uint8Array[] = [];
  reads = 0;
  async changelogEnds() {
    this.reads++;
    return { low: 0, high: this.records.length };
  }
  async *changelog(from: number, to: number) {
    if (from < to)
      yield this.records.slice(from, to).map((value, index) => ({ offset: from + index, value }));
  }
  commit(nextOffset: number): void {
    const packer = new ChangelogPacker();
    packer.put(TASK, 'chunks', Buffer.from('ana'), Buffer.from(`state at ${nextOffset}`));
    const progress = { fingerprint: 'f', nextOffset, watermark: 1, logTime: 2, counters: {} };
    packer.progress(TASK, { ...progress, commit: nextOffset, entities: 1 });
    this.records.push(...packer.take());
  }
}

function standbyOver(changelog: Changelog, state: MemoryStateStore): Standby {
  const logs: Pick<CommitLogs, 'changelogs'> = {
    changelogs: async () => new Map<TopicPartition, Changelog>([[PARTITION, changelog]]),
  };
  const standby = new Standby(logs as CommitLogs, state);
  onTestFinished(() => standby.close());
  return standby;
}

test("keeps up with another worker's commits, and leaves what is taken over alone", async () => {
  const changelog = new GrowingChangelog();
  const state = new MemoryStateStore();
  changelog.commit(1);
  const standby = standbyOver(changelog, state);
  await vi.waitFor(() => expect(state.progress(TASK)?.nextOffset).toBe(1));
  changelog.commit(2);
  await vi.waitFor(() => expect(state.progress(TASK)?.nextOffset).toBe(2), { timeout: 5000 });
  expect([...state.entities(TASK)].map(({ state }) => Buffer.from(state!).toString())).toEqual([
    'state at 2',
  ]);

  await standby.leave(PARTITION);
  changelog.commit(3);
  const { reads } = changelog;
  await sleep(2500);
  expect(changelog.reads).toBe(reads);
  expect(state.progress(TASK)?.nextOffset).toBe(2);

  standby.follow(PARTITION);
  await vi.waitFor(() => expect(state.progress(TASK)?.nextOffset).toBe(3), { timeout: 5000 });
});

test('goes on after a changelog could not be read', async () => {
  const changelog = new GrowingChangelog();
  const state = new MemoryStateStore();
  changelog.commit(1);
  vi.spyOn(changelog, 'changelogEnds').mockRejectedValueOnce(new Error('not now'));
  standbyOver(changelog, state);
  await vi.waitFor(() => expect(state.progress(TASK)?.nextOffset).toBe(1), { timeout: 5000 });
});
