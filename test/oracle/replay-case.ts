import fc from 'fast-check';
import { canHold } from './archive.ts';
import { definitionArbitrary } from './definition-arbitrary.ts';
import type { WindowKind } from './frames.ts';
import { logArbitrary } from './log-arbitrary.ts';
import type { ReplayCase } from './replay-check.ts';

export function replayCaseArbitrary(maxLength: number, kind: WindowKind): fc.Arbitrary<ReplayCase> {
  return fc
    .record({ definition: definitionArbitrary(kind), partitions: fc.integer({ min: 1, max: 3 }) })
    .chain(({ definition, partitions }) =>
      fc.record({
        definition: fc.constant(definition),
        log: logArbitrary(definition, { maxLength, partitions }),
        layout: fc.constantFrom('json lines' as const, 'avro' as const),
        rows: fc.constantFrom('all' as const, 'revisions' as const, 'final' as const),
        recordsPerFile: fc.integer({ min: 1, max: 50 }),
      }),
    )
    .map((chosen) => ({
      ...chosen,
      log: chosen.log.filter((record) => canHold(chosen.layout, record)),
    }))
    .filter((chosen) => chosen.log.length > 0);
}
