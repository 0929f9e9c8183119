import type { FeatureGroup } from '../definitions/definition.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs } from '../time.ts';
import { EntityNumbers } from './entity-numbers.ts';
import type { SelectedGroup } from './selection.ts';
import { entityJoin, numberEntities, type Spine } from './spine.ts';

/** A selected group and what the spine asks of it. Its tables in the database end in `index`. */
export interface AskedGroup {
  readonly index: number;
  readonly selected: SelectedGroup;
  /** The group with the selected features only. */
  readonly group: FeatureGroup;
  readonly entities: EntityNumbers;
}

export async function askGroup(
  database: ScratchDatabase,
  spine: Spine,
  selected: SelectedGroup,
  index: number,
): Promise<AskedGroup> {
  const group = { ...selected.group, features: selected.features.map(({ feature }) => feature) };
  await numberEntities(database, spine, group, index);
  return { index, selected, group, entities: await EntityNumbers.read(database, group, index) };
}

/** One row of the spine: what it asks of some groups. */
export interface Question {
  readonly spineRow: number;
  readonly time: EventTimeMs;
  /** The entity's number in each of the groups; null where a field of it is null. */
  readonly entities: readonly (number | null)[];
}

/**
 * Every row of the spine, some at a time, by time, or by the first group's entity (those without one left out) and time.
 */
export async function* questions(
  database: ScratchDatabase,
  groups: readonly AskedGroup[],
  order: 'time' | 'entity',
): AsyncGenerator<Question[]> {
  const numbers = groups.map(({ index }) => `n${index}.number`);
  const joins = groups.map(
    ({ group, index }) =>
      ` JOIN (SELECT k.spine_row, e.number FROM ${entityJoin(group, index)}) n${index} ON n${index}.spine_row = s.spine_row`,
  );
  const only = order === 'entity' ? ` WHERE ${numbers[0]} IS NOT NULL` : '';
  const by = order === 'entity' ? `${numbers[0]}, t` : 't';
  const batches = database.batches(`
    SELECT s.spine_row, s.t, ${numbers.join(', ')}
    FROM times s${joins.join('')}${only} ORDER BY ${by}`);
  for await (const rows of batches) {
    yield rows.map((row) => {
      const [spineRow, time, ...entities] = row as [number, number, ...(number | null)[]];
      return { spineRow, time, entities };
    });
  }
}
