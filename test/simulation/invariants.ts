import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { OnlineRow, Upsert } from '../../src/sinks/sink.ts';
import { unpackChanges } from '../../src/state/changelog-pack.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { CommitPartition, type CommitWitness, type Transaction } from './commit-partition.ts';
import { differenceOf, EMPTY_STATE, type FoldedState, fold, stateIn } from './folded-state.ts';
import { SharedStore } from './model-online-store.ts';
import { behaviourOf, entityName, REFERENCES, type RowVersion } from './reference.ts';
import { Violation } from './scheduler.ts';
import { inOrder, readOutput } from './undisturbed.ts';
import { LOG, TOPIC } from './workload.ts';

/**
 * What must be so after every step, looked at whenever something that it speaks of has changed. It owns what is
 * durable in the cluster: the commits of each partition, and the online store.
 */
export class Invariants implements CommitWitness {
  readonly partitions: readonly CommitPartition[];
  readonly store: SharedStore;
  /** By partition: the changelog folded from its first record ever. */
  readonly #states: FoldedState[] = LOG.map(() => EMPTY_STATE);
  /** By partition: the position of the last commit. */
  readonly #positions: number[] = LOG.map(() => 0);
  /** The latest row that each entity was seen with. */
  readonly #latest = new Map<string, OnlineRow>();

  constructor() {
    this.partitions = LOG.map((_, partition) => new CommitPartition(partition, this));
    this.store = new SharedStore((group, entity) => this.#rowsChanged(group, entity));
  }

  /** Two owners never both commit; outputs are there once; state is the function of the prefix; rows went before. */
  committed(partition: number, { position, changelog, outputs }: Transaction): void {
    const before = this.#positions[partition]!;
    ensure(
      position > before,
      `partition ${partition} was at ${before}, and is committed at ${position} again`,
    );
    this.#positions[partition] = position;

    const expected = outputsOf(partition, before, position);
    const actual = new Map<string, string[]>();
    for (const [topic, records] of outputs) {
      for (const record of records) {
        const [stream, text] = readOutput(topic, record);
        actual.set(stream, [...(actual.get(stream) ?? []), text]);
      }
    }
    for (const stream of new Set([...expected.keys(), ...actual.keys()])) {
      const texts = [expected, actual].map((of) => JSON.stringify(inOrder(of.get(stream) ?? [])));
      ensure(
        texts[0] === texts[1],
        `${stream}, partition ${partition}, ${before} to ${position}: ${texts[1]} is not ${texts[0]}`,
      );
    }

    const source = { topic: TOPIC, partition };
    const state = changelog.reduce(
      (folded, value) => fold(folded, unpackChanges(value, source)),
      this.#states[partition]!,
    );
    this.#states[partition] = state;
    const behaviour = behaviourOf(partition, state);
    const expectedBehaviour = REFERENCES[partition]!.behaviours[position]!;
    ensure(
      behaviour === expectedBehaviour,
      `partition ${partition} at ${position} has not the state of the log's prefix: ${firstDifference(behaviour, expectedBehaviour)}`,
    );

    this.#requireRows(partition, position);
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

  /** Whether every record is committed. */
  get isFinished(): boolean {
    return this.partitions.every(({ partition, position }) => position === LOG[partition]!.length);
  }

  /** At the end of the log, when nothing fails: everything was taken in, and the store shows it. */
  requireFinished(): void {
    for (const { partition, position } of this.partitions) {
      const end = LOG[partition]!.length;
      ensure(position === end, `partition ${partition} ends at ${position} of ${end}`);
      this.#requireRows(partition, end);
      for (const [name, rows] of REFERENCES[partition]!.rows) {
        const { group, entity } = rows[0]!;
        const expected = newestRows(rows)
          .filter(({ deleted }) => !deleted)
          .at(-1);
        const actual = this.store.latest(group, entity);
        ensure(
          actual?.windowEnd === expected?.windowEnd && actual?.version === expected?.version,
          `in the end ${name} has ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
        );
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
      `${what}, from ${offset} on, does not give the state of partition ${partition}: ${difference}`,
    );
  }

  /** Committed means durable: what the store must hold of a prefix, or newer. */
  #requireRows(partition: number, position: number): void {
    const { rows, watermarks } = REFERENCES[partition]!;
    const finalBefore = watermarks.at(-1)!;
    for (const [name, all] of rows) {
      const { group, entity } = all[0]!;
      const held = this.store.windows(group, entity);
      for (const expected of newestRows(all.filter(({ version }) => version <= position))) {
        const { windowEnd, version, deleted } = expected;
        const row = held.find((other) => other.windowEnd === windowEnd);
        if (row !== undefined) {
          ensure(
            row.version >= version,
            `${name} at ${windowEnd} has version ${row.version}, and ${version} is committed`,
          );
        } else if (!deleted) {
          const isLaterDeleted = all.some(
            (other) => other.windowEnd === windowEnd && other.version > version && other.deleted,
          );
          const isDropped =
            windowEnd + group.allowedLatenessMs <= finalBefore && (held.at(-1)?.windowEnd ?? 0) > windowEnd;
          ensure(
            isLaterDeleted || isDropped,
            `${name} at ${windowEnd} is committed with version ${version}, and not in the store`,
          );
        }
      }
    }
  }

  /** The store never goes back, and never holds a row that a replay does not have. */
  #rowsChanged(group: FeatureGroup, entity: Upsert['entity']): void {
    const name = entityName(group, entity);
    const known = REFERENCES.map(({ rows }) => rows.get(name)).find((rows) => rows !== undefined) ?? [];
    for (const { windowEnd, version, values } of this.store.windows(group, entity)) {
      const text = JSON.stringify(values);
      const isKnown = known.some(
        (row) =>
          row.windowEnd === windowEnd && row.version === version && row.values === text && !row.deleted,
      );
      ensure(isKnown, `${name} has at ${windowEnd} version ${version}, ${text}, which no replay has`);
    }
    const before = this.#latest.get(name);
    const now = this.store.latest(group, entity);
    if (now !== null) this.#latest.set(name, now);
    if (before === undefined) return;
    const isOlder = now === null || now.windowEnd < before.windowEnd || now.version < before.version;
    ensure(!isOlder, `${name} was seen as ${JSON.stringify(before)}, then as ${JSON.stringify(now)}`);
  }
}

/** The last version of each row, by window_end. */
function newestRows(rows: readonly RowVersion[]): RowVersion[] {
  const newest = new Map(rows.map((row) => [row.windowEnd, row]));
  return [...newest.values()].sort((a, b) => a.windowEnd - b.windowEnd);
}

function firstDifference(actual: string, expected: string): string {
  const [lines, others] = [actual.split('\n'), expected.split('\n')];
  const index = others.findIndex((line, at) => line !== lines[at]);
  return `${lines[index]} is not ${others[index]}`;
}

function outputsOf(partition: number, from: number, to: number): Map<string, string[]> {
  const outputs = new Map<string, string[]>();
  for (const streams of REFERENCES[partition]!.outputs.slice(from, to)) {
    for (const [stream, texts] of streams) outputs.set(stream, [...(outputs.get(stream) ?? []), ...texts]);
  }
  return outputs;
}

function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}
