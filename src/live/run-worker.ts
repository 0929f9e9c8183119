import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { openOnlineStore } from '../sinks/open-online-store.ts';
import type { Log } from '../sources/kafka-client.ts';
import { KafkaLogReader } from '../sources/kafka-log.ts';
import { LmdbStateStore } from '../state/lmdb-state-store.ts';
import type { RunOptions } from './options.ts';
import { Worker, type WorkerLog } from './worker.ts';
import type { WorkerSummary } from './worker-summary.ts';

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
    const store = await openOnlineStore(options.store, `tidemark:${options.app}`, logger);
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
