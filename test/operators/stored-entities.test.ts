import fc from 'fast-check';
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';
import { describe, expect, it } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Task } from '../../src/operators/task.ts';
import type { EntityState, KeyRange } from '../../src/state/state-store.ts';
import { compileGroup } from '../oracle/compile-group.ts';
import { definitionArbitrary } from '../oracle/definition-arbitrary.ts';
import { KeptState } from '../oracle/kept-state.ts';
import { logArbitrary } from '../oracle/log-arbitrary.ts';
import { TaskSubject } from '../oracle/task-subject.ts';

const MINUTE = 60_000;
const CARDS = 100;

const source = defineSource({
  name: 'payments',
  schema: { card: field.string, at: field.timestampMillis },
  eventTime: { field: 'at' },
});
const group = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source,
  entity: 'card',
  every: '1m',
  features: { payments: count({ last: '60m' }) },
}) as unknown as FeatureGroup;

/** Says which entities' chunks are read. */
class WatchedState extends KeptState {
  readonly cardsRead: string[] = [];

  override read(range: KeyRange): EntityState[] {
    const chunks = super.read(range);
    const isOfTimers = range.from[0] === 0xff;
    // A key is the kind of the value, the length of the text, the text.
    if (!isOfTimers) this.cardsRead.push(Buffer.from(range.from.subarray(2)).toString());
    return chunks;
  }
}

class Run {
  readonly state: WatchedState;
  task: Task;
  #offset = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  readonly #entitiesPerSlice: number;

  constructor(maxEntities: number, entitiesPerSlice = Number.POSITIVE_INFINITY) {
    this.state = new WatchedState(maxEntities);
    this.#entitiesPerSlice = entitiesPerSlice;
    this.task = this.#newTask();
  }

