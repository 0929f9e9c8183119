import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TidemarkError } from '../errors.ts';
import type { Expose, Monitored } from './monitored.ts';
import type { ListenOptions } from './options.ts';

/**
 * Serves `/metrics` for Prometheus, and `/healthz` and `/readyz` for an orchestrator: 200 or 503, with the reasons.
 *
 * @throws TidemarkError `LISTEN` when the port is taken, or the address is none of this machine
 */
export function serveMetrics(
  listen: ListenOptions,
  log: { info(fields: object, text: string): void; error(fields: object, text: string): void },
): Expose {
  return async (monitored) => {
    const server = createServer(async ({ method, url }, response) => {
      try {
        if (method !== 'GET' && method !== 'HEAD') respond(response, 405, 'only GET\n');
        else await answer(monitored, pathOf(url), response);
      } catch (error) {
        log.error({ err: error, url }, 'a request for metrics or health failed');
        respond(response, 500, 'failed; the log says why\n');
      }
    });
    await listenOn(server, listen);
    const { address, port } = server.address() as AddressInfo;
    log.info({ address, port }, 'metrics are served');
    return async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    };
  };
}

async function answer(monitored: Monitored, path: string, response: ServerResponse): Promise<void> {
  if (path === '/metrics') {
    const registry = await monitored.metrics();
    const text = await registry.metrics();
    response.setHeader('content-type', registry.contentType);
    response.end(text);
  } else if (path === '/healthz') {
    const { isAlive, reasons } = await monitored.health();
    if (isAlive) respond(response, 200, 'alive\n');
    else respond(response, 503, lines(reasons));
  } else if (path === '/readyz') {
    const { isReady, reasons } = await monitored.health();
    if (isReady) respond(response, 200, 'ready\n');
    else respond(response, 503, lines(reasons));
  } else respond(response, 404, 'there is /metrics, /healthz and /readyz\n');
}

function respond(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function pathOf(url = '/'): string {
  return url.split('?', 1)[0]!;
}

async function listenOn(server: Server, { host, port }: ListenOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new TidemarkError(`cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
      code: 'LISTEN',
      remedy: 'Choose another --metrics-port, or a --metrics-host of this machine.',
      cause,
    });
  }
}
