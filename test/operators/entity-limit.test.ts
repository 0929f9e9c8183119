import { count, defineFeatureGroup, defineSource, distinctCount, field } from 'tidemark';
import { describe, expect, it } from 'vitest';
import type { FeatureGroupOptions } from '../../src/definitions/define-feature-group.ts';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { Task } from '../../src/operators/task.ts';
import { KeptState } from '../oracle/kept-state.ts';

const source = defineSource({
  name: 'visits',
  schema: { user: field.string, page: field.long, at: field.timestampMillis },
  eventTime: { field: 'at' },
});

interface Visit {
  readonly user: string;
  readonly page: number;
  readonly at: number;
}

type Options = Partial<FeatureGroupOptions<Visit>>;

function groupOf(options: Options): FeatureGroup {
  return defineFeatureGroup({
    name: 'users',
    version: 1,
    source,
    entity: 'user',
    features: {},
    ...options,
  }) as unknown as FeatureGroup;
}

/** Visits of a group without disorder: each event time is the watermark after it. */
class Run {
  readonly group: FeatureGroup;
  readonly state: KeptState | null;
  task: Task;
  readonly dropped: number[] = [];
  /** The offsets of records that were rejected as too many. */
  readonly tooMany: number[] = [];
  #offset = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(options: Options, state: KeptState | null = null) {
    this.group = groupOf(options);
    this.state = state;
    this.task = this.#newTask();
  }

  /** The value of the last row that the visit makes of its user; null when it makes none. */
  visit(at: number, page: number, user = 'anna'): unknown {
    const watermarkBefore = this.#watermark;
    this.#watermark = Math.max(watermarkBefore, at);
    this.task.process({
      log: { offset: this.#offset++, timestamp: at, key: null, value: null },
      row: { user, page, at },
      eventTime: at,
      watermarkBefore,
      watermark: this.#watermark,
      logTime: at,
    });
    const { revisions } = this.task;
    let value: unknown = null;
    for (let row = 0; row < revisions.length; row++) {
      if (revisions.version[row] !== this.#offset) continue;
      const revision = revisions.at(row);
      if (revision.entity[0] === user && revision.timing === 'early') value = revision.values[0];
    }
    this.task.drained();
    return value;
  }

  commit(): void {
    this.state!.commit(this.task);
    this.task.drained();
  }

  restart(): void {
    const progress = this.task.progress({});
    this.commit();
    this.task = this.#newTask();
    this.task.restore(progress);
  }

  #newTask(): Task {
    return new Task(
      this.group,
      0,
      {
        dropped: ({ offset }) => this.dropped.push(offset),
        rejected: ({ offset }, { reason }) => {
          expect(reason).toBe('entity_too_large');
          this.tooMany.push(offset);
        },
      },
      this.state,
    );
  }
}

const PAGES = {
  features: { pages: distinctCount((v: Visit) => v.page, { last: '20ms' }) },
} satisfies Options;

