import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { loadDefinitions } from '../definitions/load.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { TidemarkError } from '../errors.ts';
import type { Log } from '../sources/kafka-client.ts';
import type { DurationMs } from '../time.ts';
import { readTokens } from './bearer-tokens.ts';
import { createHttpServer } from './http-server.ts';
import { OnlineReader } from './online-reader.ts';
import type { ServedLogSettings, ServedLogTarget, ServeOptions, ServeSummary } from './options.ts';
import { ServeMetrics } from './serve-metrics.ts';
import type { ServedLogSink } from './served-log.ts';
import { ServedLog } from './served-log-buffer.ts';
import { ServedLogFiles } from './served-log-files.ts';
import { StoreWatch } from './store-watch.ts';

/** How long what waits for the served log is written when the server stops. */
const LOG_PATIENCE_MS: DurationMs = 10_000;

/**
 * `tidemark serve`: reads over HTTP until the signal. Requests that are under way are answered, and what waits for the
 * served log is written.
 *
 * @throws TidemarkError when it cannot start
 */
export async function serve(options: ServeOptions, log: Log, signal: AbortSignal): Promise<ServeSummary> {
  const definitions = await loadDefinitions(options.definitionsFile);
  const groups = selectGroups(definitions, options.groups);
  const tokens = readTokens(options.access);
  const reader = await OnlineReader.open({ groups, store: options.store });
  try {
    const servedLog = await openServedLog(options.servedLog, log, signal);
    const metrics = new ServeMetrics(servedLog);
    try {
      const watch = new StoreWatch(log);
      const app = await createHttpServer({ groups, reader, tokens, servedLog, metrics, watch, log, signal });
      await listen(app, options);
      const { address, port } = app.server.address() as AddressInfo;
      const names = groups.map(({ name, version }) => `${name}:${version}`);
      log.info({ address, port, groups: names, tokens: tokens !== null }, 'serving');
      if (!signal.aborted) await once(signal, 'abort');
      await app.close();
    } finally {
      await servedLog?.close(LOG_PATIENCE_MS);
    }
    return { ...metrics.counts, servedLog: servedLog === null ? null : { ...servedLog.counts } };
  } finally {
    await reader.close();
  }
}

async function listen(app: FastifyInstance, { host, port }: ServeOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new TidemarkError(`cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
      code: 'LISTEN',
      remedy: 'Choose another --port, or a --host of this machine.',
      cause,
    });
  }
}

async function openServedLog(
  settings: ServedLogSettings | null,
  log: Log,
  signal: AbortSignal,
): Promise<ServedLog | null> {
  if (settings === null) return null;
  return new ServedLog({
    sink: await openSink(settings.target, log, signal),
    rate: settings.rate,
    capacity: settings.capacity,
    logger: { info: (text) => log.info({}, text), warn: (text) => log.warn({}, text) },
  });
}

async function openSink(target: ServedLogTarget, log: Log, signal: AbortSignal): Promise<ServedLogSink> {
  if (target.kind === 'files') return new ServedLogFiles(target);
  const { ServedLogKafka } = await import('./served-log-kafka.ts');
  return ServedLogKafka.open({ ...target, log, signal });
}
