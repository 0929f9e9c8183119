import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { count, defineFeatureGroup, defineSource, field, sum } from 'tidemark';
import { describe, expect, it } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { type DroppedRecord, Task } from '../../src/operators/task.ts';
import { compileGroup } from '../oracle/compile-group.ts';
import { definitionArbitrary } from '../oracle/definition-arbitrary.ts';
import { KeptState } from '../oracle/kept-state.ts';
import { logArbitrary } from '../oracle/log-arbitrary.ts';
import { TaskSubject } from '../oracle/task-subject.ts';

const GAP = 10;

const visits = defineSource({
  name: 'visits',
  schema: { user: field.string, pages: field.long, at: field.timestampMillis },
  eventTime: { field: 'at' },
});

interface Options {
  readonly allowedLateness?: string;
  readonly maxDuration?: string;
  readonly emit?: 'close';
}

/** Sessions of a gap of 10 ms, told visit by visit; the watermark moves when the test says so. */
class Visits {
  readonly task: Task;
  readonly dropped: DroppedRecord[] = [];
  readonly #state = new KeptState();
  #offset = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(options: Options = {}) {
    const group = defineFeatureGroup({
      name: 'visits',
      version: 1,
      source: visits,
      entity: 'user',
      session: `${GAP}ms`,
      ...options,
      features: { visits: count(), pages: sum((v) => v.pages) },
    }) as unknown as FeatureGroup;
    const outputs = { dropped: (record: DroppedRecord) => this.dropped.push(record), rejected() {} };
    this.task = new Task(group, 0, outputs, this.#state);
  }

  /** A visit of some pages; the rows that it makes, as texts. */
  visit(at: number, pages = 1, user = 'anna'): string[] {
    const offset = this.#offset++;
    const watermark = this.#watermark;
    const log = { offset, timestamp: 0, key: null, value: null };
    const row = { user, pages, at };
    this.task.process({ log, row, eventTime: at, watermarkBefore: watermark, watermark, logTime: 0 });
    return this.#drain();
  }

  /** Moves the watermark; the rows that it closes. */
  watermark(at: number): string[] {
    this.#watermark = at;
    this.task.advance(at, this.#offset, 0);
    return this.#drain();
  }

  /** How much of the state is written, and how much is taken away, since the last time. */
  commit(): { readonly written: number; readonly gone: number } {
    const changes = this.#state.commit(this.task);
    const written = changes.filter(({ state }) => state !== null).length;
    return { written, gone: changes.length - written };
  }

  /** `early 25: 2 visits, 5 pages; was 1, 2`. */
  #drain(): string[] {
    const { revisions } = this.task;
    const made = Array.from({ length: revisions.length }, (_, index) => revisions.at(index));
    this.task.drained();
    return made.map(({ timing, windowEnd, deleted, values, previous }) => {
      const is = deleted ? 'deleted' : `${values[0]} visits, ${values[1]} pages`;
      return `${timing} ${windowEnd}: ${is}${previous === null ? '' : `; was ${previous.join(', ')}`}`;
    });
  }
}

describe('a session grows', () => {
  it('with each event less than the gap away: its old row is retracted, then comes the new one', () => {
    const anna = new Visits();
    expect(anna.visit(100)).toEqual(['early 110: 1 visits, 1 pages']);
    expect(anna.visit(109, 3)).toEqual(['early 110: deleted; was 1, 1', 'early 119: 2 visits, 4 pages']);
    expect(anna.watermark(119)).toEqual(['on-time 119: 2 visits, 4 pages; was 2, 4']);
  });

  it('not with one that is the gap away to the millisecond', () => {
    const anna = new Visits();
    anna.visit(100);
    expect(anna.visit(110)).toEqual(['early 120: 1 visits, 1 pages']);
    expect(anna.visit(90)).toEqual(['early 100: 1 visits, 1 pages']);
    expect(anna.watermark(200)).toEqual([
      'on-time 100: 1 visits, 1 pages; was 1, 1',
      'on-time 110: 1 visits, 1 pages; was 1, 1',
      'on-time 120: 1 visits, 1 pages; was 1, 1',
    ]);
  });

  it('keeps its row when the event is not its last: the row is revised', () => {
    const anna = new Visits();
    anna.visit(100);
    expect(anna.visit(100)).toEqual(['early 110: 2 visits, 2 pages; was 1, 1']);
    expect(anna.visit(91)).toEqual(['early 110: 3 visits, 3 pages; was 2, 2']);
  });

  it('for each entity by itself', () => {
    const both = new Visits();
    both.visit(100, 1, 'anna');
    expect(both.visit(105, 1, 'bert')).toEqual(['early 115: 1 visits, 1 pages']);
  });
});

