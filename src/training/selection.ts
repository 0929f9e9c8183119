import type { Definitions, Feature, FeatureGroup } from '../definitions/definition.ts';
import { suggestName } from '../definitions/nearest.ts';
import { refuseNoGroups } from '../definitions/select-groups.ts';
import { TidemarkError } from '../errors.ts';

/** The features of one group that a training set is to have. */
export interface SelectedGroup {
  readonly group: FeatureGroup;
  readonly features: readonly SelectedFeature[];
  /** What the columns that say which row was taken are called. */
  readonly windowEndColumn: string;
  readonly versionColumn: string;
  readonly knownAtColumn: string;
  /** How old the row's values were; null: not asked for. */
  readonly ageColumn: string | null;
}

export interface SelectedFeature {
  readonly feature: Feature;
  /** Its place among the group's features. */
  readonly index: number;
  /** What its column is called. */
  readonly column: string;
}

/**
 * The groups and features of these names: `group`, or `group.feature`; all for null. They stand in the order of the
 * definitions, however they were named.
 *
 * @throws TidemarkError for a name that there is not, a group of several versions, and columns of one name
 */
export function selectFeatures(
  definitions: Definitions,
  names: readonly string[] | null,
  options: {
    readonly fullNames: boolean;
    readonly withAge: boolean;
    readonly spineColumns: readonly string[];
  },
): readonly SelectedGroup[] {
  const wanted = wantedFeatures(definitions, names);
  const groups = [...wanted].map(
    ([group, features]): SelectedGroup => ({
      group,
      features: group.features.flatMap((feature, index) => {
        if (!features.has(feature)) return [];
        return [
          { feature, index, column: options.fullNames ? `${group.name}__${feature.name}` : feature.name },
        ];
      }),
      windowEndColumn: `${group.name}__window_end`,
      versionColumn: `${group.name}__version`,
      knownAtColumn: `${group.name}__known_at`,
      ageColumn: options.withAge ? `${group.name}__age_ms` : null,
    }),
  );
  refuseTwoVersions(groups, definitions.file);
  refuseEqualColumns(groups, options.spineColumns, options.fullNames);
  return groups;
}

/** Every column that is added to the spine's, in order, with the group that it is of. */
function addedColumns(
  groups: readonly SelectedGroup[],
): { readonly column: string; readonly group: FeatureGroup }[] {
  const features = groups.flatMap(({ group, features }) => features.map(({ column }) => ({ column, group })));
  const origins = groups.flatMap(({ group, windowEndColumn, versionColumn, knownAtColumn, ageColumn }) =>
    [windowEndColumn, versionColumn, knownAtColumn, ageColumn]
      .filter((column) => column !== null)
      .map((column) => ({ column, group })),
  );
  return [...features, ...origins];
}

function wantedFeatures(
  definitions: Definitions,
  names: readonly string[] | null,
): ReadonlyMap<FeatureGroup, ReadonlySet<Feature>> {
  refuseNoGroups(definitions);
  const { file, groups } = definitions;
  const wanted = new Map<FeatureGroup, Set<Feature>>();
  for (const name of names ?? groups.map((group) => group.name)) {
    const [groupName, featureName] = name.split('.', 2);
    const named = groups.filter((group) => group.name === groupName);
    if (named.length === 0)
      throw unknownName(`there is no feature group '${groupName}'`, groupName!, groups, file);
    for (const group of named) {
      const features = group.features.filter(
        (feature) => featureName === undefined || feature.name === featureName,
      );
      if (features.length === 0) {
        const problem = `feature group ${group.name} has no feature '${featureName}'`;
        throw unknownName(problem, featureName!, group.features, file);
      }
      const chosen = wanted.get(group) ?? new Set();
      for (const feature of features) chosen.add(feature);
      wanted.set(group, chosen);
    }
  }
  // In the order of the definitions.
  return new Map(
    groups.flatMap((group) => (wanted.has(group) ? [[group, wanted.get(group)!] as const] : [])),
  );
}

function unknownName(
  message: string,
  name: string,
  known: readonly { readonly name: string }[],
  file: string,
): TidemarkError {
  const names = known.map((each) => each.name);
  return new TidemarkError(message, {
    code: 'FEATURE_UNKNOWN',
    place: { file },
    remedy: `In this file ${suggestName(name, names)}`,
    exitCode: 2,
  });
}

function refuseTwoVersions(groups: readonly SelectedGroup[], file: string): void {
  const names = groups.map(({ group }) => group.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new TidemarkError(`feature group ${twice} is defined in several versions`, {
    code: 'GROUP_VERSIONS',
    place: { file },
    remedy: 'A training set takes one version of a group: keep that one in a definitions file of its own.',
    exitCode: 2,
  });
}

/** Names of columns are told apart as SQL does: without upper and lower case. */
function refuseEqualColumns(
  groups: readonly SelectedGroup[],
  spineColumns: readonly string[],
  fullNames: boolean,
): void {
  const taken = new Map(spineColumns.map((column) => [column.toLowerCase(), 'the spine']));
  for (const { column, group } of addedColumns(groups)) {
    const owner = taken.get(column.toLowerCase());
    if (owner !== undefined) {
      throw new TidemarkError(
        `the training set would have two columns '${column}', of ${owner} and of ${group.name}`,
        {
          code: 'COLUMN_TWICE',
          remedy: fullNames
            ? 'Rename the column of the spine.'
            : 'Give --full-names, which names features GROUP__FEATURE, or rename the column of the spine.',
          exitCode: 2,
        },
      );
    }
    taken.set(column.toLowerCase(), group.name);
  }
}
