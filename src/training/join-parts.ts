import type { ArchiveMeter } from '../replay/archive-meter.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { Archive } from '../sources/archive-reader.ts';
import type { MarkedLog } from '../sources/marked-log.ts';
import { FeatureRows } from './feature-rows.ts';
import type { JoinedGroup, JoinOptions } from './options.ts';
import type { AskedGroup } from './questions.ts';

export interface Join {
  readonly database: ScratchDatabase;
  readonly options: JoinOptions;
  /** Of the spine. */
  readonly rows: number;
}

export interface ArchiveJoin extends Join, ArchivedLogs {}

export interface ArchivedLogs {
  readonly archive: Archive;
  /** One for each source, whose groups are joined in one pass over it. */
  readonly logs: readonly MarkedLog[];
  readonly meter: ArchiveMeter;
}

/** The relation `answers_INDEX` of a group: what each row of the spine that was answered is told, by `spine_row`. */
export function createAnswers(database: ScratchDatabase, { index, group }: AskedGroup): Promise<FeatureRows> {
  return FeatureRows.create(database, { name: `answers_${index}`, key: 'spine_row' }, group.features);
}

export type Tally = { -readonly [K in keyof Omit<JoinedGroup, 'group' | 'version' | 'features'>]: number };

export function newTally(): Tally {
  return { answered: 0, withoutRow: 0, expired: 0, nullEntity: 0, afterEnd: 0 };
}

export function describe({ selected }: AskedGroup): Pick<JoinedGroup, 'group' | 'version' | 'features'> {
  const { group, features } = selected;
  return { group: group.name, version: group.version, features: features.map(({ column }) => column) };
}
