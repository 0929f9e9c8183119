import fc from 'fast-check';
import { expect, it } from 'vitest';
import { definitionArbitrary } from './definition-arbitrary.ts';
import { logArbitrary } from './log-arbitrary.ts';
import { Oracle } from './oracle.ts';

function scenario(withCalendars: boolean) {
  return definitionArbitrary({ withCalendars }).chain((definition) =>
    logArbitrary(definition, { maxLength: 40, partitions: 1 }).map((log) => ({ definition, log })),
  );
}

it.each([
  ['', false],
  [', with calendars', true],
])(
  'the oracle finds no further revision when it looks at every window after every record%s',
  (_, calendars) => {
    fc.assert(
      fc.property(scenario(calendars), ({ definition, log }) => {
        const plain = new Oracle(definition.group);
        const thorough = new Oracle(definition.group, { thorough: true });
        for (const record of log) expect(plain.process(record)).toEqual(thorough.process(record));
      }),
      { numRuns: calendars ? 25 : 60 },
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
];

it.each([
  ['', false, 800],
  [', with calendars', true, 200],
])('the scenarios meet what the semantics tell apart%s', (_, calendars, numRuns) => {
  const met = new Map<string, number>();
  const meet = (what: string, times = 1) => met.set(what, (met.get(what) ?? 0) + times);
  for (const { definition, log } of fc.sample(scenario(calendars), { numRuns, seed: 7 })) {
    const oracle = new Oracle(definition.group);
    for (const record of log) oracle.process(record);
    for (const revision of oracle.revisions)
      meet(revision.previous === null ? revision.timing : `${revision.timing} again`);
    for (const rejection of oracle.rejected) meet(rejection.reason);
    for (const [counter, count] of Object.entries(oracle.counters)) meet(counter, count);
  }
  const rare = [...met].filter(([, times]) => times < numRuns / 80);
  expect(rare).toEqual([]);
  const reasons = calendars ? [...REASONS, 'event_time_range'] : REASONS;
  expect([...met.keys()]).toEqual(expect.arrayContaining(['early', 'on-time', 'late', ...reasons]));
});
