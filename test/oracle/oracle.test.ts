import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import { DEFAULT_MAX_ENTITY_STATE, type Range, type WindowGrid } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { FeatureDescription } from './aggregate.ts';
import { exactIntegerSum, exactSum } from './exact.ts';
import { type GroupDescription, type LoggedRecord, Oracle, selectRows } from './oracle.ts';

/** The cases below were worked out by hand, from the definitions; the comments show the working. */

function feature(aggregate: AggregateName, lengthMs: number): FeatureDescription {
  const input = aggregate === 'count' ? null : (row: LoggedRow) => row['x'] ?? null;
  const range = { kind: 'last', lengthMs } as const;
  return {
    name: aggregate,
    aggregate,
    range,
    input,
    other: null,
    integer: true,
    parameters: {},
    where: null,
    default: null,
  };
}

type LoggedRow = Exclude<LoggedRecord['row'], string>;

function group(overrides: Partial<GroupDescription>): GroupDescription {
  return {
    grid: { kind: 'fixed', stepMs: 10, offsetMs: 0 },
    allowedLatenessMs: 0,
    maxOutOfOrdernessMs: 0,
    maxAheadMs: null,
    onNullEventTime: 'reject',
    emit: 'change',
    epoch: 0,
    maxEntityState: DEFAULT_MAX_ENTITY_STATE,
    where: null,
    entity: (row) => [row['id'] ?? null],
    key: null,
    features: [feature('count', 10)],
    ...overrides,
  };
}

/** A record at event time `at`; its timestamp is 1000 + offset unless given. */
function record(offset: number, id: string, at: number, x = 1, timestamp = 1000 + offset): LoggedRecord {
  return { offset, timestamp, key: id, row: { id, x, at }, eventTime: at };
}

/** `3 on-time a@20 [1] <- [1]`: version, timing, entity, window end, values, the values replaced. */
function line(revision: Revision): string {
  const { version, timing, entity, windowEnd, values, previous } = revision;
  const shown = (list: Revision['previous']) => (list === null ? 'nothing' : `[${list.join(' ')}]`);
  return `${version} ${timing} ${entity.join()}@${windowEnd} ${shown(values)} <- ${shown(previous)}`;
}

function run(description: GroupDescription, records: readonly LoggedRecord[]): Oracle {
  const oracle = new Oracle(description);
  for (const next of records) oracle.process(next);
  return oracle;
}

