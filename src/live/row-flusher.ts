import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeatureGroup } from '../definitions/definition.ts';
import { type RevisionBatch, TIMINGS, type Timing } from '../operators/revision.ts';
import type { OnlineStore, Upsert, UpsertCounts } from '../sinks/sink.ts';
import type { EventTimeMs } from '../time.ts';
import { NewestRows } from './newest-rows.ts';
import { groupLabel, type SentCounts } from './worker-counts.ts';
import type { WorkerMeter } from './worker-meter.ts';

/** Beyond so many rows of a group unsent the next batch waits: what bounds memory when the store is slow or away. */
const UNSENT_ROWS = 10_000;

/** Sends revisions to the online store while the worker goes on, up to a limit, and counts them. */
export class RowFlusher {
  readonly #store: OnlineStore;
  readonly #meter: WorkerMeter | null;
  readonly #groups = new Map<FeatureGroup, GroupWrites>();
  readonly #newest = new NewestRows();
  #failure: { readonly error: unknown } | null = null;

  constructor(store: OnlineStore, meter: WorkerMeter | null = null) {
    this.#store = store;
    this.#meter = meter;
  }

  /** By group, since the flusher was made. */
  get sent(): readonly SentCounts[] {
    return [...this.#groups].map(([group, { revisions, upserts, unsent }]) => ({
      group: groupLabel(group),
      revisions,
      upserts,
      unsent,
    }));
  }

  /** Takes over the batch's revisions and answers what is sent of them; the batch may be cleared then. */
  send(group: FeatureGroup, batch: RevisionBatch, watermark: EventTimeMs): readonly Upsert[] {
    if (batch.length === 0) return [];
    const writes = this.#writesOf(group);
    writes.count(batch);
    const count = this.#newest.pick(batch);
    const sent: Upsert[] = [];
    for (let i = count - 1; i >= 0; i--) {
      const row = this.#newest.picked[i]!;
      sent.push({
        entity: batch.entityOf(row),
        windowEnd: batch.windowEnd[row]!,
        version: batch.version[row]!,
        knownAt: batch.knownAt[row]!,
        ...(batch.deleted[row] === 1 ? { deleted: true } : {}),
        leave: batch.leaveOf(row),
        values: batch.storedValues(row),
        watermark,
      });
    }
    if (count > 0) writes.add(sent);
    return sent;
  }

  /** Resolves when there is room for one more batch. Throws what the store refused. */
  async room(): Promise<void> {
    for (const writes of this.#groups.values()) {
      while (writes.unsent > UNSENT_ROWS) await writes.taken();
    }
    this.#throwFailure();
  }

  /** Resolves when everything sent before the call is in the store. Throws what the store refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((writes) => writes.written()));
    this.#throwFailure();
  }

  #writesOf(group: FeatureGroup): GroupWrites {
    let writes = this.#groups.get(group);
    if (writes === undefined) {
      writes = new GroupWrites((rows, upserts) => this.#write(group, rows, upserts));
      this.#groups.set(group, writes);
    }
    return writes;
  }

  /** Never fails: the first failure is kept for the worker, and nothing is written after it. */
  async #write(group: FeatureGroup, rows: readonly Upsert[], upserts: UpsertCounts): Promise<void> {
    if (this.#failure !== null) return;
    try {
      const began = performance.now();
      const counts = await this.#store.write(group, rows);
      this.#meter?.flushed(group, rows, performance.now() - began);
      upserts.accepted += counts.accepted;
      upserts.equal += counts.equal;
      upserts.stale += counts.stale;
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

/**
 * The rows of one group on their way to the store: one write at a time, and the next takes everything that has come
 * meanwhile, of all partitions. So the slower the store, the fewer and larger the writes.
 */
class GroupWrites {
  readonly revisions: Record<Timing, number> = { early: 0, 'on-time': 0, late: 0 };
  readonly upserts: UpsertCounts = { accepted: 0, equal: 0, stale: 0 };
  readonly #write: (rows: readonly Upsert[], upserts: UpsertCounts) => Promise<void>;
  #rows: Upsert[] = [];
  #taken: Promise<void> = Promise.resolve();
  #written: Promise<void> = Promise.resolve();

  constructor(write: (rows: readonly Upsert[], upserts: UpsertCounts) => Promise<void>) {
    this.#write = write;
  }

  count({ length, timing }: RevisionBatch): void {
    const counts = [0, 0, 0];
    for (let row = 0; row < length; row++) counts[timing[row]!]!++;
    for (const [index, name] of TIMINGS.entries()) this.revisions[name] += counts[index]!;
  }

  /** How many rows no write has taken yet. */
  get unsent(): number {
    return this.#rows.length;
  }

  add(rows: readonly Upsert[]): void {
    const isFirst = this.#rows.length === 0;
    for (const row of rows) this.#rows.push(row);
    if (!isFirst) return;
    // Not at once: batches of several partitions come in one turn of the event loop.
    this.#taken = this.#written.then(() => nextTurn());
    this.#written = this.#taken.then(() => this.#write(this.#rows.splice(0), this.upserts));
  }

  /** Resolves when a write has taken the rows that are unsent now. */
  taken(): Promise<void> {
    return this.#taken;
  }

  /** Resolves when the rows added so far are written. */
  written(): Promise<void> {
    return this.#written;
  }
}
