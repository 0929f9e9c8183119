import { TidemarkError } from '../errors.ts';
import type { FeatureGroup } from './definition.ts';
import { placeOfDefinition } from './definition-place.ts';

/**
 * Refuses a group that cannot be computed partition by partition: all records of an entity must be in one
 * partition, which holds when the entity includes the field that the record key holds.
 */
export function assertRunnable(group: FeatureGroup, file: string): void {
  const { key, name } = group.source;
  if (key === null || group.entity.includes(key)) return;
  throw new TidemarkError(
    `feature group ${group.name}: entity ${group.entity.join(', ')} does not include ${key}, the key of source ${name}`,
    {
      code: 'ENTITY_WITHOUT_KEY',
      place: { file, ...placeOfDefinition(group) },
      remedy:
        `Its records would be spread over partitions. Add ${key} to the entity, or write the topic again ` +
        `keyed by ${group.entity[0]}.`,
    },
  );
}