describe('the oracle, against cases worked out by hand', () => {
  it('makes an enter row early and on time, then a leave row when the events expire', () => {
    // step 10, count over 10: a at τ=3 is in [0,10). W: 3, then 25 from b, so 10 and 20 close; b's window is 30.
    // T=10: {a} against {} at 0: enter. T=20: {} against {a} at 10: leave, all empty.
    const { revisions } = run(group({}), [record(0, 'a', 3), record(1, 'b', 25)]);
    expect(revisions.map(line)).toEqual([
      '1 early a@10 [1] <- nothing',
      '2 on-time a@10 [1] <- [1]',
      '2 on-time a@20 [0] <- nothing',
      '2 early b@30 [1] <- nothing',
    ]);
  });

  it('judges a record against the watermark before it and closes with the watermark after it', () => {
    // τ=10 is the first time beyond [0,10) and makes W=10, which closes T=10 in the same step.
    const { revisions } = run(group({}), [record(0, 'a', 9), record(1, 'a', 10)]);
    expect(revisions.map(line)).toEqual([
      '1 early a@10 [1] <- nothing',
      '2 on-time a@10 [1] <- [1]',
      '2 early a@20 [1] <- nothing',
    ]);
  });

  it('holds windows open for the allowed disorder', () => {
    // maxOutOfOrderness 5: after τ=14 W is 9, so T=10 is open and takes τ=2; τ=15 makes W=10.
    const oracle = run(group({ maxOutOfOrdernessMs: 5 }), [
      record(0, 'a', 14),
      record(1, 'a', 2),
      record(2, 'a', 15),
    ]);
    expect(oracle.revisions.map(line)).toEqual([
      '1 early a@20 [1] <- nothing',
      '2 early a@10 [1] <- nothing',
      '3 on-time a@10 [1] <- [1]',
      '3 early a@20 [2] <- [1]',
    ]);
    expect(oracle.counters.late).toBe(0);
  });

  it('revises a closed window until it is final', () => {
    // lateness 10: T=10 is final once W ≥ 20. At offset 2 W is 15: T=10 and T=20 take τ=5 ([0,10) only holds it).
    // At offset 4 W is 20: T=10 is final, so the second τ=5 is dropped: missed 10 to 10, one window.
    const oracle = run(group({ allowedLatenessMs: 10 }), [
      record(0, 'a', 4),
      record(1, 'b', 15),
      record(2, 'a', 5),
      record(3, 'b', 20),
      record(4, 'a', 5),
    ]);
    expect(oracle.revisions.map(line)).toEqual([
      '1 early a@10 [1] <- nothing',
      '2 on-time a@10 [1] <- [1]',
      '2 early b@20 [1] <- nothing',
      '3 late a@10 [2] <- [1]',
      // T=20 leaves what T=10 held; it closes when W reaches 20.
      '4 on-time a@20 [0] <- nothing',
      '4 on-time b@20 [1] <- [1]',
      '4 early b@30 [1] <- nothing',
    ]);
    expect(oracle.dropped).toEqual([
      {
        offset: 4,
        timestamp: 1004,
        eventTime: 5,
        watermark: 20,
        missedFirst: 10,
        missedLast: 10,
        missedCount: 1,
      },
    ]);
    expect(oracle.counters).toMatchObject({ accepted: 5, late: 2, partlyLate: 0, dropped: 1 });
  });

  it('lets a partly late record join at the first window that is not final', () => {
    // step 10, count over 30, no lateness. W=15 when a's τ=2 comes: T=10 is final, T=20 and T=30 are not.
    // T=20: {a} against {} at 10 (not admitted there): enter, by lateness alone. T=30: equal. T=40: leave.
    const oracle = run(group({ features: [feature('count', 30)] }), [
      record(0, 'b', 15),
      record(1, 'a', 2),
      record(2, 'b', 41),
    ]);
    expect(oracle.revisions.map(line).filter((text) => text.includes('a@'))).toEqual([
      '2 early a@20 [1] <- nothing',
      '3 on-time a@20 [1] <- [1]',
      '3 on-time a@40 [0] <- nothing',
    ]);
    expect(oracle.counters).toMatchObject({ late: 1, partlyLate: 1, dropped: 0 });
  });

  it('makes late rows exist, also the leave row after them', () => {
    // lateness 100, count over 10. W=35 when τ=2 comes: T=10 did not exist and is closed: late, by a record that
    // makes it exist. T=20 leaves it: it did not exist either, and now does, late too, though its values are empty.
    const { revisions } = run(group({ allowedLatenessMs: 100 }), [record(0, 'b', 35), record(1, 'a', 2)]);
    expect(revisions.map(line)).toEqual([
      '1 early b@40 [1] <- nothing',
      '2 late a@10 [1] <- nothing',
      '2 late a@20 [0] <- nothing',
    ]);
  });

  it('says nothing late when the values stay as they were', () => {
    // max over 10: a second 1 at τ=5 changes no maximum of T=10, which exists already; nor the leave row at 20.
    const { revisions } = run(group({ allowedLatenessMs: 100, features: [feature('max', 10)] }), [
      record(0, 'a', 4),
      record(1, 'b', 15),
      record(2, 'a', 5),
      record(3, 'a', 6, 7),
    ]);
    expect(revisions.map(line)).toEqual([
      '1 early a@10 [1] <- nothing',
      '2 on-time a@10 [1] <- [1]',
      '2 early b@20 [1] <- nothing',
      '4 late a@10 [7] <- [1]',
    ]);
  });

  it('keeps a row without news between enter and leave, and falls feature by feature', () => {
    // count over 10 and sum over 30 of one event at τ=5, x=7: T=10 enters both; T=20 leaves the count; at T=30 both
    // contents equal those of T=20, so no row; T=40 leaves the sum, which is null of nothing.
    const { revisions } = run(group({ features: [feature('count', 10), feature('sum', 30)] }), [
      record(0, 'a', 5, 7),
      record(1, 'b', 100),
    ]);
    expect(revisions.map(line).filter((text) => text.includes('a@'))).toEqual([
      '1 early a@10 [1 7] <- nothing',
      '2 on-time a@10 [1 7] <- [1 7]',
      '2 on-time a@20 [0 7] <- nothing',
      '2 on-time a@40 [0 ] <- nothing',
    ]);
  });

  it('takes a length that is no multiple of the step', () => {
    // step 10, count over 15: τ=4 is in [-5,10) only; τ=7 in [-5,10) and [5,20). T=20 leaves τ=4, T=30 leaves τ=7.
    const { revisions } = run(group({ features: [feature('count', 15)] }), [
      record(0, 'a', 4),
      record(1, 'a', 7),
      record(2, 'b', 50),
    ]);
    expect(revisions.map(line).filter((text) => text.includes('on-time a@'))).toEqual([
      '3 on-time a@10 [2] <- [2]',
      '3 on-time a@20 [1] <- nothing',
      '3 on-time a@30 [0] <- nothing',
    ]);
  });

  it('has grid times at the offset and before 1970', () => {
    // T ≡ 3 mod 10. τ=-18 is in [-27,-17): T=-17. τ=-17 starts the next: T=-7. τ=2 is in [-7,3): T=3.
    const { revisions } = run(
      group({ grid: { kind: 'fixed', stepMs: 10, offsetMs: 3 }, maxOutOfOrdernessMs: 1000 }),
      [record(0, 'a', -18), record(1, 'a', -17), record(2, 'a', 2)],
    );
    expect(revisions.map(line)).toEqual([
      '1 early a@-17 [1] <- nothing',
      '2 early a@-7 [1] <- nothing',
      '3 early a@3 [1] <- nothing',
    ]);
  });

  it('turns a leave row into an enter row when an event joins it', () => {
    // count over 20, τ=1: T=10 enter, T=30 leave (not yet told, leave rows wait for their close). τ=25: T=30 enters,
    // and its count, 1, is what the leave row's 0 would have become.
    const { revisions } = run(group({ maxOutOfOrdernessMs: 1000, features: [feature('count', 20)] }), [
      record(0, 'a', 1),
      record(1, 'a', 25),
    ]);
    expect(revisions.map(line)).toEqual(['1 early a@10 [1] <- nothing', '2 early a@30 [1] <- nothing']);
  });

  it('knows a row at the log time, which never goes back', () => {
    const { revisions } = run(group({ maxOutOfOrdernessMs: 1000 }), [
      record(0, 'a', 1, 1, 5000),
      record(1, 'a', 2, 1, 4000),
      { ...record(2, 'a', 3, 1, 6000), row: 'undecodable' },
      record(3, 'a', 4, 1, 4500),
    ]);
    expect(revisions.map((revision) => revision.knownAt)).toEqual([5000, 5000, 6000]);
    expect(revisions.map((revision) => revision.version)).toEqual([1, 2, 4]);
  });

  it('counts versions above the epoch', () => {
    const { revisions } = run(group({ epoch: 2 }), [record(7, 'a', 1)]);
    expect(revisions.map((revision) => revision.version)).toEqual([2 * 2 ** 43 + 8]);
  });

  it('closes windows at a mark, with the version of the record before it', () => {
    const oracle = run(group({}), [{ ...record(4, 'a', 3), marks: [{ watermark: 20, logTime: 900 }] }]);
    expect(oracle.revisions.map(line)).toEqual([
      '5 early a@10 [1] <- nothing',
      '5 on-time a@10 [1] <- [1]',
      '5 on-time a@20 [0] <- nothing',
    ]);
    expect(oracle.revisions.at(-1)!.knownAt).toBe(1004);
  });

  it('knows rows at the log time of their mark, and judges what comes after against its watermark', () => {
    // W = 3, then 12 by the mark: T=10 closes at 5000, which is log time from then on, also for τ=11. τ=9 is dropped.
    // A mark that is behind the watermark changes nothing.
    const oracle = run(group({}), [
      {
        ...record(0, 'a', 3),
        marks: [
          { watermark: 12, logTime: 5000 },
          { watermark: 11, logTime: 4000 },
        ],
      },
      record(1, 'a', 9),
      record(2, 'a', 11),
    ]);
    expect(oracle.revisions.map((revision) => `${line(revision)}, known at ${revision.knownAt}`)).toEqual([
      '1 early a@10 [1] <- nothing, known at 1000',
      '1 on-time a@10 [1] <- [1], known at 5000',
      '3 early a@20 [1] <- nothing, known at 5000',
    ]);
    expect(oracle.dropped).toMatchObject([{ offset: 1, watermark: 12, missedFirst: 10, missedLast: 10 }]);
  });

  it('leaves out early revisions under emit close, so that the first one told replaces nothing', () => {
    const { revisions } = run(group({ emit: 'close' }), [record(0, 'a', 3), record(1, 'b', 15)]);
    expect(revisions.map(line)).toEqual(['2 on-time a@10 [1] <- nothing']);
  });

  it('rejects with the first reason that applies and moves the watermark for what the group passes over', () => {
    const description = group({
      maxAheadMs: 5,
      where: (row) => (row['x'] as number) > 0,
      key: (row) => row['id'] ?? null,
    });
    const oracle = run(description, [
      { ...record(0, 'a', 3), timestamp: -1, row: 'null_value' },
      { ...record(1, 'a', 3), row: 'schema' },
      { ...record(2, 'a', 3), eventTime: null },
      record(3, 'a', 1009), // λ = 1003: more than 5 ahead
      record(4, 'a', 1009), // λ = 1004: not more than 5 ahead
      { ...record(5, 'a', 1001), key: null },
      { ...record(6, 'a', 1001), row: { id: null, x: 1 } },
      record(7, 'a', 1012, 0), // no match for where, but W is 1012 now
      record(8, 'a', 1009),
    ]);
    expect(oracle.rejected.map(({ offset, by, reason }) => `${offset} ${by} ${reason}`)).toEqual([
      '0 source no_timestamp',
      '1 source schema',
      '2 source null_event_time',
      '3 source ahead',
      '5 group key_mismatch',
      '6 group null_entity',
    ]);
    expect(oracle.watermark).toBe(1012);
    expect(oracle.dropped.map((drop) => drop.offset)).toEqual([8]);
    expect(oracle.counters).toMatchObject({
      accepted: 5,
      filtered: 1,
      rejectedBySource: 4,
      rejectedByGroup: 2,
    });
  });

  it('reads a missing event time as the log time where the source says so', () => {
    const { revisions } = run(group({ onNullEventTime: 'logTime' }), [
      { ...record(0, 'a', 0, 1, 1004), eventTime: null },
    ]);
    expect(revisions.map(line)).toEqual(['1 early a@1010 [1] <- nothing']);
  });

  it('selects all revisions, those at or after the close, or the last of each row, sorted by row', () => {
    const { revisions } = run(group({ allowedLatenessMs: 100 }), [
      record(0, 'b', 3),
      record(1, 'a', 4),
      record(2, 'c', 12),
      record(3, 'b', 5),
    ]);
    const lines = (rows: 'all' | 'revisions' | 'final') => selectRows(revisions, rows).map(line);
    expect(lines('all')).toEqual([
      '2 early a@10 [1] <- nothing',
      '3 on-time a@10 [1] <- [1]',
      '1 early b@10 [1] <- nothing',
      '3 on-time b@10 [1] <- [1]',
      '4 late b@10 [2] <- [1]',
      '3 early c@20 [1] <- nothing',
    ]);
    expect(lines('revisions')).toEqual([
      '3 on-time a@10 [1] <- [1]',
      '3 on-time b@10 [1] <- [1]',
      '4 late b@10 [2] <- [1]',
    ]);
    expect(lines('final')).toEqual([
      '3 on-time a@10 [1] <- [1]',
      '4 late b@10 [2] <- [1]',
      '3 early c@20 [1] <- nothing',
    ]);
  });
});

