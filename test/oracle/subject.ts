import type { Revision } from '../../src/operators/revision.ts';
import type { Definition } from './definition-arbitrary.ts';
import type { WrittenRecord } from './log-arbitrary.ts';
import { type Drop, Oracle } from './oracle.ts';

/** One partition of one group, whoever works it out: the tables and properties ask the oracle and the task alike. */
export interface Subject {
  /** The revisions that the record makes, and the marks after it. */
  process(record: WrittenRecord): readonly Revision[];
  /** Goes on from what would be stored now, as after a stop. */
  restore(): void;
  readonly dropped: readonly Drop[];
}

export function oracleSubject(definition: Pick<Definition, 'group'>): Subject {
  const oracle = new Oracle(definition.group);
  return {
    process: (record) => oracle.process(record),
    restore: () => {},
    dropped: oracle.dropped,
  };
}
