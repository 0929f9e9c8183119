import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileGroup, type RunnableDefinition } from '../oracle/compile-group.ts';
import { oracleSubject, type Subject } from '../oracle/subject.ts';
import { TaskSubject } from '../oracle/task-subject.ts';
import { definitionOf, element, sessionWindows, slidingWindows, watermark } from './flink.ts';

type Step =
  | readonly ['element' | 'expect' | 'expectLate', string, number, number]
  | readonly ['watermark' | 'expectWatermark', number]
  | readonly ['restore'];

interface Case {
  readonly name: string;
  readonly allowedLateness: number;
  readonly steps: readonly Step[];
}

interface Table {
  readonly cases: readonly (Case & { readonly size: number; readonly slide: number })[];
  readonly sessions: readonly (Case & { readonly gap: number })[];
  readonly notApplicable: readonly { readonly name: string; readonly reason: string }[];
}

const table: Table = JSON.parse(readFileSync(new URL('flink-window-operator.json', import.meta.url), 'utf8'));

/** What Flink fires: the sum of a key's window, `end` less 1 as its time. */
type Firing = `${string} ${number} at ${number}`;

interface Firings {
  take(revisions: ReturnType<Subject['process']>): void;
  /** Windows up to this watermark close. */
  close(end: number): void;
  /** What fired since the last call. */
  drain(): Firing[];
}

/** Flink fires a session when it closes and for each late element: our rows on time and late. */
class SessionFirings implements Firings {
  #fired: Firing[] = [];

  take(revisions: ReturnType<Subject['process']>): void {
    for (const { entity, windowEnd, timing, deleted, values } of revisions) {
      if (timing === 'early' || deleted) continue;
      this.#fired.push(`${String(entity[0])} ${values[0] as number} at ${windowEnd - 1}`);
    }
  }

  close(): void {}

  drain(): Firing[] {
    return this.#fired.splice(0);
  }
}

/**
 * Flink fires every window that holds an element, when it closes and for each late element. We make a row only
 * where the contents differ from those of the window before, and also where they fall to nothing. So: the row of a
 * window that has none is the latest row before it, and a row whose sum is null is a window that does not fire.
 */
class SlidingFirings implements Firings {
  readonly #slide: number;
  readonly #sums = new Map<string, Map<number, number | null>>();
  #fired: Firing[] = [];
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(slide: number) {
    this.#slide = slide;
  }

  take(revisions: ReturnType<Subject['process']>): void {
    for (const { entity, windowEnd, timing, values } of revisions) {
      if (timing === 'early') continue;
      const key = String(entity[0]);
      const sums = this.#sums.get(key) ?? new Map<number, number | null>();
      this.#sums.set(key, sums.set(windowEnd, values[0] as number | null));
      if (timing === 'late') this.#fire(key, windowEnd, values[0] as number | null);
    }
  }

  /** Those without a row of their own, too. */
  close(end: number): void {
    for (const [key, sums] of this.#sums) {
      const rows = [...sums].sort(([a], [b]) => a - b);
      const first = rows[0]![0];
      for (let window = first; window <= end; window += this.#slide) {
        if (window > this.#watermark) this.#fire(key, window, rows.findLast(([at]) => at <= window)![1]);
      }
    }
    this.#watermark = end;
  }

  drain(): Firing[] {
    return this.#fired.splice(0);
  }

  #fire(key: string, end: number, sum: number | null): void {
    if (sum !== null) this.#fired.push(`${key} ${sum} at ${end - 1}`);
  }
}

/** What fired between one watermark and the next, sorted; then the late elements that were put aside. */
interface Outcome {
  readonly fired: Firing[][];
  readonly aside: string[];
}

function expected(steps: readonly Step[]): Outcome {
  const fired: Firing[][] = [[]];
  const aside: string[] = [];
  for (const step of steps) {
    if (step[0] === 'expect') fired.at(-1)!.push(`${step[1]} ${step[2]} at ${step[3]}`);
    if (step[0] === 'expectLate') aside.push(`${step[1]} at ${step[3]}`);
    if (step[0] === 'expectWatermark') fired.push([]);
  }
  return { fired: fired.map((firings) => firings.sort()), aside };
}

function actual(subject: Subject, firings: Firings, steps: readonly Step[]): Outcome {
  const fired: Firing[][] = [];
  const keys: string[] = [];
  for (const step of steps) {
    const offset = keys.length;
    if (step[0] === 'restore') subject.restore();
    if (step[0] === 'element') {
      keys.push(step[1]);
      firings.take(subject.process(element(offset, step[1], step[2], step[3])));
    }
    if (step[0] === 'watermark') {
      keys.push('watermark');
      firings.take(subject.process(watermark(offset, step[1])));
      firings.close(step[1] + 1);
      fired.push(firings.drain().sort());
    }
  }
  fired.push(firings.drain());
  const aside = subject.dropped.map((drop) => `${keys[drop.offset]} at ${drop.eventTime}`);
  return { fired, aside };
}

const SUBJECTS = [
  ['the oracle', oracleSubject],
  ['the task', (definition: RunnableDefinition) => new TaskSubject(compileGroup(definition))],
] as const;

describe.each(SUBJECTS)('Flink WindowOperatorTest, %s', (_subject, open) => {
  it.each(table.cases.map((given) => [given.name, given] as const))('%s', (_name, given) => {
    const { size, slide, allowedLateness, steps } = given;
    const subject = open(definitionOf(slidingWindows({ size, slide, offset: 0 }, allowedLateness)));
    expect(actual(subject, new SlidingFirings(slide), steps)).toEqual(expected(steps));
  });

  it.each(table.sessions.map((given) => [given.name, given] as const))('%s', (_name, given) => {
    const { gap, allowedLateness, steps } = given;
    const subject = open(definitionOf(sessionWindows(gap, allowedLateness)));
    expect(actual(subject, new SessionFirings(), steps)).toEqual(expected(steps));
  });
});

describe('Flink WindowOperatorTest, not applicable', () => {
  for (const { name, reason } of table.notApplicable) it.skip(`${name}: ${reason}`, () => {});

  it('accounts for all 24 cases', () => {
    const { cases, sessions, notApplicable } = table;
    expect(cases.length + sessions.length + notApplicable.length).toBe(24);
  });
});
