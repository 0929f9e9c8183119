import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FeatureGroup } from '../definitions/definition.ts';
import { loadDefinitions } from '../definitions/load.ts';
import { assert, TidemarkError } from '../errors.ts';
import { LocalDurability } from '../live/local-durability.ts';
import { Worker } from '../live/worker.ts';
import type { WorkerSummary } from '../live/worker-summary.ts';
import { compareOnline } from '../replay/compare-online.ts';
import { replay } from '../replay/replay.ts';
import type { OnlineStore } from '../sinks/sink.ts';
import { SqliteOnlineStore } from '../sinks/sqlite-store.ts';
import { ArchiveLogReader } from '../sources/archive-log.ts';
import { type Archive, openArchive } from '../sources/archive-reader.ts';
import { ArchiveWriter } from '../sources/archive-writer.ts';
import { LmdbStateStore } from '../state/lmdb-state-store.ts';
import { encodeJson } from './encode.ts';
import {
  DEMO_PHASES,
  type DemoOptions,
  type DemoPhase,
  type DemoResult,
  type DemoSample,
} from './options.ts';
import { generateTransactions, TRANSACTION_DEFAULTS } from './transactions.ts';

const MARKER = '.tidemark-demo';
const PARTITIONS = 4;
/** Of event time that the stream covers, whatever its length: events leave the windows, too. */
const DAYS = 3;
/** Records with something wrong, of each kind, among all. */
const DEFECTS = 0.0005;
const EXAMPLE = fileURLToPath(new URL('../../examples/card-risk.ts', import.meta.url));

/**
 * Everything on one machine with no service: makes a stream of card transactions, runs a worker over it (stopped half
 * way and started again), replays the log and holds the online store against the replay.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { out, signal } = options;
  const paths = {
    archive: join(out, 'archive'),
    state: join(out, 'state'),
    online: join(out, 'online.sqlite'),
    rows: join(out, 'rows'),
    definitions: join(out, 'card-risk.ts'),
  };
  await claimFolder(out);
  for (const leftover of [paths.archive, paths.state, paths.rows, ...databaseFiles(paths.online)]) {
    await rm(leftover, { recursive: true, force: true });
  }
  await copyFile(EXAMPLE, paths.definitions);
  const { groups } = await loadDefinitions(paths.definitions);
  const clock = new PhaseClock();

  await makeArchive(paths.archive, options);
  clock.end('make');

  const archive = await openArchive(paths.archive);
  const store = new SqliteOnlineStore({ file: paths.online });
  try {
    const work = (until: number, signal: AbortSignal) =>
      runEmbeddedWorker({ groups, archive, store, stateDir: paths.state, until, signal, options });
    const live = [
      await work(Math.floor(options.events / 2), signal),
      await work(options.events, signal),
    ] as const;
    clock.end('live');

    const summary = await replay({
      definitionsFile: paths.definitions,
      groups: null,
      archive: paths.archive,
      journal: null,
      output: { kind: 'files', directory: paths.rows, rows: 'all', format: 'parquet', overwrite: false },
      skipCorrupt: false,
      signal,
      onProgress: (progress) => options.onProgress?.('replay', progress),
    });
    clock.end('replay');

    const [group] = groups;
    assert(group !== undefined, 'the example defines a group');
    const comparison = await compareOnline(group, summary.groups[0]!.directory, store);
    clock.end('compare');
    return {
      events: options.events,
      definitionsFile: paths.definitions,
      live,
      replay: summary,
      comparison,
      sample: await sampleOf(group, store),
      seconds: clock.seconds,
    };
  } finally {
    await store.close();
  }
}

/** Only a folder that is empty, or that a demo made, is written to: what a demo replaces it removes. */
async function claimFolder(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const entries = await readdir(out);
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new TidemarkError('the folder holds files that no demo made', {
      code: 'DEMO_FOLDER',
      place: { file: out },
      remedy: 'Name an empty or a new folder with --out.',
    });
  }
  await writeFile(join(out, MARKER), 'Made by `tidemark demo`, which replaces what is in this folder.\n');
}

async function makeArchive(dir: string, options: DemoOptions): Promise<void> {
  const writers = Array.from(
    { length: PARTITIONS },
    (_, partition) => new ArchiveWriter(dir, 'transactions', partition),
  );
  let made = 0;
  const stream = generateTransactions({
    ...TRANSACTION_DEFAULTS,
    seed: options.seed,
    count: options.events,
    cards: options.cards,
    partitions: PARTITIONS,
    perSecond: options.events / (DAYS * 86_400),
    defects: DEFECTS,
  });
  try {
    for (const transaction of stream) {
      const { partition, offset, timestamp, key } = transaction;
      await writers[partition]!.append([{ offset, timestamp, key, value: encodeJson(transaction) }]);
      if (++made % 1000 !== 0) continue;
      options.signal.throwIfAborted();
      options.onProgress?.('make', { done: made, total: options.events });
    }
    for (const writer of writers) await writer.close();
  } catch (error) {
    for (const writer of writers) await writer.abort();
    throw error;
  }
}

/** A worker over the archive as its log, with local state, until so many events in all are read. */
async function runEmbeddedWorker(parts: {
  groups: readonly FeatureGroup[];
  archive: Archive;
  store: OnlineStore;
  stateDir: string;
  until: number;
  signal: AbortSignal;
  options: DemoOptions;
}): Promise<WorkerSummary> {
  const { options } = parts;
  const state = await LmdbStateStore.open(parts.stateDir);
  try {
    const stop = new AbortController();
    const reader = new ArchiveLogReader(parts.archive, ['transactions']);
    const positions = new Map<number, number>();
    reader.onPosition = (_topic, partition, position) => {
      positions.set(partition, position);
      const done = [...positions.values()].reduce((sum, position) => sum + position, 0);
      options.onProgress?.('live', { done, total: options.events });
      if (done >= parts.until && done < options.events) stop.abort();
    };
    const worker = new Worker({
      groups: parts.groups,
      reader,
      durability: new LocalDurability({
        groups: parts.groups,
        state,
        reader,
        deadLetterDir: join(parts.stateDir, 'dead-letters'),
      }),
      store: parts.store,
      log: { info: () => {}, warn: () => {} },
      options: {
        app: 'demo',
        from: 'earliest',
        commitIntervalMs: 1000,
        reportIntervalMs: 60_000,
        maxBatchRecords: 10_000,
        cacheEntities: 250_000,
        replaceableAfterMs: Number.POSITIVE_INFINITY,
      },
    });
    return await worker.run(AbortSignal.any([parts.signal, stop.signal]));
  } finally {
    await state.close();
  }
}

/** The card drawn most often is the first of Zipf's law. */
async function sampleOf(group: FeatureGroup, store: OnlineStore): Promise<DemoSample | null> {
  const row = await store.latest(group, ['c0']);
  if (row === null) return null;
  return {
    entity: 'c0',
    windowEnd: new Date(row.windowEnd).toISOString(),
    version: row.version,
    values: Object.fromEntries(group.features.map(({ name }, index) => [name, row.values[index]])),
  };
}

function databaseFiles(path: string): string[] {
  return [path, `${path}-wal`, `${path}-shm`];
}

class PhaseClock {
  readonly seconds = Object.fromEntries(DEMO_PHASES.map((phase) => [phase, 0])) as Record<DemoPhase, number>;
  #since = performance.now();

  end(phase: DemoPhase): void {
    const now = performance.now();
    this.seconds[phase] = (now - this.#since) / 1000;
    this.#since = now;
  }
}
