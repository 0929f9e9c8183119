import type { Source } from '../definitions/definition.ts';
import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { TidemarkError } from '../errors.ts';
import { ArchiveMeter } from '../replay/archive-meter.ts';
import { ScratchDatabase } from '../sinks/scratch-database.ts';
import { openArchive } from '../sources/archive-reader.ts';
import { MarkedLog } from '../sources/marked-log.ts';
import { fileFormat } from './file-format.ts';
import { joinEventTime } from './join-event-time.ts';
import type { ArchivedLogs, Join } from './join-parts.ts';
import { joinOffline, joinServed } from './join-served.ts';
import { checkEventTime, checkServed, reportLeaks } from './leak-check.ts';
import type { JoinOptions, JoinSummary, LeakReport } from './options.ts';
import { type AskedGroup, askGroup } from './questions.ts';
import { rowsFolder } from './revision-files.ts';
import { selectFeatures } from './selection.ts';
import { loadSpine } from './spine.ts';
import { refuseExisting, writeTrainingSet } from './training-set.ts';
import { findWitnesses } from './witnesses.ts';

/**
 * `tidemark join`: adds to each row of a spine the features as they stood when the row happened.
 *
 * @throws TidemarkError when the definitions, the spine, the archive or the output are not usable; then nothing was
 * written
 */
export async function join(options: JoinOptions): Promise<JoinSummary> {
  refuseExisting(options);
  const format = fileFormat(options.out);
  const definitions = await loadDefinitions(options.definitionsFile);
  const database = await ScratchDatabase.create();
  const interrupt = () => database.interrupt();
  options.signal?.addEventListener('abort', interrupt);
  try {
    const spine = await loadSpine(database, {
      file: options.spine,
      entityTime: options.entityTime,
      zone: options.spineZone,
      textFields: new Set(definitions.groups.flatMap(({ entity }) => entity)),
      keepText: format === 'csv',
    });
    const selected = selectFeatures(definitions, options.features, {
      fullNames: options.fullNames,
      withAge: options.withAge,
      spineColumns: spine.columns.map(({ name }) => name),
    });
    for (const { group } of selected) assertRunnable(group, definitions.file);
    const folders = selected.map(({ group }) => rowsFolder(options.from, group));
    const isOffline = folders.every((folder) => folder !== null);
    if (isOffline) refuseArchiveOptions(options);
    const archived = isOffline
      ? null
      : await openLogs(
          options,
          selected.map(({ group }) => group.source),
        );
    const groups: AskedGroup[] = [];
    for (const [index, each] of selected.entries()) {
      groups.push(await askGroup(database, spine, each, index));
    }
    const common = { database, options, rows: spine.rows };
    const joined =
      archived === null
        ? await joinOffline(common, groups, folders as readonly string[])
        : options.as === 'served'
          ? await joinServed({ ...common, ...archived }, groups)
          : await joinEventTime({ ...common, ...archived }, groups);
    const corruptPlaces = archived?.archive.skips.damagedPlaces ?? 0;
    const leaks = options.checkLeaks ? await checkLeaks(common, groups, archived?.logs ?? null) : null;
    const isClean = leaks === null || leaks.found === 0;
    options.signal?.throwIfAborted();
    if (isClean) await writeTrainingSet(database, groups, options);
    return {
      rows: spine.rows,
      as: options.as,
      from: isOffline ? 'offline' : 'archive',
      groups: joined,
      corruptPlaces,
      out: isClean ? options.out : null,
      leaks,
    };
  } catch (error) {
    // What was interrupted fails in its own words.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    database.close();
  }
}

async function openLogs(options: JoinOptions, sourceOfGroups: readonly Source[]): Promise<ArchivedLogs> {
  const archive = await openArchive(options.from, { skipCorrupt: options.skipCorrupt });
  const sources = [...new Set(sourceOfGroups)];
  const logs = sources.map((source) => new MarkedLog(archive, source, options.journal));
  return { archive, logs, meter: new ArchiveMeter(archive, sources, options) };
}

function refuseArchiveOptions({ as, from, journal }: JoinOptions): void {
  const refuse = (message: string, code: string, remedy: string): never => {
    throw new TidemarkError(message, { code, place: { file: from }, remedy, exitCode: 2 });
  };
  if (as === 'event-time') {
    refuse(
      'rows of a replay do not say what ranges off the grid hold',
      'EVENT_TIME_OFFLINE',
      'Give --from the archive of the topic for --as event-time.',
    );
  }
  if (journal !== null) {
    refuse(
      'rows of a replay have the marks that the replay was told of',
      'JOURNAL_OFFLINE',
      'Leave --journal out, or give --from the archive of the topic.',
    );
  }
}

/** Before anything is written. @param logs those of the archive; null when the answers are out of a replay's rows */
async function checkLeaks(
  { database, options }: Join,
  groups: readonly AskedGroup[],
  logs: readonly MarkedLog[] | null,
): Promise<LeakReport> {
  const { as, servingDelayMs, signal } = options;
  if (as === 'served' && logs !== null) {
    for (const log of logs) {
      const mine = groups.filter(({ group }) => group.source === log.source);
      await findWitnesses(database, log, mine, () => signal?.throwIfAborted());
    }
  }
  const findings = [];
  for (const group of groups) {
    findings.push(
      as === 'served'
        ? await checkServed(database, group, servingDelayMs)
        : await checkEventTime(database, group),
    );
  }
  return reportLeaks(findings);
}
