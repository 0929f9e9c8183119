import { finish, SourcePartition } from '../operators/source-partition.ts';
import type { ArchiveMeter } from '../replay/archive-meter.ts';
import { createDecoder } from '../sources/decode-record.ts';
import type { MarkedLog } from '../sources/marked-log.ts';
import type { EventTimeMs } from '../time.ts';
import { EventCollector, EventTable } from './event-collector.ts';
import { type ArchiveJoin, createAnswers, describe, type Join, newTally } from './join-parts.ts';
import { EventsSeen } from './leak-check.ts';
import type { JoinedGroup } from './options.ts';
import { type AskedGroup, questions } from './questions.ts';
import { createRangesAt } from './ranges-at.ts';

/** Answers by event time: the events of the spine's entities are collected and put into ranges in their order. */
export async function joinEventTime(
  join: ArchiveJoin,
  groups: readonly AskedGroup[],
): Promise<JoinedGroup[]> {
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
    for await (const part of log.read(partition)) {
      finish(pipeline.part(part));
      meter.add(part.records.length);
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
  const seen = options.checkLeaks ? await EventsSeen.create(database, asked.index) : null;
  const ranges = createRangesAt(asked.group);
  const tally = newTally();
  const events = new Batches(table.read(database));
  let current = -1;
  let inserted = 0;
  for await (const asks of questions(database, [asked], 'entity')) {
    options.signal?.throwIfAborted();
    for (const { spineRow, time, entities } of asks) {
      const entity = entities[0]!;
      if (entity !== current) {
        ranges.nextEntity();
        current = entity;
        inserted = 0;
      }
      for (; events.head !== undefined || (await events.read()); events.next()) {
        const { entity: owner, row, eventTime, offset } = events.head!;
        if (owner < entity) continue;
        if (owner > entity || eventTime >= time) break;
        ranges.insert(row, eventTime, offset);
        inserted++;
      }
      answers.add(spineRow, { ...ranges.at(time), version: null, knownAt: null });
      seen?.add(spineRow, inserted);
      tally.answered++;
      if (time > end) tally.afterEnd++;
    }
  }
  await answers.close();
  seen?.close();
  return { ...describe(asked), ...tally, nullEntity: rows - tally.answered };
}

/** Goes through batches one by one, and waits only where one ends. */
class Batches<T> {
  readonly #batches: AsyncIterator<readonly T[]>;
  #batch: readonly T[] = [];
  #place = 0;

  constructor(batches: AsyncIterator<readonly T[]>) {
    this.#batches = batches;
  }

  /** Undefined where a batch ends. */
  get head(): T | undefined {
    return this.#batch[this.#place];
  }

  next(): void {
    this.#place++;
  }

  /** Goes on with the next batch; false when there is none. */
  async read(): Promise<boolean> {
    const next = await this.#batches.next();
    this.#batch = next.done === true ? [] : next.value;
    this.#place = 0;
    return this.#batch.length > 0;
  }
}
