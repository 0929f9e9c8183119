import fc from 'fast-check';
import { expect, it } from 'vitest';
import { definitionArbitrary } from './definition-arbitrary.ts';
import type { WindowKind } from './frames.ts';
import { logArbitrary } from './log-arbitrary.ts';
import { Oracle } from './oracle.ts';

function scenario(windows: WindowKind) {
  return definitionArbitrary(windows).chain((definition) =>
    logArbitrary(definition, { maxLength: 40, partitions: 1 }).map((log) => ({ definition, log })),
  );
}

it.each(['steps', 'calendars'] as const)(
  'the oracle finds no further revision when it looks at every window after every record: %s',
  (windows) => {
    fc.assert(
      fc.property(scenario(windows), ({ definition, log }) => {
        const plain = new Oracle(definition.group);
        const thorough = new Oracle(definition.group, { thorough: true });
        for (const record of log) expect(plain.process(record)).toEqual(thorough.process(record));
      }),
      { numRuns: windows === 'calendars' ? 25 : 60 },
    );
  },
);

const REASONS = [
  'no_timestamp',
  'null_value',
  'undecodable',
  'schema',
  'null_event_time',
  'ahead',
  'null_entity',
  'key_mismatch',
  'entity_too_large',
];

it.each([
  ['steps', 800],
  ['calendars', 200],
  ['sessions', 600],
] as const)('the scenarios meet what the semantics tell apart: %s', (windows, numRuns) => {
  const met = new Map<string, number>();
  const meet = (what: string, times = 1) => met.set(what, (met.get(what) ?? 0) + times);
  for (const { definition, log } of fc.sample(scenario(windows), { numRuns, seed: 7 })) {
    const oracle = new Oracle(definition.group);
    for (const record of log) {
      const made = oracle.process(record).filter(({ timing }) => timing !== 'late');
      // What a record makes early its own watermark does not close.
      const rows = new Set(made.map(({ entity, windowEnd }) => JSON.stringify([entity, windowEnd])));
      if (rows.size < made.length) meet('early, then on-time by a mark');
    }
    for (const { timing, deleted, previous } of oracle.revisions) {
      meet(deleted ? `${timing}, deleted` : previous === null ? timing : `${timing} again`);
    }
    for (const rejection of oracle.rejected) meet(rejection.reason);
    for (const [counter, count] of Object.entries(oracle.counters)) meet(counter, count);
  }
  const neverMet = windows === 'sessions' ? ['partlyLate'] : [];
  const rare = [...met].filter(([what, times]) => times < numRuns / 80 && !neverMet.includes(what));
  expect(rare).toEqual([]);
  const reasons = windows === 'calendars' ? [...REASONS, 'event_time_range'] : REASONS;
  const retractions = windows === 'sessions' ? ['early, deleted', 'late, deleted'] : [];
  const wanted = ['early', 'on-time', 'late', 'early, then on-time by a mark', ...retractions, ...reasons];
  expect([...met.keys()]).toEqual(expect.arrayContaining(wanted));
});
