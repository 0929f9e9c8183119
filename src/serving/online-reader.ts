import type { FeatureGroup, Scalar, Value } from '../definitions/definition.ts';
import type { OnlineStoreOptions } from '../sinks/open-online-store.ts';
import type { LatestRow } from '../sinks/sink.ts';
import type { DurationMs, EventTimeMs, Version } from '../time.ts';
import type { OnlineRows } from './online-rows.ts';
import { type CheckedRead, type ReadRequest, ReadRequests } from './read-request.ts';

/** The features of one entity as they are now. */
export interface OnlineAnswer {
  readonly group: string;
  readonly groupVersion: number;
  /** Of the group's definition: equal fingerprints, equal meaning of the values. */
  readonly fingerprint: string;
  /** The entity's fields by name. */
  readonly entity: Readonly<Record<string, Scalar>>;
  /** Up to when events are counted, exclusive. Null, as all that follows, when the entity has no row. */
  readonly windowEnd: EventTimeMs | null;
  /** The log position that the values are a function of. */
  readonly version: Version | null;
  /** How far the log had come, in log time. */
  readonly knownAt: EventTimeMs | null;
  /** The grid time at which the first of what the row holds leaves its range; null when nothing does. */
  readonly leave: EventTimeMs | null;
  /** Whether that time has come: events have expired, and no later one has moved the watermark to say so yet. */
  readonly dueToFall: boolean;
  /** By feature. Of an entity without a row each is null, whatever its default. */
  readonly values: Readonly<Record<string, Value | null>>;
}

export interface OnlineReaderOptions {
  /** The groups that can be asked for. */
  readonly groups: readonly FeatureGroup[];
  readonly store: OnlineStoreOptions;
  /** How long Redis may be silent before it counts as away. Default: 2 s. */
  readonly responseTimeoutMs?: DurationMs;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number;
}

/**
 * Reads features where a model is served: what `tidemark run` wrote last, with the types of the definitions. Rows
 * that outlived their group's time to live are none.
 */
export class OnlineReader {
  readonly #rows: OnlineRows;
  readonly #requests: ReadRequests;
  readonly #now: () => number;

  private constructor(rows: OnlineRows, groups: readonly FeatureGroup[], now: () => number) {
    this.#rows = rows;
    this.#requests = new ReadRequests(groups);
    this.#now = now;
  }

  /** @throws TidemarkError when the store cannot be reached or opened */
  static async open(options: OnlineReaderOptions): Promise<OnlineReader> {
    return new OnlineReader(await openRows(options), options.groups, options.now ?? Date.now);
  }

  /**
   * The answers, in the order of the requests; one round trip for all of them. Each is of one moment by itself.
   *
   * @throws ReadError for a group, an entity or a feature that is none
   * @throws TidemarkError when the store is away
   */
  async read(requests: readonly ReadRequest[]): Promise<readonly OnlineAnswer[]> {
    const reads = requests.map((request) => this.#requests.check(request));
    const rows = reads.length === 0 ? [] : await this.#rows.latest(reads);
    const now = this.#now();
    return reads.map((read, index) => answer(read, rows[index]!, now));
  }

  /**
   * Resolves when the store answers.
   *
   * @throws TidemarkError when it is away
   */
  ping(): Promise<void> {
    return this.#rows.ping();
  }

  close(): Promise<void> {
    return this.#rows.close();
  }
}

/** The clients are loaded when they are needed: every definitions file imports the module that exports the reader. */
async function openRows(options: OnlineReaderOptions): Promise<OnlineRows> {
  const { store, responseTimeoutMs = 2000 } = options;
  if (store.kind === 'redis') {
    const { RedisRows } = await import('./redis-rows.ts');
    return RedisRows.open({ url: store.url, connectionName: 'tidemark:reader', responseTimeoutMs });
  }
  const { SqliteRows } = await import('./sqlite-rows.ts');
  return new SqliteRows(store.file);
}

function answer({ group, entity, features }: CheckedRead, row: LatestRow | null, now: number): OnlineAnswer {
  const leave = row?.leave ?? null;
  return {
    group: group.name,
    groupVersion: group.version,
    fingerprint: group.fingerprint,
    entity: Object.fromEntries(group.entity.map((name, index) => [name, entity[index]!])),
    windowEnd: row?.windowEnd ?? null,
    version: row?.version ?? null,
    knownAt: row?.knownAt ?? null,
    leave,
    dueToFall: leave !== null && leave <= now,
    values: Object.fromEntries(
      features.map(({ feature, index }) => [feature.name, row?.values[index] ?? null]),
    ),
  };
}
