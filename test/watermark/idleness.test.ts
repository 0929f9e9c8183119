import { describe, expect, test } from 'vitest';
import { Idleness } from '../../src/watermark/idleness.ts';

const TIMEOUT = 60_000;
const START = 1_000_000;
/** When the wall clock is asked. */
const NOW = 1_700_000_000_000;

const SOMETHING_DUE = { watermark: 500, nextDue: 501 };

function started(): Idleness {
  return new Idleness(TIMEOUT, START);
}

/** Of a partition whose last record came at the start, seen to be empty so long after it. */
function silentFor(ms: number): Idleness {
  const idleness = started();
  idleness.records(START);
  idleness.caughtUp(START + ms);
  return idleness;
}

describe('a partition is idle', () => {
  test('when it had no record for the idle time-out', () => {
    expect(silentFor(TIMEOUT - 1).takeMark(SOMETHING_DUE, NOW)).toBeNull();
    expect(silentFor(TIMEOUT).takeMark(SOMETHING_DUE, NOW)).toEqual({
      watermark: 500 + TIMEOUT,
      logTime: NOW,
    });
  });

  test('only as far as it was seen to be empty: not while records wait in the log', () => {
    const idleness = silentFor(TIMEOUT - 1);
    expect(idleness.takeMark(SOMETHING_DUE, NOW + 10 * TIMEOUT)).toBeNull();
    idleness.caughtUp(START + 2 * TIMEOUT);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toMatchObject({ watermark: 500 + 2 * TIMEOUT });
  });

  test('never before it was seen to be empty', () => {
    expect(started().takeMark(SOMETHING_DUE, NOW)).toBeNull();
  });

  test('not any more when a record has come, though the log was seen to be empty before', () => {
    const idleness = silentFor(TIMEOUT);
    idleness.records(START + TIMEOUT + 5);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toBeNull();
    idleness.caughtUp(START + 2 * TIMEOUT + 4);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toBeNull();
    idleness.caughtUp(START + 2 * TIMEOUT + 5);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toMatchObject({ watermark: 500 + TIMEOUT });
  });

  test('after a start only when the time-out has passed since', () => {
    const idleness = started();
    idleness.caughtUp(START + TIMEOUT - 1);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toBeNull();
    idleness.caughtUp(START + TIMEOUT);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).not.toBeNull();
  });
});

describe('a mark', () => {
  test('is made only when something is due at its watermark', () => {
    const idleness = silentFor(TIMEOUT);
    expect(idleness.takeMark({ watermark: 500, nextDue: 501 + TIMEOUT }, NOW)).toBeNull();
    expect(idleness.takeMark({ watermark: 500, nextDue: Number.POSITIVE_INFINITY }, NOW)).toBeNull();
    expect(idleness.takeMark({ watermark: 500, nextDue: 500 + TIMEOUT }, NOW)).not.toBeNull();
  });

  test('is not made without a watermark, whatever is due', () => {
    const nothing = Number.NEGATIVE_INFINITY;
    expect(silentFor(TIMEOUT).takeMark({ watermark: nothing, nextDue: nothing }, NOW)).toBeNull();
  });

  test('goes on from the one before, without the time-out and without a millisecond lost', () => {
    const idleness = silentFor(TIMEOUT + 0.6);
    const first = idleness.takeMark(SOMETHING_DUE, NOW)!;
    expect(first.watermark).toBe(500 + TIMEOUT);
    idleness.caughtUp(START + TIMEOUT + 5000.5);
    const second = idleness.takeMark({ watermark: first.watermark, nextDue: 0 }, NOW + 5000);
    expect(second).toEqual({ watermark: 500 + TIMEOUT + 5000, logTime: NOW + 5000 });
  });

  test('comes once a second at most', () => {
    const idleness = silentFor(TIMEOUT);
    const { watermark } = idleness.takeMark(SOMETHING_DUE, NOW)!;
    idleness.caughtUp(START + TIMEOUT + 999);
    expect(idleness.takeMark({ watermark, nextDue: watermark + 1 }, NOW)).toBeNull();
    idleness.caughtUp(START + TIMEOUT + 1000);
    expect(idleness.takeMark({ watermark, nextDue: watermark + 1 }, NOW)).not.toBeNull();
  });

  test('waits for the time-out again after a record', () => {
    const idleness = silentFor(TIMEOUT);
    idleness.takeMark(SOMETHING_DUE, NOW);
    idleness.records(START + TIMEOUT + 1);
    idleness.caughtUp(START + 2 * TIMEOUT);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toBeNull();
  });

  test('comes as soon as the time-out has passed, also when that is less than a second', () => {
    const idleness = new Idleness(10, START);
    idleness.caughtUp(START + 10);
    expect(idleness.takeMark(SOMETHING_DUE, NOW)).toMatchObject({ watermark: 510 });
  });
});
