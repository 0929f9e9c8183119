import type { Source } from '../definitions/definition.ts';
import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { TidemarkError } from '../errors.ts';
import { SourcePartition } from '../operators/source-partition.ts';
import { ArchiveMeter } from '../replay/archive-meter.ts';
import { ScratchDatabase } from '../sinks/scratch-database.ts';
import { type Archive, openArchive } from '../sources/archive-reader.ts';
import { createDecoder } from '../sources/decode-record.ts';
import { MarkedLog } from '../sources/marked-log.ts';
import type { EventTimeMs } from '../time.ts';
import { Answers } from './answers.ts';
import { EventCollector, EventTable } from './event-collector.ts';
import { fileFormat } from './file-format.ts';
import { outcomeOf } from './latest-rows.ts';
import type { JoinedGroup, JoinOptions, JoinSummary } from './options.ts';
import { type AskedGroup, askGroup, questions } from './questions.ts';
import { createRangesAt } from './ranges-at.ts';
import { rowsFolder } from './revision-files.ts';
import { selectFeatures } from './selection.ts';
import { ServedFromArchive } from './served-from-archive.ts';
import { ServedFromOffline } from './served-from-offline.ts';
import { loadSpine } from './spine.ts';
import { refuseExisting, writeTrainingSet } from './training-set.ts';

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
    await writeTrainingSet(database, groups, options);
    return {
      rows: spine.rows,
      as: options.as,
      from: isOffline ? 'offline' : 'archive',
      groups: joined,
      corruptPlaces: archived?.archive.skips.damagedPlaces ?? 0,
      out: options.out,
    };
  } finally {
    database.close();
  }
}

interface Join {
  readonly database: ScratchDatabase;
  readonly options: JoinOptions;
  /** Of the spine. */
  readonly rows: number;
}

interface ArchiveJoin extends Join, ArchivedLogs {}

interface ArchivedLogs {
  readonly archive: Archive;
  /** One for each source, whose groups are joined in one pass over it. */
  readonly logs: readonly MarkedLog[];
  readonly meter: ArchiveMeter;
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

// --------------------------------------------------------------------------------------------------- as served

async function joinServed(join: ArchiveJoin, groups: readonly AskedGroup[]): Promise<JoinedGroup[]> {
  const { database, logs, meter, options } = join;
  const tallies = new Map(groups.map((group) => [group, newTally()]));
  for (const log of logs) {
    const mine = groups.filter(({ group }) => group.source === log.source);
    const answers = await Promise.all(mine.map((group) => createAnswers(database, group)));
    const served = new ServedFromArchive(log, mine, (records) => meter.add(records));
    for await (const { spineRow, time, entities } of questions(database, mine, 'time')) {
      const known = time - options.servingDelayMs;
      await served.advanceTo(known);
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
    await served.close();
    for (const each of answers) await each.close();
  }
  return groups.map((group) => ({ ...describe(group), ...tallies.get(group)! }));
}

async function joinOffline(
  { database, options, rows }: Join,
  groups: readonly AskedGroup[],
  folders: readonly string[],
): Promise<JoinedGroup[]> {
  const joined: JoinedGroup[] = [];
  for (const [index, asked] of groups.entries()) {
    const tally = newTally();
    const served = await ServedFromOffline.open(database, asked, folders[index]!, options.servingDelayMs);
    let asks = 0;
    await served.answer((outcome, known) => {
      options.signal?.throwIfAborted();
      tally[outcome]++;
      if (known > served.end) tally.afterEnd++;
      options.onProgress?.({ done: ++asks, total: rows });
    });
    joined.push({ ...describe(asked), ...tally, nullEntity: rows - asks });
  }
  return joined;
}

// -------------------------------------------------------------------------------------------------- event time

async function joinEventTime(join: ArchiveJoin, groups: readonly AskedGroup[]): Promise<JoinedGroup[]> {
  const { database, logs, meter } = join;
  const joined: JoinedGroup[] = [];
  for (const log of logs) {
    const mine = groups.filter(({ group }) => group.source === log.source);
    const tables = mine.map(({ group, index }) => new EventTable(group, index));
    for (const table of tables) await table.create(database);
    const end = await collect(log, mine, tables, meter);
    for (const table of tables) table.close();
    for (const [index, group] of mine.entries()) {
      joined.push(await answerFromEvents(join, group, tables[index]!, end));
    }
  }
  return groups.map(({ selected: { group } }) => joined.find((each) => each.group === group.name)!);
}

/** Reads the whole topic; returns its last log time. */
async function collect(
  log: MarkedLog,
  groups: readonly AskedGroup[],
  tables: readonly EventTable[],
  meter: ArchiveMeter,
): Promise<EventTimeMs> {
  let end = Number.NEGATIVE_INFINITY;
  const { source } = log;
  for (const partition of log.partitions) {
    const pipeline = new SourcePartition({
      source,
      partition,
      decoder: createDecoder(source),
      tasks: groups.map(({ group, entities }, index) => new EventCollector(group, entities, tables[index]!)),
      rejected: () => {},
    });
    for await (const { records, mark } of log.read(partition)) {
      pipeline.process(records);
      if (mark !== null) pipeline.mark(mark);
      meter.add(records.length);
    }
    end = Math.max(end, pipeline.clock.logTime);
  }
  return end;
}

async function answerFromEvents(
  { database, options, rows }: Join,
  asked: AskedGroup,
  table: EventTable,
  end: EventTimeMs,
): Promise<JoinedGroup> {
  const answers = await createAnswers(database, asked);
  const ranges = createRangesAt(asked.group);
  const tally = newTally();
  const events = table.read(database);
  let event = await events.next();
  let current = -1;
  for await (const { spineRow, time, entities } of questions(database, [asked], 'entity')) {
    options.signal?.throwIfAborted();
    const entity = entities[0]!;
    if (entity !== current) {
      ranges.nextEntity();
      current = entity;
    }
    for (; event.done !== true && event.value.entity <= entity; event = await events.next()) {
      const { row, eventTime, offset } = event.value;
      if (event.value.entity < entity) continue;
      if (eventTime >= time) break;
      ranges.insert(row, eventTime, offset);
    }
    answers.add(spineRow, { ...ranges.at(time), version: null, knownAt: null });
    tally.answered++;
    if (time > end) tally.afterEnd++;
  }
  await answers.close();
  return { ...describe(asked), ...tally, nullEntity: rows - tally.answered };
}

// ------------------------------------------------------------------------------------------------------ common

function createAnswers(database: ScratchDatabase, { index, group }: AskedGroup): Promise<Answers> {
  return Answers.create(database, index, group.features);
}

type Tally = { -readonly [K in keyof Omit<JoinedGroup, 'group' | 'version' | 'features'>]: number };

function newTally(): Tally {
  return { answered: 0, withoutRow: 0, expired: 0, nullEntity: 0, afterEnd: 0 };
}

function describe({ selected }: AskedGroup): Pick<JoinedGroup, 'group' | 'version' | 'features'> {
  const { group, features } = selected;
  return { group: group.name, version: group.version, features: features.map(({ column }) => column) };
}
