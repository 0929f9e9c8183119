import type { Value } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { Occurrence } from './aggregate.ts';

/** A record that some window may hold. */
export interface Event extends Occurrence {
  /** W before the record: what its lateness is judged against. */
  readonly watermark: number;
}

/** How a record stands to the windows that would hold it. */
export interface Standing {
  /** The first window had closed; so too when it is partly late or dropped. */
  readonly late: boolean;
  /** Some windows were final, but not all. */
  readonly partlyLate: boolean;
  /** The ends of those that a dropped record missed; null: it is not dropped. */
  readonly missed: readonly number[] | null;
}

/** A revision as far as the windows decide it. */
export interface RowChange {
  readonly entity: number;
  readonly windowEnd: number;
  readonly timing: Revision['timing'];
  readonly deleted: boolean;
  readonly leave: number | null;
  readonly values: readonly (Value | null)[];
}

/** What the oracle must know of one kind of windows. Entities are numbers. */
export interface WindowsReading {
  /** Takes in a record of an entity, unless it is dropped or the entity's state is at its limit. */
  take(entity: number, event: Event): Standing | 'too large';
  /**
   * The revisions of a record, after it was taken in if some window may hold it: W was `before` and is `watermark`.
   * `touched` is the entity of the record that was taken in; null when there was none.
   */
  revise(touched: number | null, before: number, watermark: number): readonly RowChange[];
}
