import { type ArchiveJoin, createAnswers, describe, type Join, newTally } from './join-parts.ts';
import { outcomeOf } from './latest-rows.ts';
import type { JoinedGroup } from './options.ts';
import { type AskedGroup, questions } from './questions.ts';
import { ServedFromArchive } from './served-from-archive.ts';
import { ServedFromOffline } from './served-from-offline.ts';

/** Answers as served out of an archive: the replay is stopped at each row and asked. */
export async function joinServed(join: ArchiveJoin, groups: readonly AskedGroup[]): Promise<JoinedGroup[]> {
  const { database, logs, meter, options } = join;
  const tallies = new Map(groups.map((group) => [group, newTally()]));
  for (const log of logs) {
    const mine = groups.filter(({ group }) => group.source === log.source);
    const answers = await Promise.all(mine.map((group) => createAnswers(database, group)));
    const served = new ServedFromArchive(log, mine, (records) => meter.add(records));
    for await (const asks of questions(database, mine, 'time')) {
      for (const { spineRow, time, entities } of asks) {
        const known = time - options.servingDelayMs;
        await served.advanceWhile((_, knownAt) => knownAt <= known);
        for (const [index, asked] of mine.entries()) {
          const tally = tallies.get(asked)!;
          if (known > served.end) tally.afterEnd++;
          const entity = entities[index]!;
          const outcome =
            entity === null ? 'nullEntity' : outcomeOf(asked.group, served.latest[index]!, entity, known);
          tally[outcome]++;
          if (outcome === 'answered') answers[index]!.add(spineRow, served.latest[index]!.latest(entity!)!);
        }
      }
    }
    await served.close();
    for (const each of answers) await each.close();
  }
  return groups.map((group) => ({ ...describe(group), ...tallies.get(group)! }));
}

/** The same out of rows that replays wrote. */
export async function joinOffline(
  { database, options, rows }: Join,
  groups: readonly AskedGroup[],
  folders: readonly string[],
): Promise<JoinedGroup[]> {
  const joined: JoinedGroup[] = [];
  for (const [index, asked] of groups.entries()) {
    options.signal?.throwIfAborted();
    const served = await ServedFromOffline.open(database, asked, folders[index]!, options.servingDelayMs);
    const counts = await served.answer();
    options.onProgress?.({ done: (index + 1) * rows, total: groups.length * rows });
    if (options.checkLeaks) await served.witness();
    const asks = counts.answered + counts.withoutRow + counts.expired;
    joined.push({ ...describe(asked), ...counts, nullEntity: rows - asks });
  }
  return joined;
}
