import { partitionName, type TopicPartition } from '../sources/log-reader.ts';
import { unpackChanges } from '../state/changelog-pack.ts';
import { PartJoiner } from '../state/changelog-parts.ts';
import { mergeChanges } from '../state/merge-changes.ts';
import { StateError } from '../state/state-error.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Offset } from '../time.ts';
import { type Changelog, ChangelogTruncatedError } from './commit-log.ts';
import type { AcquireOptions } from './durability.ts';

/**
 * Takes into the local store what it has missed of the changelog; all of it, where the changelog begins later or the
 * store has followed none. A store whose state was made without a changelog is kept while the changelog is empty.
 * Answers how many records the changelog holds.
 *
 * @throws StateError `CHANGELOG_REPLACED` when the store is ahead of the changelog
 */
export async function followChangelog(
  log: Changelog,
  state: StateStore,
  partition: TopicPartition,
  options: AcquireOptions,
): Promise<number> {
  for (;;) {
    try {
      return await followToEnd(log, state, partition, options);
    } catch (error) {
      if (!(error instanceof ChangelogTruncatedError)) throw error;
      options.signal.throwIfAborted();
    }
  }
}

async function followToEnd(
  log: Changelog,
  state: StateStore,
  partition: TopicPartition,
  { signal, onProgress }: AcquireOptions,
): Promise<number> {
  const { low, high } = await log.changelogEnds();
  const fact = followedFact(partition);
  const followed = state.fact(fact) === null ? null : Number(state.fact(fact));
  if (followed !== null && followed > high) throw changelogReplaced(partition, followed, high);
  const isBehind = followed !== null && followed >= low;
  if (!isBehind && high > low) await state.clear(partition);
  const from = isBehind ? followed : low;
  const joiner = new PartJoiner();
  // The next records are read and unpacked while these are written, and written when these are on the disk: what comes
  // before may not be missing.
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const records of log.changelog(from, high)) {
      const changes = records.flatMap((record) => {
        const whole = joiner.take(record);
        return whole === null ? [] : unpackChanges(whole, partition);
      });
      // Of a record that came in parts the store has nothing before it has all.
      const next: Offset = joiner.begun ?? records.at(-1)!.offset + 1;
      await writing;
      signal.throwIfAborted();
      writing = state.commit(mergeChanges(changes), new Map([[fact, String(next)]]));
      writing.catch(() => {});
      onProgress?.({ done: next - from, total: high - from });
    }
  } finally {
    await writing;
  }
  return high - low;
}

function changelogReplaced({ topic, partition }: TopicPartition, followed: Offset, high: Offset): StateError {
  return new StateError(
    `the changelog of ${topic}/${partition} ends at offset ${high}, but was followed up to ${followed} before`,
    {
      code: 'CHANGELOG_REPLACED',
      remedy:
        'If the changelog was deleted on purpose, start with an empty state directory; else bring it back first.',
    },
  );
}

/** How far the local store has followed the changelog of a partition. */
export function followedFact(partition: TopicPartition): string {
  return `changelog:${partitionName(partition)}`;
}
