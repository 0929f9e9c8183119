import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { JournalRecord } from '../../src/live/commit-log.ts';
import type { OnlineRow, Upsert } from '../../src/sinks/sink.ts';
import { unpackChanges } from '../../src/state/changelog-pack.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { parseJournalEntry } from '../../src/watermark/mark.ts';
import { CommitPartition, type CommitWitness, type Transaction } from './commit-partition.ts';
import { differenceOf, EMPTY_STATE, type FoldedState, fold, isClosing, stateIn } from './folded-state.ts';
import { SharedStore, type StoreWitness } from './model-online-store.ts';
import { behaviourOf, entityName, PartitionReference, type RowVersion } from './reference.ts';
import { Violation } from './scheduler.ts';
import { inOrder, type Outputs, readOutput } from './undisturbed.ts';
import { APP, LOG, TOPIC } from './workload.ts';

/**
 * What must be so after every step, looked at whenever something that it speaks of has changed. It owns what is
 * durable in the cluster: the commits of each partition, and the online store.
 */
export class Invariants implements CommitWitness, StoreWitness {
  readonly partitions: readonly CommitPartition[];
  readonly store: SharedStore;
  /** By partition: the changelog folded from its first record ever. */
  readonly #states: FoldedState[] = LOG.map(() => EMPTY_STATE);
  /** By partition: the position of the last commit, and how many marks it covers. */
  readonly #positions: CommittedPosition[] = LOG.map(() => ({ records: 0, marks: 0, isClosing: false }));
  /** By partition: what its commits have still to output, of the last record or mark that they cover. */
  readonly #owed: Outputs[] = LOG.map(() => new Map());
  /** By partition: the journal. */
  readonly #journals: JournalRecord[][] = LOG.map(() => []);
  /** By partition, with the marks so far. */
  readonly #references: readonly PartitionReference[] = LOG.map(
    (_, partition) => new PartitionReference(partition),
  );
  /** The latest row that each entity was seen with. */
  readonly #latest = new Map<string, OnlineRow>();
  #hasLostRows = false;

  constructor() {
    this.partitions = LOG.map((_, partition) => new CommitPartition(partition, this));
    this.store = new SharedStore(this);
  }

  /** Two owners never both commit; outputs are there once; state is the function of the prefix; rows went before. */
  committed(partition: number, { position, changelog, outputs }: Transaction): void {
    const before = this.#positions[partition]!;
    // The owner has asked whether it still is.
    if (position === before.records && changelog.length === 0 && outputs.size === 0) return;
    const source = { topic: TOPIC, partition };
    const state = changelog.reduce(
      (folded, value) => fold(folded, unpackChanges(value, source)),
      this.#states[partition]!,
    );
    this.#states[partition] = state;
    const marks = this.#marksIn(partition, state);
    this.#positions[partition] = { records: position, marks, isClosing: isClosing(state) };
    const reference = this.#references[partition]!;
    const from = before.records + before.marks;
    const to = reference.prefixOf(position, marks);
    ensure(
      to !== null,
      () => `partition ${partition} is committed at ${position} with ${marks} marks, out of order`,
    );
    ensure(
      to > from || before.isClosing,
      () => `partition ${partition} was at ${from}, and is committed at ${to} again`,
    );

    const { owed, text: behaviour } = behaviourOf(partition, state);
    const isOfLast = [...owed].every(([stream, texts]) =>
      texts.every((text) => reference.outputs[to - 1]?.get(stream)?.includes(text)),
    );
    ensure(isOfLast, () => `partition ${partition} owes at ${to} what the last record did not make`);
    const expected = joined(this.#owed[partition]!, ...reference.outputs.slice(from, to));
    this.#owed[partition] = owed;
    const actual = new Map<string, string[]>();
    for (const [topic, records] of outputs) {
      for (const record of records) {
        const [stream, text] = readOutput(topic, record);
        actual.set(stream, [...(actual.get(stream) ?? []), text]);
      }
    }
    for (const stream of new Set([...expected.keys(), ...actual.keys(), ...owed.keys()])) {
      const made = [...(actual.get(stream) ?? []), ...(owed.get(stream) ?? [])];
      const texts = [expected.get(stream) ?? [], made].map((of) => JSON.stringify(inOrder(of)));
      ensure(
        texts[0] === texts[1],
        () => `${stream}, partition ${partition}, ${from} to ${to}: ${texts[1]} is not ${texts[0]}`,
      );
    }

    const expectedBehaviour = reference.behaviourAfter(to);
    ensure(
      behaviour === expectedBehaviour,
      () =>
        `partition ${partition} at ${to} has not the state of the log's prefix: ${firstDifference(behaviour, expectedBehaviour)}`,
    );

    if (this.#hasLostRows) this.#requireRemembered(partition);
    else this.#requireRows(partition, this.#wholeUpTo(partition, to));
  }

  /** As far as everything is made of what a prefix took in. */
  #wholeUpTo(partition: number, prefix: number): number {
    const { records, marks, isClosing } = this.#positions[partition]!;
    return isClosing ? Math.min(prefix, records + marks - 1) : prefix;
  }

  /** Marks are in the order of their places, and never before what some commit covers. */
  journaled(partition: number, records: readonly JournalRecord[]): void {
    this.#journals[partition]!.push(...records);
    const reference = this.#references[partition]!;
    for (const { offset, text } of records) {
      const { mark } = parseJournalEntry(text, `mark ${offset}`);
      const isOrdered = mark.after >= (reference.marks.at(-1)?.after ?? 0);
      ensure(isOrdered, () => {
        const marks = JSON.stringify([...reference.marks, mark]);
        return `the marks of partition ${partition} are out of order: ${marks}`;
      });
      reference.add(mark);
    }
    const { records: position, marks: applied } = this.#positions[partition]!;
    const prefix = reference.prefixOf(position, applied);
    ensure(
      prefix !== null,
      () => `partition ${partition} is committed at ${position}, after a new mark's place`,
    );
  }

  remembered(name: string): void {
    const partition = LOG.findIndex((_, index) => positionName(index) === name);
    if (partition !== -1) this.#requireRemembered(partition);
  }

  /** The online store is started again without its data. */
  loseRows(): void {
    this.store.lose();
    this.#latest.clear();
    this.#hasLostRows = true;
  }

  /** The changelog from its beginning is the whole state still. */
  truncated(partition: number): void {
    this.#requireRestorable(
      partition,
      EMPTY_STATE,
      this.partitions[partition]!.low,
      'the truncated changelog',
    );
  }

  /** A local store with what it has missed of the changelog is the whole state. */
  localStoreWritten(store: StateStore, partition: number): void {
    const source = { topic: TOPIC, partition };
    const followed = store.fact(`changelog:${TOPIC}/${partition}`);
    if (followed === null || Number(followed) < this.partitions[partition]!.low) return;
    this.#requireRestorable(partition, stateIn(store, source), Number(followed), 'a local store');
  }

  /** Whether every record and every mark is committed, and the store remembers it. */
  get isFinished(): boolean {
    return this.partitions.every(({ partition, position }) => {
      const end = LOG[partition]!.length;
      const { marks, isClosing } = this.#positions[partition]!;
      const isCommitted = position === end && marks === this.#journals[partition]!.length && !isClosing;
      return isCommitted && this.store.position(positionName(partition)) === end;
    });
  }

  /** At the end of the log, when nothing fails: everything was taken in, and the store shows it, and nothing else. */
  requireFinished(): void {
    for (const { partition, position } of this.partitions) {
      const end = LOG[partition]!.length;
      ensure(position === end, () => `partition ${partition} ends at ${position} of ${end}`);
      const reference = this.#references[partition]!;
      this.#requireRows(partition, end + reference.marks.length);
      for (const [name, rows] of reference.rows) {
        const { group, entity } = rows[0]!;
        const final = reference.watermark - group.allowedLatenessMs;
        const held = this.store.windows(group, entity);
        const newest = newestRows(rows);
        for (const { windowEnd, version } of held) {
          // A store that was filled again may keep one that nobody is served and nothing can revise.
          if (windowEnd <= final && windowEnd < held.at(-1)!.windowEnd) continue;
          const expected = newest.find((row) => row.windowEnd === windowEnd);
          ensure(
            expected?.version === version,
            () => `in the end ${name} has at ${windowEnd} version ${version}, not ${expected?.version}`,
          );
        }
      }
    }
  }

  #requireRestorable(partition: number, from: FoldedState, offset: number, what: string): void {
    const commits = this.partitions[partition]!;
    const records = commits.read(offset, commits.high, Number.POSITIVE_INFINITY);
    const source = { topic: TOPIC, partition };
    const state = records.reduce((folded, { value }) => fold(folded, unpackChanges(value, source)), from);
    const difference = differenceOf(state, this.#states[partition]!);
    ensure(
      difference === null,
      () => `${what}, from ${offset} on, does not give the state of partition ${partition}: ${difference}`,
    );
  }

  /**
   * A store that has lost its data is filled again, and then remembers a position: up to there it has the rows. One that
   * a former owner tells, who lost rows that it has not committed, counts as far as there are commits.
   */
  #requireRemembered(partition: number): void {
    const remembered = this.store.position(positionName(partition)) ?? 0;
    const records = Math.min(remembered, this.#positions[partition]!.records);
    // Of marks at the place itself it does not tell.
    const marks = this.#references[partition]!.marks.filter(({ after }) => after < records - 1);
    this.#requireRows(partition, this.#wholeUpTo(partition, records + marks.length));
  }

  /** How many marks the tasks of a partition have applied. */
  #marksIn(partition: number, state: FoldedState): number {
    const [next] = new Set([...state.values()].map(({ progress }) => progress.journal ?? 0));
    return this.#journals[partition]!.filter(({ offset }) => offset < next!).length;
  }

  /**
   * The rows of a prefix are in the store, or newer ones: of each entity the latest, and all that can still be revised
   * with whatever the log holds.
   */
  #requireRows(partition: number, prefix: number): void {
    const { rows, watermark } = this.#references[partition]!;
    for (const [name, all] of rows) {
      const { group, entity } = all[0]!;
      const final = watermark - group.allowedLatenessMs;
      const held = new Map(this.store.windows(group, entity).map((row) => [row.windowEnd, row.version]));
      const latest = Math.max(...held.keys());
      for (const expected of newestRows(all.filter((row) => row.prefix <= prefix))) {
        const { windowEnd, version, deleted } = expected;
        if (deleted || (windowEnd <= final && windowEnd < latest)) continue;
        const isDeletedLater = all.some(
          (row) => row.windowEnd === windowEnd && row.version > version && row.deleted,
        );
        const actual = held.get(windowEnd);
        ensure(
          isDeletedLater || (actual !== undefined && actual >= version),
          () => `the store should have ${name} at ${windowEnd} in version ${version}, and has ${actual}`,
        );
      }
    }
  }

  /** The store never goes back, and never holds a row that a replay does not have. */
  rowsWritten(group: FeatureGroup, entity: Upsert['entity']): void {
    const name = entityName(group, entity);
    const known = this.#references.map(({ rows }) => rows.get(name)).find((rows) => rows !== undefined) ?? [];
    for (const { windowEnd, version, values } of this.store.windows(group, entity)) {
      const text = JSON.stringify(values);
      const isKnown = known.some(
        (row) =>
          row.windowEnd === windowEnd && row.version === version && row.values === text && !row.deleted,
      );
      ensure(isKnown, () => `${name} has at ${windowEnd} version ${version}, ${text}, which no replay has`);
    }
    const before = this.#latest.get(name);
    const now = this.store.latest(group, entity);
    if (now !== null) this.#latest.set(name, now);
    if (before === undefined) return;
    const isOlder =
      now === null ||
      now.windowEnd < before.windowEnd ||
      (now.windowEnd === before.windowEnd && now.version < before.version);
    ensure(!isOlder, () => `${name} was seen as ${JSON.stringify(before)}, then as ${JSON.stringify(now)}`);
  }
}

interface CommittedPosition {
  readonly records: number;
  readonly marks: number;
  /** Of the last one rows are still to come. */
  readonly isClosing: boolean;
}

/** The last version of each row, by window_end. */
function newestRows(rows: readonly RowVersion[]): RowVersion[] {
  const newest = new Map(rows.map((row) => [row.windowEnd, row]));
  return [...newest.values()].sort((a, b) => a.windowEnd - b.windowEnd);
}

/** Under which the store remembers how far it has a partition's rows. */
function positionName(partition: number): string {
  return `${APP}/${TOPIC}/${partition}`;
}

/** The first line that two texts do not have in common. */
function firstDifference(actual: string, expected: string): string {
  const [lines, others] = [actual.split('\n'), expected.split('\n')];
  let index = 0;
  while (lines[index] === others[index]) index++;
  return `${lines[index]} is not ${others[index]}`;
}

function joined(...all: readonly Outputs[]): Outputs {
  const outputs = new Map<string, string[]>();
  for (const streams of all) {
    for (const [stream, texts] of streams) outputs.set(stream, [...(outputs.get(stream) ?? []), ...texts]);
  }
  return outputs;
}

function ensure(condition: boolean, describe: () => string): asserts condition {
  if (!condition) throw new Violation(describe());
}
