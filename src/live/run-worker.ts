import { join } from 'node:path';
import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { openOnlineStore } from '../sinks/open-online-store.ts';
import type { Log } from '../sources/kafka-client.ts';
import { KafkaLogReader } from '../sources/kafka-log.ts';
import { LmdbStateStore } from '../state/lmdb-state-store.ts';
import type { RunOptions } from './options.ts';
import { Worker, type WorkerLog } from './worker.ts';
import { EMPTY_SUMMARY, type WorkerSummary } from './worker-summary.ts';

/** A broker that is away later is waited for; at the start it is more likely that its address is wrong. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * `tidemark run`: a worker from Kafka to the online store, until the signal.
 *
 * @throws TidemarkError when it cannot start or go on; what was committed stands
 */
export async function runWorker(
  options: RunOptions,
  log: WorkerLog & Log,
  signal: AbortSignal,
): Promise<WorkerSummary> {
  const definitions = await loadDefinitions(options.definitionsFile);
  const groups = selectGroups(definitions, options.groups);
  for (const group of groups) assertRunnable(group, definitions.file);
  const state = LmdbStateStore.open(options.stateDir);
  try {
    const logger = { info: (text: string) => log.info({}, text), warn: (text: string) => log.warn({}, text) };
    const name = `tidemark:${options.app}`;
    const store = await openOnlineStore(options.store, name, { logger, signal }).catch((error) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (store === null) return EMPTY_SUMMARY;
    try {
      const reader = new KafkaLogReader({
        kafka: options.kafka,
        group: options.app,
        topics: [...new Set(groups.map((group) => group.source.topic))],
        log,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        memberFile: join(options.stateDir, 'kafka-member.json'),
      });
      const worker = new Worker({ groups, reader, state, store, log, options });
      return await worker.run(signal);
    } finally {
      await store.close();
    }
  } finally {
    await state.close();
  }
}