describe('an event between two sessions', () => {
  it('makes them one: the row of the first is retracted, that of the second revised', () => {
    const anna = new Visits();
    anna.visit(100, 2);
    anna.visit(118, 3);
    expect(anna.visit(109, 5)).toEqual([
      'early 110: deleted; was 1, 2',
      'early 128: 3 visits, 10 pages; was 1, 3',
    ]);
    expect(anna.watermark(200)).toEqual(['on-time 128: 3 visits, 10 pages; was 3, 10']);
  });

  it('does so late, too, when both are closed and not final', () => {
    const anna = new Visits({ allowedLateness: '50ms' });
    anna.visit(100, 2);
    anna.visit(118, 3);
    anna.watermark(130);
    expect(anna.visit(109, 5)).toEqual([
      'late 110: deleted; was 1, 2',
      'late 128: 3 visits, 10 pages; was 1, 3',
    ]);
  });

  it('may close over a closed session and an open one', () => {
    const anna = new Visits({ allowedLateness: '50ms' });
    anna.visit(100, 2);
    anna.visit(118, 3);
    expect(anna.watermark(120)).toEqual(['on-time 110: 1 visits, 2 pages; was 1, 2']);
    expect(anna.visit(109, 5)).toEqual([
      'late 110: deleted; was 1, 2',
      'early 128: 3 visits, 10 pages; was 1, 3',
    ]);
    expect(anna.watermark(128)).toEqual(['on-time 128: 3 visits, 10 pages; was 3, 10']);
  });
});

describe('a late event', () => {
  it('revises the row of a session that is closed and not final', () => {
    const anna = new Visits({ allowedLateness: '20ms' });
    anna.visit(100);
    anna.watermark(129);
    expect(anna.visit(100, 4)).toEqual(['late 110: 2 visits, 5 pages; was 1, 1']);
    expect(anna.task.counters).toMatchObject({ late: 1, dropped: 0 });
  });

  it('opens a closed session again when that ends later with it, and the new row comes on time', () => {
    const anna = new Visits({ allowedLateness: '20ms' });
    anna.visit(100);
    anna.watermark(112);
    expect(anna.visit(105)).toEqual(['late 110: deleted; was 1, 1', 'early 115: 2 visits, 2 pages']);
    expect(anna.task.counters).toMatchObject({ late: 0 });
    expect(anna.watermark(115)).toEqual(['on-time 115: 2 visits, 2 pages; was 2, 2']);
  });

  it('is a session of its own when none is near', () => {
    const anna = new Visits({ allowedLateness: '20ms' });
    anna.watermark(120);
    expect(anna.visit(91)).toEqual(['late 101: 1 visits, 1 pages']);
    expect(anna.watermark(121)).toEqual([]);
  });

  it('is dropped when it joins no session and the window of its own would be final', () => {
    const anna = new Visits({ allowedLateness: '20ms' });
    anna.watermark(120);
    expect(anna.visit(90)).toEqual([]);
    expect(anna.dropped).toMatchObject([
      { eventTime: 90, watermark: 120, missedFirst: 100, missedLast: 100, missedCount: 1 },
    ]);
    expect(anna.task.counters).toMatchObject({ records: 1, late: 1, partlyLate: 0, dropped: 1 });
    expect(anna.task.entityCount).toBe(0);
  });

  it('joins a session that is not final, however late it is by itself', () => {
    const anna = new Visits();
    anna.visit(100);
    anna.visit(109);
    anna.watermark(118);
    expect(anna.visit(91)).toEqual(['early 119: 3 visits, 3 pages; was 2, 2']);
    expect(anna.task.counters).toMatchObject({ late: 1, dropped: 0 });
  });

  it('neither joins nor bridges a final session: two sessions may lie closer than the gap', () => {
    const anna = new Visits();
    anna.visit(100);
    anna.watermark(110);
    expect(anna.visit(101)).toEqual(['early 111: 1 visits, 1 pages']);
    expect(anna.visit(119)).toEqual(['early 129: 1 visits, 1 pages']);
    expect(anna.visit(100)).toEqual(['early 111: 2 visits, 2 pages; was 1, 1']);
    expect(anna.watermark(200)).toEqual([
      'on-time 111: 2 visits, 2 pages; was 2, 2',
      'on-time 129: 1 visits, 1 pages; was 1, 1',
    ]);
  });
});

describe("with emit: 'close'", () => {
  it('a row that was never emitted is not retracted', () => {
    const anna = new Visits({ emit: 'close' });
    expect([...anna.visit(100), ...anna.visit(118), ...anna.visit(109), ...anna.visit(120)]).toEqual([]);
    expect(anna.watermark(130)).toEqual(['on-time 130: 4 visits, 4 pages']);
  });

  it('a row that was emitted is, also when the new one is still to come', () => {
    const anna = new Visits({ emit: 'close', allowedLateness: '20ms' });
    anna.visit(100);
    expect(anna.watermark(112)).toEqual(['on-time 110: 1 visits, 1 pages']);
    expect(anna.visit(105)).toEqual(['late 110: deleted; was 1, 1']);
    expect(anna.visit(106)).toEqual([]);
    expect(anna.watermark(116)).toEqual(['on-time 116: 3 visits, 3 pages']);
    expect(anna.visit(101)).toEqual(['late 116: 4 visits, 4 pages; was 3, 3']);
  });
});

