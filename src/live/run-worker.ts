import { renameSync } from 'node:fs';
import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { openOnlineStore } from '../sinks/open-online-store.ts';
import type { Log } from '../sources/kafka-client.ts';
import type { HeartbeatOptions } from '../sources/kafka-heartbeats.ts';
import { KafkaLogReader } from '../sources/kafka-log.ts';
import { memberFileIn } from '../sources/kafka-member.ts';
import { LEAST_SILENCE_MS } from '../sources/silent-members.ts';
import { heartbeatsTopic } from '../state/internal-topics.ts';
import { LmdbStateStore } from '../state/lmdb-state-store.ts';
import { StateError } from '../state/state-error.ts';
import { createDurability } from './create-durability.ts';
import type { Expose } from './monitored.ts';
import type { RunOptions } from './options.ts';
import { Worker, type WorkerLog } from './worker.ts';
import { WorkerMetrics } from './worker-metrics.ts';
import { WorkerMonitor } from './worker-monitor.ts';
import { EMPTY_SUMMARY, type WorkerSummary } from './worker-summary.ts';

/** A broker that is away later is waited for; at the start it is more likely that its address is wrong. */
const CONNECT_TIMEOUT_MS = 10_000;
const UNREADABLE = ['STATE_UNREADABLE', 'STATE_FORMAT'];

/**
 * `tidemark run`: a worker from Kafka to the online store, until the signal. Unless `expose` is null, it gets what is
 * to be seen of the worker while it runs.
 *
 * @throws TidemarkError when it cannot start or go on; what was committed stands
 */
export async function runWorker(
  options: RunOptions,
  log: WorkerLog & Log,
  signal: AbortSignal,
  expose: Expose | null,
): Promise<WorkerSummary> {
  const definitions = await loadDefinitions(options.definitionsFile);
  const groups = selectGroups(definitions, options.groups);
  for (const group of groups) assertRunnable(group, definitions.file);
  const state = openState(options, log);
  try {
    const logger = { info: (text: string) => log.info({}, text), warn: (text: string) => log.warn({}, text) };
    const name = `tidemark:${options.app}`;
    const store = await openOnlineStore(options.store, name, { logger, signal }).catch((error) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (store === null) return EMPTY_SUMMARY;
    try {
      const topics = [...new Set(groups.map((group) => group.source.topic))];
      const heartbeats = heartbeatsOf(options);
      const reader = new KafkaLogReader({
        kafka: options.kafka,
        group: options.app,
        topics,
        log,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        sessionTimeoutMs: options.sessionTimeoutMs,
        memberFile: memberFileIn(options.stateDir),
        heartbeats,
      });
      const metrics = expose === null ? null : new WorkerMetrics();
      const durability = createDurability(options, { groups, state, reader, topics, log, meter: metrics });
      const replaceableAfterMs = Math.min(
        options.sessionTimeoutMs,
        heartbeats === null ? Number.POSITIVE_INFINITY : LEAST_SILENCE_MS,
      );
      const worker = new Worker({
        ...{ groups, reader, durability, store, log },
        options: { ...options, replaceableAfterMs },
        meter: metrics,
      });
      if (expose === null || metrics === null) return await worker.run(signal);
      const conceal = await expose(new WorkerMonitor(worker, metrics, store));
      try {
        return await worker.run(signal);
      } finally {
        await conceal();
      }
    } finally {
      await store.close();
    }
  } finally {
    await state.close();
  }
}

/** Even who keeps no copies of others is heard by those that do. */
function heartbeatsOf({ app, durability }: RunOptions): HeartbeatOptions | null {
  if (durability.kind !== 'kafka') return null;
  return { topic: heartbeatsTopic(app), isWatching: durability.standby };
}

/** A damaged store is only a copy where there is a changelog: it is put aside, and filled again. */
function openState({ stateDir, durability }: RunOptions, log: WorkerLog): LmdbStateStore {
  try {
    return LmdbStateStore.open(stateDir);
  } catch (error) {
    const isCopy = durability.kind === 'kafka';
    const isUnreadable = error instanceof StateError && UNREADABLE.includes(error.code);
    if (!isCopy || !isUnreadable) throw error;
    const aside = `${stateDir}.damaged-${Date.now()}`;
    renameSync(stateDir, aside);
    log.warn(
      { reason: error.message, aside },
      'the local state is put aside and restored from the changelog',
    );
    return LmdbStateStore.open(stateDir);
  }
}
