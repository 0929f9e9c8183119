import type { Cells } from '../aggregates/aggregate.ts';
import { Dictionary } from '../aggregates/dictionary.ts';
import { CALENDAR_FROM, CALENDAR_TO } from '../definitions/calendar.ts';
import type { FeatureGroup, Row, SessionGrid, WindowGrid } from '../definitions/definition.ts';
import type { StoredValue } from '../definitions/value.ts';
import { EntityPanes, NOWHERE } from '../operators/entity-panes.ts';
import { EntitySessions } from '../operators/entity-sessions.ts';
import { createKernel, type Kernel } from '../operators/kernel.ts';
import { RevisionBatch } from '../operators/revision.ts';
import { WindowLayout } from '../operators/window-layout.ts';
import type { EventTimeMs, Offset } from '../time.ts';

/**
 * P(e, t) of one entity after the other (semantics.md, "Offline store"): what the ranges that end exactly at t hold, on
 * or off the grid, without any limit of lateness. Events come in order of event time, and each is put in before any
 * time after it is asked for.
 */
export interface RangesAt {
  insert(row: Row, eventTime: EventTimeMs, offset: Offset): void;
  /** One value per feature of the group, and where the ranges end; null where there is none. */
  at(time: EventTimeMs): {
    readonly windowEnd: EventTimeMs | null;
    readonly values: readonly StoredValue[];
  };
  /** The next event is of another entity. */
  nextEntity(): void;
}

export function createRangesAt(group: FeatureGroup): RangesAt {
  const { grid } = group;
  return grid.kind === 'session' ? new LastSession(group, grid) : new ExactRanges(group, grid);
}

/** Evaluates a group's features, whatever computed them, to values. */
class Evaluation {
  readonly kernel: Kernel;
  readonly #dictionary = new Dictionary();
  readonly #batch: RevisionBatch;

  constructor(group: FeatureGroup) {
    this.kernel = createKernel(group, this.#dictionary);
    this.#batch = new RevisionBatch(group, {
      entityOf: () => [],
      textOf: (id) => this.#dictionary.textOf(id),
    });
    this.#batch.push();
  }

  values(evaluate: (out: Float64Array) => void): readonly StoredValue[] {
    evaluate(this.#batch.values);
    return this.#batch.storedValues(0);
  }

  forget(): void {
    this.#dictionary.collect();
  }
}

/** The features that end at the same time: at t itself, or at the last grid time up to t. */
interface Part {
  readonly layout: WindowLayout;
  readonly evaluation: Evaluation;
  readonly panes: EntityPanes;
  /** For each of its features, the place among those of the group. */
  readonly places: readonly number[];
}

const ENTITY = 0;

/**
 * The same panes as a task's, of a millisecond each, so that every time is a grid time. Calendar lengths end at the
 * last time of their own grid.
 */
class ExactRanges implements RangesAt {
  readonly #parts: readonly Part[];
  readonly #width: number;
  readonly #usesCalendar: boolean;

  constructor(group: FeatureGroup, grid: WindowGrid) {
    const isOnGrid = group.features.map(({ range }) => range.kind === 'lastUnits');
    const everywhere: WindowGrid = { kind: 'fixed', stepMs: 1, offsetMs: 0 };
    this.#parts = [
      createPart(
        group,
        everywhere,
        isOnGrid.map((on) => !on),
      ),
      createPart(group, grid, isOnGrid),
    ].filter((part) => part !== null);
    this.#width = group.features.length;
    this.#usesCalendar = group.usesCalendar;
  }

  insert(row: Row, eventTime: EventTimeMs, offset: Offset): void {
    for (const { layout, evaluation, panes } of this.#parts) {
      if (!panes.select(ENTITY)) panes.create(ENTITY);
      panes.makeRoom(NOWHERE);
      evaluation.kernel.read(row);
      panes.insert(layout.paneOf(eventTime), eventTime, offset);
    }
  }

  at(time: EventTimeMs): { windowEnd: EventTimeMs | null; values: readonly StoredValue[] } {
    const values = new Array<StoredValue>(this.#width).fill(null);
    // A calendar says nothing about other times.
    if (this.#usesCalendar && (time < CALENDAR_FROM || time > CALENDAR_TO))
      return { windowEnd: null, values };
    let windowEnd = time;
    for (const { layout, evaluation, panes, places } of this.#parts) {
      if (!panes.select(ENTITY)) panes.create(ENTITY);
      const position = layout.lastGridUpTo(time);
      panes.moveTo(position);
      if (this.#parts.length === 1) windowEnd = layout.timeOf(position);
      const found = evaluation.values((out) => panes.evaluate(out, 0));
      for (const [index, place] of places.entries()) values[place] = found[index]!;
    }
    return { windowEnd, values };
  }

  nextEntity(): void {
    for (const { evaluation, panes } of this.#parts) {
      if (panes.select(ENTITY)) panes.remove();
      evaluation.forget();
    }
  }
}

function createPart(group: FeatureGroup, grid: WindowGrid, isOfPart: readonly boolean[]): Part | null {
  const places = [...group.features.keys()].filter((place) => isOfPart[place]);
  if (places.length === 0) return null;
  const features = places.map((place) => group.features[place]!);
  const layout = new WindowLayout(grid, features);
  const evaluation = new Evaluation({ ...group, features });
  const panes = new EntityPanes(layout, evaluation.kernel, { onChunkGone: () => {} });
  return { layout, evaluation, panes, places };
}

/** The last session of the events before t, found as a task finds its sessions. */
class LastSession implements RangesAt {
  readonly #evaluation: Evaluation;
  readonly #sessions: EntitySessions;
  /** A window over nothing. */
  readonly #nothing: Cells;

  constructor(group: FeatureGroup, grid: SessionGrid) {
    this.#evaluation = new Evaluation(group);
    const { kernel } = this.#evaluation;
    this.#sessions = new EntitySessions(grid, kernel, { onChunkGone: () => {} });
    this.#nothing = new Float64Array(kernel.windowWidth);
    kernel.initWindow(this.#nothing, 0);
  }

  insert(row: Row, eventTime: EventTimeMs, offset: Offset): void {
    const sessions = this.#sessions;
    if (!sessions.select(ENTITY)) sessions.create(ENTITY);
    this.#evaluation.kernel.read(row);
    sessions.findJoined(eventTime);
    sessions.insert(eventTime, offset);
    // Later events join no other.
    sessions.drop(sessions.count - 1);
  }

  at(time: EventTimeMs): { windowEnd: EventTimeMs | null; values: readonly StoredValue[] } {
    const sessions = this.#sessions;
    const { kernel } = this.#evaluation;
    if (!sessions.select(ENTITY)) {
      const values = this.#evaluation.values((out) => kernel.evaluate(this.#nothing, 0, time, out, 0));
      return { windowEnd: null, values };
    }
    const values = this.#evaluation.values((out) => sessions.evaluate(0, out, 0));
    return { windowEnd: sessions.endOf(0), values };
  }

  nextEntity(): void {
    const sessions = this.#sessions;
    if (sessions.select(ENTITY)) {
      sessions.release();
    }
    this.#evaluation.forget();
  }
}