/** A group of one count over a range. */
function counting(
  grid: WindowGrid,
  range: Range,
  overrides: Partial<GroupDescription> = {},
): GroupDescription {
  return group({ grid, features: [{ ...feature('count', 1), range }], ...overrides });
}

const at = (text: string): number => Date.parse(text);

/** Like {@link line}, with the window end as a time of UTC. */
function dated(revision: Revision): string {
  const end = new Date(revision.windowEnd).toISOString().slice(0, 16);
  return line(revision).replace(`@${revision.windowEnd}`, `@${end}`);
}

describe('the oracle on calendars, against cases worked out by hand', () => {
  const NEW_YORK = { unit: 'day', zone: 'America/New_York' } as const;

  it('counts today so far, and forgets it one step after the day has ended', () => {
    // Kolkata's 2nd of June begins at 18:30Z of the 1st. Step 6 h at 0:30, 6:30, 12:30 and 18:30Z. a at 13:00Z is in
    // the windows that end at 18:30Z (whose last millisecond is still of the 1st of June) and in no later one: leave
    // at 0:30Z.
    const grid = { kind: 'fixed', stepMs: 21_600_000, offsetMs: 1_800_000 } as const;
    const since = { kind: 'since', unit: 'day', zone: 'Asia/Kolkata' } as const;
    const { revisions } = run(counting(grid, since), [
      record(0, 'a', at('2026-06-01T05:00Z')),
      record(1, 'a', at('2026-06-01T13:00Z')),
      record(2, 'b', at('2026-06-02T12:00Z')),
    ]);
    expect(revisions.map(dated).filter((text) => !text.includes(' b@'))).toEqual([
      '1 early a@2026-06-01T06:30 [1] <- nothing',
      '2 on-time a@2026-06-01T06:30 [1] <- [1]',
      '2 early a@2026-06-01T18:30 [2] <- nothing',
      '3 on-time a@2026-06-01T18:30 [2] <- [2]',
      '3 on-time a@2026-06-02T00:30 [0] <- nothing',
    ]);
  });

  it('has grid times where days begin, 23 and 25 hours apart when clocks change', () => {
    // 2026-03-08 in New York is [05:00Z, 04:00Z of the 9th). Two days hold a from the 9th to the 10th; leave at the 11th.
    const length = { kind: 'lastUnits', count: 2 } as const;
    const { revisions } = run(counting({ kind: 'calendar', ...NEW_YORK }, length), [
      record(0, 'a', at('2026-03-08T05:00Z')),
      record(1, 'b', at('2026-03-11T04:00Z')),
    ]);
    expect(revisions.map(dated).filter((text) => text.includes(' a@'))).toEqual([
      '1 early a@2026-03-09T04:00 [1] <- nothing',
      '2 on-time a@2026-03-09T04:00 [1] <- [1]',
      '2 on-time a@2026-03-11T04:00 [0] <- nothing',
    ]);
  });

  it('counts no day that was skipped', () => {
    // Apia: the 29th of December ends at 2011-12-30T10:00Z, and the 31st begins there. Two days from the 29th on are
    // the 29th and the 31st: held at 12-30T10:00Z and 12-31T10:00Z, left at 01-01T10:00Z.
    const grid = { kind: 'calendar', unit: 'day', zone: 'Pacific/Apia' } as const;
    const { revisions } = run(counting(grid, { kind: 'lastUnits', count: 2 }), [
      record(0, 'a', at('2011-12-30T09:59Z')),
      record(1, 'b', at('2012-01-01T10:00Z')),
    ]);
    expect(revisions.map(dated).filter((text) => text.includes('on-time a@'))).toEqual([
      '2 on-time a@2011-12-30T10:00 [1] <- [1]',
      '2 on-time a@2012-01-01T10:00 [0] <- nothing',
    ]);
  });

  it('counts a lifetime: nothing leaves, and what is late joins at the first window that is not final', () => {
    // Step 10. W=35 when τ=2 comes: T=10, 20 and 30 are final, so it enters at T=40, and stays. τ=33 is in T=40 too.
    const oracle = run(counting({ kind: 'fixed', stepMs: 10, offsetMs: 0 }, { kind: 'lifetime' }), [
      record(0, 'a', 3),
      record(1, 'b', 35),
      record(2, 'a', 2),
      record(3, 'a', 33),
      record(4, 'b', 95),
    ]);
    expect(oracle.revisions.map(line).filter((text) => text.includes(' a@'))).toEqual([
      '1 early a@10 [1] <- nothing',
      '2 on-time a@10 [1] <- [1]',
      '3 early a@40 [2] <- nothing',
      '4 early a@40 [3] <- [2]',
      '5 on-time a@40 [3] <- [3]',
    ]);
    expect(oracle.counters).toMatchObject({ late: 1, partlyLate: 1, dropped: 0 });
  });

  it('takes event times of 1970 to 2099 where there is a calendar, and moves the watermark for the others', () => {
    const grid = { kind: 'calendar', unit: 'month', zone: 'UTC' } as const;
    const times = [
      '1969-12-31T23:59:59.999Z',
      '1970-01-01T00:00Z',
      '2099-12-31T23:59:59.999Z',
      '2100-01-01T00:00Z',
    ];
    const oracle = run(
      counting(grid, { kind: 'lifetime' }),
      times.map((time, offset) => record(offset, 'a', at(time))),
    );
    expect(oracle.rejected).toEqual([
      { offset: 0, by: 'group', reason: 'event_time_range' },
      { offset: 3, by: 'group', reason: 'event_time_range' },
    ]);
    expect(oracle.watermark).toBe(at('2100-01-01T00:00Z'));
    expect(oracle.revisions.map(dated).at(-1)).toBe('4 on-time a@2100-01-01T00:00 [2] <- [2]');
  });
});

