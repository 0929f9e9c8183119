import type { FeatureGroup } from '../definitions/definition.ts';
import { ON_TIME, type RevisionBatch, TIMINGS, type Timing } from '../operators/revision.ts';
import type { OnlineStore, Upsert, UpsertCounts } from '../sinks/sink.ts';
import type { EventTimeMs } from '../time.ts';

/** Batches whose rows may wait for the online store at once: one is sent while the next is computed. */
const BATCHES_IN_FLIGHT = 4;
/** Beyond so many rows in flight the next batch waits: what bounds memory when the store is slow or away. */
const ROWS_IN_FLIGHT = 100_000;

/** Sends revisions to the online store while the worker goes on, up to a limit, and counts them. */
export class RowFlusher {
  readonly revisions: Record<Timing, number> = { early: 0, 'on-time': 0, late: 0 };
  readonly upserts: UpsertCounts = { accepted: 0, equal: 0, stale: 0 };
  readonly #store: OnlineStore;
  readonly #inFlight = new Set<Promise<void>>();
  #rowsInFlight = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(store: OnlineStore) {
    this.#store = store;
  }

  /**
   * Takes over the batch's revisions; the batch may be cleared when the call returns. An on-time revision whose
   * early one was sent already repeats its values and is left out (semantics.md, "Revisions": coalesce).
   */
  send(group: FeatureGroup, batch: RevisionBatch, watermark: EventTimeMs): void {
    const rows: Upsert[] = [];
    for (let row = 0; row < batch.length; row++) {
      const timing = batch.timing[row]!;
      this.revisions[TIMINGS[timing]!]++;
      if (timing === ON_TIME && batch.replaces[row] === 1) continue;
      rows.push({
        entity: batch.entityOf(row),
        windowEnd: batch.windowEnd[row]!,
        version: batch.version[row]!,
        knownAt: batch.knownAt[row]!,
        values: batch.valuesOf(row),
        watermark,
      });
    }
    if (rows.length === 0) return;
    this.#rowsInFlight += rows.length;
    const write = this.#store.write(group, rows).then(
      (counts) => {
        this.upserts.accepted += counts.accepted;
        this.upserts.equal += counts.equal;
        this.upserts.stale += counts.stale;
      },
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
    const tracked = write.then(() => {
      this.#rowsInFlight -= rows.length;
      this.#inFlight.delete(tracked);
    });
    this.#inFlight.add(tracked);
  }

  /** Resolves when the store has room for one more batch. Throws what the store refused. */
  async room(): Promise<void> {
    while (this.#inFlight.size >= BATCHES_IN_FLIGHT || this.#rowsInFlight > ROWS_IN_FLIGHT) {
      await Promise.race(this.#inFlight);
    }
    this.#throwFailure();
  }

  /** Resolves when everything sent before the call is in the store. Throws what the store refused. */
  async settled(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
