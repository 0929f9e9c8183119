import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOf, joinInTurn, lastOf, sessionsOf } from './session-windows.ts';

const times = fc.array(
  fc.integer({ min: 0, max: 40 }).map((eventTime) => ({ eventTime })),
  { maxLength: 40 },
);

it('without a limit, sessions that events join in turn are those that gaps split, whatever the order', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 12 }), (events, gapMs) => {
      const grid = { kind: 'session', gapMs, maxDurationMs: null } as const;
      const spans = (sessions: readonly (typeof events)[]) =>
        sessions.map((session) => [firstOf(session), lastOf(session), session.length]);
      expect(spans(joinInTurn(grid, events))).toEqual(spans([...sessionsOf(grid, events)]));
    }),
  );
});

it('with a limit, sessions keep to it, begin and end at times of their own, and none lies within another', () => {
  const limits = fc.record({ gapMs: fc.integer({ min: 1, max: 12 }), maxDurationMs: fc.nat({ max: 20 }) });
  fc.assert(
    fc.property(times, limits, (events, { gapMs, maxDurationMs }) => {
      const sessions = sessionsOf({ kind: 'session', gapMs, maxDurationMs }, events);
      for (const [index, session] of sessions.entries()) {
        expect(lastOf(session) - firstOf(session)).toBeLessThanOrEqual(maxDurationMs);
        const next = sessions[index + 1];
        if (next === undefined) continue;
        expect(firstOf(next)).toBeGreaterThan(firstOf(session));
        expect(lastOf(next)).toBeGreaterThan(lastOf(session));
        const together = lastOf(next) - firstOf(session);
        expect(firstOf(next) - lastOf(session) >= gapMs || together > maxDurationMs).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});
