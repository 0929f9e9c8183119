import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BEAT_INTERVAL_MS, LEAST_SILENCE_MS, SilentMembers } from '../../src/sources/silent-members.ts';

const SESSION_MS = 15_000;
const PATIENCE = LEAST_SILENCE_MS / BEAT_INTERVAL_MS + 1;

/** A watcher, and what it makes of a log in which `.` is a heartbeat of its own, a letter one of another worker. */
function silentIn(log: string, sessionMs = SESSION_MS): string[] {
  const members = new SilentMembers('.', sessionMs);
  return [...log].map((worker) => members.heard({ worker, member: `m-${worker}` }).join());
}

/** After how many of the log's heartbeats somebody is taken for dead, and who. */
function farewells(log: string, sessionMs?: number): [number, string][] {
  return silentIn(log, sessionMs).flatMap((members, index) =>
    members === '' ? [] : [[index + 1, members] as [number, string]],
  );
}

describe('a member is taken for dead', () => {
  test('at the fifth heartbeat of the watcher that no heartbeat of its own precedes', () => {
    expect(PATIENCE).toBe(5);
    expect(farewells('.a....')).toEqual([]);
    expect(farewells('.a.....')).toEqual([[7, 'm-a']]);
  });

  test('once', () => {
    expect(farewells(`a${'.'.repeat(3000)}`)).toEqual([[6, 'm-a']]);
  });

  test('beside others, each by its own silence', () => {
    expect(farewells('ab.b.b.b.b..b..b')).toEqual([[11, 'm-a']]);
    expect(farewells('ab.....')).toEqual([[7, 'm-a,m-b']]);
  });

  test('never while the watcher itself is not heard', () => {
    expect(farewells(`a${'b'.repeat(1000)}....`)).toEqual([]);
  });

  test('as the member that it was last', () => {
    const members = new SilentMembers('me', SESSION_MS);
    members.heard({ worker: 'a', member: 'm-1' });
    members.heard({ worker: 'a', member: 'm-2' });
    const said = Array.from({ length: PATIENCE }, () => members.heard({ worker: 'me', member: 'm-0' }));
    expect(said.flat()).toEqual(['m-2']);
  });

  test('not if it is no member: it has left, or joins again', () => {
    const members = new SilentMembers('me', SESSION_MS);
    members.heard({ worker: 'a', member: 'm-1' });
    members.heard({ worker: 'a', member: null });
    for (let count = 0; count < 100; count++) {
      expect(members.heard({ worker: 'me', member: 'm-0' })).toEqual([]);
    }
  });
});

describe('who was only slow', () => {
  test('is given twice as long from then on, up to the session', () => {
    expect(farewells(`a${'.'.repeat(5)}a${'.'.repeat(9)}`)).toEqual([[6, 'm-a']]);
    expect(farewells(`a${'.'.repeat(5)}a${'.'.repeat(10)}`)).toEqual([
      [6, 'm-a'],
      [17, 'm-a'],
    ]);
    const slow = `${'.'.repeat(40)}a`.repeat(5);
    const most = 6000 / BEAT_INTERVAL_MS;
    expect(farewells(`a${slow}`, 6000).map(([at]) => (at - 1) % 41)).toEqual([5, 10, most, most, most]);
  });

  test('is taken for dead after a session of any length', () => {
    const patiences = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 7200, 7200];
    const log = patiences.map((patience) => `a${'.'.repeat(patience)}`).join('');
    expect(farewells(log, 7200 * BEAT_INTERVAL_MS)).toHaveLength(patiences.length);
  });

  test('is not, by no more than silence while it was no member', () => {
    const members = new SilentMembers('me', SESSION_MS);
    const beat = () => members.heard({ worker: 'me', member: 'm-0' });
    members.heard({ worker: 'a', member: null });
    for (let count = 0; count < 20; count++) beat();
    members.heard({ worker: 'a', member: 'm-1' });
    expect(Array.from({ length: PATIENCE }, beat).flat()).toEqual(['m-1']);
  });
});

test('whatever the order of heartbeats, only who is silent for long enough is taken for dead', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('.', '.', 'a', 'b', 'c'), { maxLength: 200 }), (beats) => {
      const silence = new Map<string, number>();
      const slow = new Set<string>();
      silentIn(beats.join('')).forEach((members, index) => {
        const worker = beats[index]!;
        if (worker === '.') for (const [other, missed] of silence) silence.set(other, missed + 1);
        else silence.set(worker, 0);
        // Nobody who was never slow is spared.
        for (const [other, missed] of silence) {
          if (missed === PATIENCE && !slow.has(other) && worker === '.')
            expect(members).toContain(`m-${other}`);
        }
        for (const member of members === '' ? [] : members.split(',')) {
          expect(silence.get(member.slice(2))).toBeGreaterThanOrEqual(PATIENCE);
          slow.add(member.slice(2));
        }
      });
    }),
    { numRuns: 200 },
  );
});