describe('an entity whose state is at its limit', () => {
  it('is one with a million values and panes, unless the group says otherwise', () => {
    const run = new Run({
      every: '1h',
      features: { pages: distinctCount((v: Visit) => v.page, { last: '1h' }) },
    });
    for (let page = 1; page < 1_000_000; page++) run.visit(0, page);
    expect(run.visit(0, 0)).toBeNull();
    expect(run.visit(0, 1)).toBeNull();
    expect(run.tooMany).toEqual([999_999, 1_000_000]);
    expect(run.visit(0, 0, 'bert')).toBe(1);
    expect(run.task.counters.rejected).toEqual(new Map([['entity_too_large', 2]]));
    expect(run.task.counters.records).toBe(1_000_000);
  }, 30_000);

  it('takes no more records, and others go on', () => {
    const run = new Run({ every: '10ms', maxEntityState: 3, ...PAGES });
    expect([run.visit(0, 1), run.visit(0, 1), run.visit(0, 2)]).toEqual([1, null, 2]);
    expect([run.visit(0, 1), run.visit(0, 3)]).toEqual([null, null]);
    expect(run.visit(0, 4, 'bert')).toBe(1);
    expect(run.tooMany).toEqual([3, 4]);
  });

  it('moves position and watermark on', () => {
    const run = new Run({ every: '10ms', maxEntityState: 1, features: { visits: count({ last: '10ms' }) } });
    run.visit(0, 1);
    run.visit(25, 1);
    expect(run.tooMany).toEqual([1]);
    expect(run.task.progress({})).toMatchObject({ nextOffset: 2, watermark: 25, logTime: 25 });
    expect(run.task.entityCount).toBe(0);
  });

  it('goes on as its panes leave and the rows of their leaving are final', () => {
    const run = new Run({ every: '10ms', maxEntityState: 4, ...PAGES });
    run.visit(0, 1);
    run.visit(10, 2);
    const made = [19, 20, 29, 30, 31, 39, 40].map((at) => run.visit(at, at));
    // The pane of 0 leaves at 30, so the record that moves the watermark there finds it still.
    expect(made).toEqual([null, null, null, null, 1, null, null]);
  });

  it('still drops what is too late for every window', () => {
    const run = new Run({ every: '10ms', maxEntityState: 2, ...PAGES });
    run.visit(0, 1);
    run.visit(100, 2);
    run.visit(100, 2);
    expect([run.visit(0, 3), run.visit(100, 3)]).toEqual([null, null]);
    expect({ dropped: run.dropped, tooMany: run.tooMany }).toEqual({ dropped: [3], tooMany: [1, 4] });
    expect(run.task.counters).toMatchObject({ records: 3, late: 1, dropped: 1 });
  });

  it('keeps what only lifetimes hold as one pane, and never lets go of its values', () => {
    const lifetime = { lifetime: true } as const;
    const counted = new Run({ every: '10ms', maxEntityState: 3, features: { visits: count(lifetime) } });
    for (let at = 0; at < 1000; at += 10) counted.visit(at, at);
    expect(counted.tooMany).toEqual([]);
    const features = {
      pages: distinctCount((v: Visit) => v.page, lifetime),
      recent: distinctCount((v: Visit) => v.page, { last: '10ms' }),
    };
    const run = new Run({ every: '10ms', maxEntityState: 8, features });
    // Before each visit another user's makes the one before final for all but its lifetime.
    const made = Array.from({ length: 10 }, (_, page) => {
      run.visit(100 * page, 0, 'bert');
      return run.visit(100 * page, page);
    });
    expect(made).toEqual([1, 2, 3, 4, 5, 6, 7, null, null, null]);
  });
});

describe('a session at the limit of its state', () => {
  it('does not grow, and ends by its gap', () => {
    const run = new Run({
      session: '10ms',
      maxEntityState: 4,
      features: { pages: distinctCount((v: Visit) => v.page) },
    });
    const made = [0, 5, 10, 15, 20, 21, 22].map((at) => run.visit(at, at));
    // The session of 0 to 10 ends at 20: the record that moves the watermark there finds it still.
    expect(made).toEqual([1, 2, 3, null, null, 1, 2]);
    expect(run.tooMany).toEqual([3, 4]);
  });

  it('counts sessions that are not final yet', () => {
    const run = new Run({
      session: '10ms',
      allowedLateness: '100ms',
      maxEntityState: 2,
      features: { n: count() },
    });
    expect([0, 50, 100, 111, 112].map((at) => run.visit(at, 1))).toEqual([1, 1, null, null, 1]);
  });
});

it.each([
  ['panes', { every: '10ms', maxEntityState: 6, ...PAGES }],
  [
    'sessions',
    { session: '10ms', maxEntityState: 6, features: { pages: distinctCount((v: Visit) => v.page) } },
  ],
] as const)(
  'the limit is the same where the entity is forgotten and read again, and after a stop: %s',
  (_, options) => {
    const visits = Array.from({ length: 300 }, (_, index) => [3 * index, (index * 7) % 11] as const);
    const rejected = ['held', 'forgotten', 'restarted'].map((what) => {
      const run = new Run(options as Options, what === 'held' ? null : new KeptState(0));
      for (const [at, page] of visits) {
        run.visit(at, page);
        if (what === 'forgotten') run.commit();
        if (what === 'restarted') run.restart();
      }
      return run.tooMany;
    });
    expect(rejected[0]!.length).toBeGreaterThan(50);
    expect(rejected[1]).toEqual(rejected[0]);
    expect(rejected[2]).toEqual(rejected[0]);
  },
);