describe('with a maxDuration', () => {
  it('an event that would make the session longer starts the next', () => {
    const anna = new Visits({ maxDuration: '15ms' });
    anna.visit(100);
    anna.visit(108);
    expect(anna.visit(115)).toEqual(['early 118: deleted; was 2, 2', 'early 125: 3 visits, 3 pages']);
    expect(anna.visit(116)).toEqual(['early 126: 1 visits, 1 pages']);
    expect(anna.visit(117)).toEqual(['early 126: deleted; was 1, 1', 'early 127: 2 visits, 2 pages']);
  });

  it('an event near two sessions joins the first, and both become one only if they are short enough', () => {
    const anna = new Visits({ maxDuration: '15ms' });
    anna.visit(100);
    anna.visit(116);
    expect(anna.visit(108)).toEqual(['early 110: deleted; was 1, 1', 'early 118: 2 visits, 2 pages']);
    anna.visit(200);
    anna.visit(215);
    expect(anna.visit(207)).toEqual([
      'early 210: deleted; was 1, 1',
      'early 225: 3 visits, 3 pages; was 1, 1',
    ]);
  });

  it('a row may come back that was retracted: it replaces nothing', () => {
    const anna = new Visits({ maxDuration: '15ms' });
    anna.visit(100);
    anna.visit(101);
    anna.visit(109);
    expect(anna.visit(93)).toEqual(['early 103: 1 visits, 1 pages']);
    expect(anna.visit(101)).toEqual(['early 103: deleted; was 1, 1', 'early 111: 2 visits, 2 pages']);
  });
});

describe('the state of sessions', () => {
  it('is given back when they are final', () => {
    const anna = new Visits({ allowedLateness: '20ms' });
    anna.visit(100);
    anna.visit(200);
    expect(anna.commit()).toEqual({ written: 2, gone: 0 });
    anna.watermark(129);
    expect(anna.commit()).toEqual({ written: 0, gone: 0 });
    anna.watermark(130);
    expect(anna.task.entityCount).toBe(1);
    expect(anna.commit()).toEqual({ written: 0, gone: 1 });
    anna.watermark(230);
    expect(anna.task.entityCount).toBe(0);
    expect(anna.commit()).toEqual({ written: 0, gone: 1 });
  });

  it('is written session by session, those that changed', () => {
    const anna = new Visits();
    for (let at = 0; at < 100 * GAP; at += GAP) anna.visit(at);
    expect(anna.commit()).toEqual({ written: 100, gone: 0 });
    anna.visit(500);
    expect(anna.commit()).toEqual({ written: 1, gone: 0 });
    anna.visit(505);
    expect(anna.commit()).toEqual({ written: 1, gone: 1 });
  });
});

/** The rows that a consumer has who applies each revision as it comes. */
class Consumer {
  readonly #rows = new Map<string, readonly unknown[]>();
  readonly #onTime = new Set<string>();

  /** What cannot be true of the revision, or null. */
  wrong({ entity, windowEnd, timing, deleted, values, previous }: Revision): string | null {
    const row = JSON.stringify([entity, windowEnd]);
    const known = this.#rows.get(row) ?? null;
    const replaced = isDeepStrictEqual(known, previous);
    if (deleted) this.#rows.delete(row);
    else this.#rows.set(row, values);
    if (!replaced) return `it replaces ${previous}, the consumer has ${known}`;
    if (deleted && known === null) return 'there was no row to delete';
    if (deleted && values.some((value) => value !== null)) return 'a deleted row has values';
    if (timing !== 'on-time') return null;
    if (this.#onTime.has(row)) return 'it was on time before';
    this.#onTime.add(row);
    return null;
  }
}

it('each revision replaces what consumers have, so no two sessions of an entity ever end alike', () => {
  const cases = definitionArbitrary('sessions').chain((definition) =>
    fc.record({
      definition: fc.constant(definition),
      log: logArbitrary(definition, { maxLength: 120, partitions: 1 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ definition, log }) => {
      const task = new TaskSubject(compileGroup(definition));
      const consumer = new Consumer();
      for (const record of log) {
        for (const revision of task.process(record)) {
          expect({ revision, wrong: consumer.wrong(revision) }).toEqual({ revision, wrong: null });
        }
        task.drain();
      }
    }),
    { numRuns: 200 },
  );
});
