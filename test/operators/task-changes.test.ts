import { count, defineFeatureGroup, defineSource, distinctCount, field } from 'tidemark';
import { describe, expect, test } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Task } from '../../src/operators/task.ts';
import type { EntityState } from '../../src/state/state-store.ts';
import { KeptState } from '../oracle/kept-state.ts';

/** What a task gives a state store to write, commit by commit. */

const MINUTE = 60_000;
const RANGE_MINUTES = 2000;

const source = defineSource({
  name: 'payments',
  schema: { card: field.string, shop: field.string, at: field.timestampMillis },
  eventTime: { field: 'at' },
  watermark: { maxOutOfOrderness: '30m', maxAhead: '1d' },
});
const group = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source,
  entity: 'card',
  every: '1m',
  features: { payments: count({ last: '2000m' }), shops: distinctCount((p) => p.shop, { last: '2000m' }) },
}) as unknown as FeatureGroup;

class Run {
  readonly state = new KeptState();
  readonly task = new Task(group, 0, { dropped() {}, rejected() {} }, this.state);
  #offset = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  pay(card: string, minute: number): void {
    const at = minute * MINUTE;
    const offset = this.#offset++;
    const watermarkBefore = this.#watermark;
    this.#watermark = Math.max(watermarkBefore, at - 30 * MINUTE);
    this.task.process({
      log: { offset, timestamp: at, key: null, value: null },
      row: { card, shop: `shop ${minute % 7}`, at },
      eventTime: at,
      watermarkBefore,
      watermark: this.#watermark,
      logTime: at,
    });
    this.task.drained();
  }

  /** What changed of entities. */
  commit(): readonly EntityState[] {
    const changes = this.state.commit(this.task);
    return changes;
  }

  get storedBytes(): number {
    return this.state.ofEntities.reduce((sum, { state }) => sum + state!.length, 0);
  }
}

describe('what a commit writes', () => {
  test('is the part of a long history that changed', () => {
    const run = new Run();
    for (let minute = 0; minute < 1000; minute++) run.pay('a', minute);
    run.commit();
    run.pay('a', 1000);
    const changes = run.commit();
    expect(changes).toHaveLength(1);
    expect(changes[0]!.state!.length * 10).toBeLessThan(run.storedBytes);
    expect(run.commit()).toEqual([]);
  });

  test('takes back what has left every window, so that no more stays stored than the range is long', () => {
    const run = new Run();
    let greatest = 0;
    for (let minute = 0; minute < 10 * RANGE_MINUTES; minute++) {
      run.pay('a', minute);
      if (minute % 50 > 0) continue;
      run.commit();
      if (minute < RANGE_MINUTES) greatest = Math.max(greatest, run.storedBytes);
    }
    expect(run.storedBytes).toBeLessThan(3 * greatest);
  });

  test('leaves nothing of an entity that has nothing any more', () => {
    const run = new Run();
    for (let minute = 0; minute < 200; minute++) run.pay('a', minute);
    run.commit();
    expect(run.state.ofEntities.length).toBeGreaterThan(5);
    run.pay('b', 200 + RANGE_MINUTES + 60);
    run.commit();
    expect(run.task.entityCount).toBe(1);
    expect(run.state.ofEntities.length).toBe(1);
  });
});
