import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { latestKey, parseLatest, parseWindows, windowsKey } from '../../src/sinks/redis-format.ts';
import type { OnlineRow } from '../../src/sinks/sink.ts';

/**
 * A client that reads entities over and over again, as a model server would, and writes down what no reader may see:
 * a row that is gone, one that is older than what was read before, a mix of two revisions.
 */
export class RedisWatcher {
  /** One line for each thing that no reader may see. */
  readonly violations: string[] = [];
  /** Every latest row that was read, by entity, window_end and version. */
  readonly seen = new Map<string, { readonly entity: string; readonly row: OnlineRow }>();
  reads = 0;
  /** Reads that Redis did not answer, because it was away. */
  unanswered = 0;
  readonly #group: FeatureGroup;
  readonly #entities: readonly string[];
  readonly #pauseMs: number;
  readonly #client: Redis;
  readonly #latest = new Map<string, OnlineRow>();
  readonly #versions = new Map<string, Map<number, number>>();
  #watching: Promise<void> = Promise.resolve();
  #isOver = false;

  /** @param pauseMs between two rounds over the entities */
  constructor(url: string, group: FeatureGroup, entities: readonly string[], pauseMs = 0) {
    this.#group = group;
    this.#entities = entities;
    this.#pauseMs = pauseMs;
    this.#client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 20,
    });
    this.#client.on('error', () => {});
  }

  async start(): Promise<void> {
    await this.#client.connect();
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
    this.#client.disconnect();
  }

  /** Looks away while Redis loses its data, and forgets: rows come again when they are sent again. */
  async whileDataAreLost(work: () => Promise<void>): Promise<void> {
    this.#isOver = true;
    await this.#watching;
    await work();
    this.#latest.clear();
    this.#versions.clear();
    this.#isOver = false;
    this.#watching = this.#watch();
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      for (const entity of this.#entities) {
        const hashes = await this.#read(entity);
        if (hashes === null) await sleep(5);
        else this.#judge(entity, hashes[0], hashes[1]);
        if (this.#isOver) return;
      }
      if (this.#pauseMs > 0) await sleep(this.#pauseMs);
    }
  }

  /** Both hashes of an entity as they stand at one moment; null when Redis does not answer. */
  async #read(entity: string): Promise<[Record<string, string>, Record<string, string>] | null> {
    const key = latestKey(this.#group, entity);
    try {
      const answers = await this.#client.multi().hgetall(key).hgetall(windowsKey(key)).exec();
      const [[latestError, latest], [windowsError, windows]] = answers as [
        [unknown, never],
        [unknown, never],
      ];
      if (latestError === null && windowsError === null) {
        this.reads++;
        return [latest, windows];
      }
    } catch {
      // Away, or loading its data.
    }
    this.unanswered++;
    return null;
  }

  #judge(entity: string, latestHash: Record<string, string>, windowsHash: Record<string, string>): void {
    const latest = parseLatest(this.#group, latestHash);
    const before = this.#latest.get(entity);
    if (latest === null) {
      if (before !== undefined) this.#violation(entity, `its row is gone; it was ${text(before)}`);
      return;
    }
    this.#latest.set(entity, latest);
    if (before !== undefined && isOlder(latest, before)) {
      this.#violation(entity, `${text(latest)} after ${text(before)}`);
    }
    const windows = parseWindows(this.#group, windowsHash);
    const same = windows.find((row) => row.windowEnd === latest.windowEnd);
    // When its first event leaves, only the latest row says.
    const { leave: _, ...row } = latest;
    if (same === undefined || text(same) !== text(row)) {
      this.#violation(
        entity,
        `latest ${text(latest)}, of that window ${same === undefined ? 'none' : text(same)}`,
      );
    }
    this.#judgeVersions(entity, windows);
    this.#remember(entity, latest);
  }

  #judgeVersions(entity: string, windows: readonly OnlineRow[]): void {
    const versions = this.#versions.get(entity) ?? new Map<number, number>();
    this.#versions.set(entity, versions);
    for (const { windowEnd, version } of windows) {
      const before = versions.get(windowEnd);
      if (before !== undefined && version < before) {
        this.#violation(entity, `window_end ${windowEnd} went from version ${before} to ${version}`);
      }
      versions.set(windowEnd, version);
    }
  }

  #remember(entity: string, row: OnlineRow): void {
    const name = `${entity} ${row.windowEnd} ${row.version}`;
    const before = this.seen.get(name);
    if (before === undefined) this.seen.set(name, { entity, row });
    else if (text(before.row) !== text(row)) {
      this.#violation(entity, `one version, two rows: ${text(before.row)} and ${text(row)}`);
    }
  }

  #violation(entity: string, what: string): void {
    this.violations.push(`${entity}: ${what}`);
  }
}

function isOlder(row: OnlineRow, than: OnlineRow): boolean {
  return row.windowEnd < than.windowEnd || (row.windowEnd === than.windowEnd && row.version < than.version);
}

/** Of the latest row without its leave, which the rows by window do not have. */
function text({ windowEnd, version, knownAt, values }: OnlineRow): string {
  return JSON.stringify({ windowEnd, version, knownAt, values });
}
