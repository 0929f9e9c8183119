import { TidemarkError } from '../errors.ts';
import type { Definitions, FeatureGroup } from './definition.ts';
import { suggestName } from './nearest.ts';

/**
 * The groups of these names (every version of each), or all.
 *
 * @throws TidemarkError `GROUP_UNKNOWN` for a name that the definitions do not have, `NO_GROUPS` when they have none
 */
export function selectGroups(
  definitions: Definitions,
  names: readonly string[] | null,
): readonly FeatureGroup[] {
  refuseNoGroups(definitions);
  const { file, groups } = definitions;
  if (names === null) return groups;
  const known = groups.map((group) => group.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new TidemarkError(`there is no feature group '${name}'`, {
      code: 'GROUP_UNKNOWN',
      place: { file },
      remedy: `In this file ${suggestName(name, known)}`,
      exitCode: 2,
    });
  }
  return groups.filter((group) => names.includes(group.name));
}

/** @throws TidemarkError `NO_GROUPS` */
export function refuseNoGroups({ file, groups }: Definitions): void {
  if (groups.length > 0) return;
  throw new TidemarkError('the file defines no feature group', {
    code: 'NO_GROUPS',
    place: { file },
    remedy: 'Export a feature group: `export const name = defineFeatureGroup({ … })`.',
  });
}