  process(card: string, minute: number): void {
    const at = minute * MINUTE;
    const watermarkBefore = this.#watermark;
    this.#watermark = Math.max(watermarkBefore, at);
    this.task.process({
      log: { offset: this.#offset++, timestamp: at, key: null, value: null },
      row: { card, at },
      eventTime: at,
      watermarkBefore,
      watermark: this.#watermark,
      logTime: at,
    });
  }

  /** The rows that the payment makes, and those that close before it: cards and their payments. */
  pay(card: string, minute: number): string[] {
    this.process(card, minute);
    const { revisions } = this.task;
    const made = Array.from({ length: revisions.length }, (_, row) => revisions.at(row));
    this.task.drained();
    return made.map(({ timing, entity, values }) => `${timing} ${entity[0]} ${values[0]}`);
  }

  /** Each card pays once; then all of it is stored. */
  payAll(minute: number): void {
    for (let card = 0; card < CARDS; card++) this.pay(`c${card}`, minute);
    this.commit();
  }

  commit(): void {
    this.state.commit(this.task);
    this.task.drained();
    this.state.cardsRead.length = 0;
  }

  restart(): void {
    const progress = this.task.progress({});
    this.commit();
    this.task = this.#newTask();
    this.task.restore(progress);
  }

  #newTask(): Task {
    const nowhere = { dropped() {}, rejected() {} };
    return new Task(group, 0, nowhere, this.state, this.#entitiesPerSlice);
  }
}

describe('a task that holds few of its entities', () => {
  it('reads an entity when a record of it comes, and goes on where it was', () => {
    const run = new Run(10);
    run.payAll(0);
    expect(run.pay('c7', 0)).toEqual(['early c7 2']);
    expect(run.state.cardsRead).toEqual(['c7']);
  });

  it('reads an entity when its row closes', () => {
    const run = new Run(10);
    run.payAll(0);
    const made = run.pay('c7', 1);
    expect(made.filter((row) => row.startsWith('on-time'))).toHaveLength(CARDS);
    expect(new Set(run.state.cardsRead).size).toBeGreaterThanOrEqual(CARDS - 10);
    expect(run.state.cardsRead).toHaveLength(new Set(run.state.cardsRead).size);
  });

  it('closes rows slice by slice, in the order of the store, and holds no more meanwhile', () => {
    const run = new Run(10, 8);
    run.payAll(0);
    const held = run.task.stateBytes;
    run.process('c7', 1);
    const read: string[][] = [];
    for (;;) {
      read.push(run.state.cardsRead.splice(0));
      expect(run.task.revisions.length).toBeLessThanOrEqual(8 + 1);
      expect(run.task.stateBytes).toBeLessThanOrEqual(2 * held);
      run.commit();
      if (!run.task.isClosing) break;
      run.task.close();
    }
    expect(read.length).toBeGreaterThanOrEqual(CARDS / 8);
    const inOrder = (cards: string[]) => cards.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
    const [paying, ...cards] = read.flat();
    expect(paying).toBe('c7');
    expect(cards).toHaveLength(new Set(cards).size);
    expect(cards).toEqual(inOrder(cards));
  });

  it('takes no record while rows are to be closed', () => {
    const run = new Run(10, 8);
    run.payAll(0);
    run.process('c7', 1);
    expect(() => run.process('c7', 1)).toThrow('a record came while rows were to be closed');
  });

  it('forgets nothing that is not stored', () => {
    const run = new Run(10);
    for (let card = 0; card < CARDS; card++) run.pay(`c${card}`, 0);
    expect(run.pay('c0', 0)).toEqual(['early c0 2']);
    run.state.take(run.task);
    run.task.drained();
    expect(run.pay('c0', 0)).toEqual(['early c0 3']);
    expect(run.state.cardsRead).toEqual([]);
  });

  it('reads no entity when it starts', () => {
    const run = new Run(10);
    run.payAll(0);
    run.restart();
    expect(run.state.cardsRead).toEqual([]);
    expect(run.task.entityCount).toBe(CARDS);
    expect(run.pay('c7', 0)).toEqual(['early c7 2']);
    expect(run.state.cardsRead).toEqual(['c7']);
  });

  it('reads nothing while it holds all', () => {
    const run = new Run(CARDS);
    run.payAll(0);
    run.pay('c7', 30);
    expect(run.state.cardsRead).toEqual([]);
  });

  it('forgets as fast as entities come, however large the batches are', () => {
    const bytesAfter = (batches: number): number => {
      const run = new Run(10);
      for (let batch = 0; batch < batches; batch++) {
        for (let card = 0; card < 1200; card++) run.process(`c${batch}.${card}`, 0);
        run.task.drained();
        run.commit();
      }
      return run.task.stateBytes;
    };
    expect(bytesAfter(6)).toBe(bytesAfter(3));
  });

  it('keeps the memory of what it holds, not of what there is', () => {
    const bytesAfter = (rounds: number): number => {
      const run = new Run(10);
      for (let card = 0; card < rounds * CARDS; card++) {
        run.pay(`c${card}`, 0);
        if (card % 10 === 0) run.commit();
      }
      expect(run.task.entityCount).toBe(rounds * CARDS);
      return run.task.stateBytes;
    };
    expect(bytesAfter(5)).toBe(bytesAfter(1));
  });
});

it.each(['steps', 'sessions'] as const)('counts the entities that it does not hold: %s', (windows) => {
  const scenario = definitionArbitrary(windows).chain((definition) =>
    fc.record({
      group: fc.constant(compileGroup(definition)),
      log: logArbitrary(definition, { maxLength: 60, partitions: 1 }),
      after: fc.array(fc.constantFrom('drain', 'take', 'store', 'commit', 'restore'), { minLength: 1 }),
    }),
  );
  fc.assert(
    fc.property(scenario, (each) => {
      const all = new TaskSubject(each.group);
      const few = new TaskSubject(each.group, { maxEntities: 1 });
      for (const [index, record] of each.log.entries()) {
        all.process(record);
        few.process(record);
        expect(few.entityCount).toBe(all.entityCount);
        few[each.after[index % each.after.length]!]();
      }
    }),
  );
});
