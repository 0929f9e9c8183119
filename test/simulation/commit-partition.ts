import {
  type ChangelogRecord,
  ChangelogTruncatedError,
  type Commit,
  FencedError,
  type JournalRecord,
} from '../../src/live/commit-log.ts';

/** A commit under way, and whose it is. */
export interface Transaction extends Commit {
  readonly epoch: number;
}

/** Hears what becomes durable. */
export interface CommitWitness {
  /** Further marks are in the journal. */
  journaled(partition: number, records: readonly JournalRecord[]): void;
  /** Records of the changelog from an offset on are committed with the rest. */
  committed(partition: number, transaction: Transaction, from: number): void;
  truncated(partition: number): void;
}

/** A place in the changelog; markers, and records of a transaction that came to nothing, have no value for readers. */
interface Slot {
  value: Uint8Array | null;
}

/** The brokers' side of the commits of one partition: a changelog, a position, and who may commit. */
export class CommitPartition {
  readonly partition: number;
  readonly #witness: CommitWitness;
  readonly #slots: Slot[] = [];
  readonly #journal: JournalRecord[] = [];
  #journalEnd = 0;
  #low = 0;
  #epoch = 0;
  /** What is written and not committed: readers do not see it. */
  #open: { readonly transaction: Transaction; readonly from: number } | null = null;
  #position = 0;

  constructor(partition: number, witness: CommitWitness) {
    this.partition = partition;
    this.#witness = witness;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#open?.from ?? this.#slots.length;
  }

  /** The committed position. */
  get position(): number {
    return this.#position;
  }

  /** Makes a new owner, and undoes what the former one has not finished. */
  fence(): number {
    this.#abort();
    return ++this.#epoch;
  }

  /** Answers the offset after the transaction's last record. */
  write(transaction: Transaction): number {
    this.#requireOwner(transaction);
    this.#open = { transaction, from: this.#slots.length };
    for (const value of transaction.changelog) this.#slots.push({ value });
    return this.#slots.length;
  }

  commit(transaction: Transaction): void {
    this.#requireOwner(transaction);
    const { from } = this.#open!;
    this.#open = null;
    this.#slots.push(MARKER);
    this.#position = transaction.position;
    this.#witness.committed(this.partition, transaction, from);
  }

  /** Answers the offset after the last of them; behind it stands the marker of the transaction. */
  appendJournal(epoch: number, texts: readonly string[]): number {
    this.#requireOwner({ epoch });
    const records = texts.map((text, index) => ({ offset: this.#journalEnd + index, text }));
    this.#journal.push(...records);
    this.#journalEnd += records.length + 1;
    this.#witness.journaled(this.partition, records);
    return this.#journalEnd - 1;
  }

  /** The journal's records from an offset on. */
  journal(from: number): readonly JournalRecord[] {
    return this.#journal.filter(({ offset }) => offset >= from);
  }

  truncate(before: number): void {
    if (before <= this.#low) return;
    this.#low = before;
    this.#witness.truncated(this.partition);
  }

  /** Some committed records in [from, to); none when there are no more. */
  read(from: number, to: number, most: number): readonly ChangelogRecord[] {
    if (from < this.#low) throw new ChangelogTruncatedError(`it begins at ${this.#low}, after ${from}`);
    const records: ChangelogRecord[] = [];
    for (let offset = from; offset < to && records.length < most; offset++) {
      const { value } = this.#slots[offset]!;
      if (value !== null) records.push({ offset, value });
    }
    return records;
  }

  #abort(): void {
    if (this.#open === null) return;
    for (let offset = this.#open.from; offset < this.#slots.length; offset++)
      this.#slots[offset]!.value = null;
    this.#open = null;
    this.#slots.push(MARKER);
  }

  #requireOwner({ epoch }: Pick<Transaction, 'epoch'>): void {
    if (epoch !== this.#epoch) throw new FencedError(`another worker owns partition ${this.partition}`);
  }
}

const MARKER: Slot = { value: null };