describe('the exact arithmetic of the oracle', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

  it('adds two doubles as IEEE addition does, which is correctly rounded', () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        expect(exactSum([a, b])).toBe(a + b + 0);
      }),
    );
  });

  it('takes everything back without a trace', () => {
    fc.assert(
      fc.property(fc.array(finite), finite, (values, last) => {
        const back = values.map((value) => -value);
        expect(exactSum([...values, last, ...back])).toBe(last + 0);
      }),
    );
  });

  it('rounds once, ties to even', () => {
    expect(exactSum([0.1, 0.2, 0.3])).toBe(0.6); // 0.1 + 0.2 + 0.3 in steps is 0.6000000000000001
    expect(exactSum([1, 2 ** -53])).toBe(1);
    expect(exactSum([1, 2 ** -53, 2 ** -1074])).toBe(1 + 2 ** -52);
    expect(exactSum([1e308, 1e308, -1e308])).toBe(1e308);
    expect(exactSum([1e308, 1e308])).toBe(Number.POSITIVE_INFINITY);
    expect(exactSum([5e-324, 5e-324])).toBe(1e-323);
    expect(exactSum([-0])).toBe(0);
  });

  it('keeps integer sums within ±(2^53 − 1)', () => {
    const limit = Number.MAX_SAFE_INTEGER;
    expect(exactIntegerSum([limit, limit, -limit])).toBe(limit);
    expect(exactIntegerSum([limit, 1])).toBeNull();
    expect(exactIntegerSum([-limit, -1])).toBeNull();
  });
});
