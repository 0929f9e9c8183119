import { join } from 'node:path';
import type { FeatureGroup } from '../definitions/definition.ts';

/** Where the files of a group's version stand below an output's folder. */
export function groupFolder(group: Pick<FeatureGroup, 'name' | 'version'>): string {
  return join(group.name, `v=${group.version}`);
}
