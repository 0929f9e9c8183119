import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGGREGATE_NAMES } from '../../src/definitions/aggregate-signatures.ts';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';

/**
 * The group that a page shows only the interesting options of.
 * @param source the definition of the source `clicks`
 * @param options lines inside of `defineFeatureGroup({ … })`
 * @throws DefinitionError when the definition is refused
 */
export async function loadSnippet(source: string, options: string): Promise<FeatureGroup> {
  const names = ['defineFeatureGroup', 'defineSource', 'field', ...AGGREGATE_NAMES].join(', ');
  const text = `import { ${names} } from 'tidemark';
${source}
export const group = defineFeatureGroup({ name: 'clicks', version: 1, source: clicks, entity: 'user',
${options}
});
`;
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-docs-'));
  const file = join(folder.path, 'definitions.ts');
  writeFileSync(file, text);
  const { groups } = await loadDefinitions(file);
  return groups[0]!;
}
