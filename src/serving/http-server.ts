import swagger from '@fastify/swagger';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { FeatureGroup } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import type { Log } from '../sources/kafka-client.ts';
import { answerJson } from './answer-json.ts';
import type { BearerTokens } from './bearer-tokens.ts';
import { entityOfQuery, readsOfBody } from './http-requests.ts';
import { answerSchema, batchAnswerSchema, batchSchema, ERROR_SCHEMA, entitySchema } from './http-schemas.ts';
import type { OnlineAnswer, OnlineReader } from './online-reader.ts';
import { ReadError, type ReadRequest } from './read-request.ts';
import type { ServeMetrics } from './serve-metrics.ts';
import type { ServedLog } from './served-log-buffer.ts';
import type { StoreWatch } from './store-watch.ts';

export interface HttpServerParts {
  readonly groups: readonly FeatureGroup[];
  readonly reader: OnlineReader;
  /** Null: anyone may read. */
  readonly tokens: BearerTokens | null;
  readonly servedLog: ServedLog | null;
  readonly metrics: ServeMetrics;
  readonly watch: StoreWatch;
  readonly log: Log;
  /** Aborted when the server is to stop: it is not ready any more. */
  readonly signal: AbortSignal;
}

/** What may be asked without a token: whether the server lives. */
const OPEN_ROUTES = ['/healthz', '/readyz'];

const ERRORS = { '4xx': ERROR_SCHEMA, 503: ERROR_SCHEMA };

/** Feature reads over HTTP (docs/serving.md). The schemas document; the reader checks, and its errors name the field. */
export async function createHttpServer(parts: HttpServerParts): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: 'idle' });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(parts, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?', 1)[0]}`;
    return refuse(reply, 404, 'NOT_FOUND', message, 'GET /openapi.json lists what there is.');
  });
  addMeasuring(app, parts.metrics);
  addAccess(app, parts.tokens);
  await app.register(swagger, { openapi: documentOf(parts) });
  addReads(app, parts);
  addOperation(app, parts);
  return app;
}

function documentOf({ tokens }: HttpServerParts) {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Tidemark features', description: 'Features as they are now.', version: '1' },
  };
  if (tokens === null) return document;
  const securitySchemes = { token: { type: 'http', scheme: 'bearer' } } as const;
  return { ...document, components: { securitySchemes }, security: [{ token: [] }] };
}

function addMeasuring(app: FastifyInstance, metrics: ServeMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.request(route, reply.statusCode, reply.elapsedTime / 1000);
  });
}

function addAccess(app: FastifyInstance, tokens: BearerTokens | null): void {
  if (tokens === null) return;
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.includes(request.routeOptions.url ?? '')) return;
    if (tokens.opens(request.headers.authorization)) return;
    reply.header('www-authenticate', 'Bearer');
    await refuse(
      reply,
      401,
      'UNAUTHORIZED',
      'the token is missing or wrong',
      'Send Authorization: Bearer TOKEN.',
    );
  });
}

function addReads(app: FastifyInstance, parts: HttpServerParts): void {
  const { groups } = parts;
  const read = (requests: readonly ReadRequest[]) => readAndLog(parts, requests);
  for (const group of groups) {
    const name = `${group.name}:${group.version}`;
    const newest = groups.every((other) => other.name !== group.name || other.version <= group.version);
    const paths = [
      ...(newest ? [`/v1/groups/${group.name}`] : []),
      `/v1/groups/${group.name}/${group.version}`,
    ];
    const schema = {
      summary: `The features of an entity, as ${name} defines them`,
      querystring: entitySchema(group),
      response: { 200: answerSchema(group), ...ERRORS },
    };
    for (const path of paths) {
      app.get(path, { schema }, async ({ query }) => {
        const entity = entityOfQuery(group, query as Record<string, unknown>);
        const [answer] = await read([{ group: name, entity: entity as Record<string, string> }]);
        return answerJson(answer!);
      });
    }
  }
  const schema = {
    summary: 'The features of several entities, of several groups',
    body: batchSchema(groups),
    response: { 200: batchAnswerSchema(groups), ...ERRORS },
  };
  app.post('/v1/read', { schema }, async ({ body }) => {
    const answers = await read(readsOfBody(body));
    return { answers: answers.map(answerJson) };
  });
}

async function readAndLog(
  { reader, servedLog, metrics, watch }: HttpServerParts,
  requests: readonly ReadRequest[],
): Promise<readonly OnlineAnswer[]> {
  const at = Date.now();
  const answers = await reader.read(requests);
  watch.answered();
  for (const { group, version } of answers) metrics.answer(group, version !== null);
  servedLog?.add(at, answers);
  return answers;
}

function addOperation(app: FastifyInstance, { reader, metrics, signal, watch }: HttpServerParts): void {
  const open = { security: [] };
  app.get('/healthz', { schema: { summary: 'Whether the server lives', ...open } }, async () => ({
    status: 'alive',
  }));
  const ready = {
    summary: 'Whether the server answers: its store does, and it is not being stopped',
    ...open,
  };
  app.get('/readyz', { schema: ready }, async (_, reply) => {
    if (signal.aborted) return refuse(reply, 503, 'STOPPING', 'the server stops', 'Ask another one.');
    await reader.ping();
    watch.answered();
    return { status: 'ready' };
  });
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in the text format of Prometheus' } },
    async (_, reply) => {
      reply.type(metrics.contentType);
      return metrics.text();
    },
  );
  app.get('/openapi.json', { schema: { summary: 'This document' } }, async () => app.swagger());
}

function sendError(
  { metrics, log, watch }: HttpServerParts,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof ReadError) return refuse(reply, 400, error.code, error.message, error.remedy ?? '');
  if (error instanceof TidemarkError) {
    metrics.storeError(error.code);
    watch.failed(error);
    reply.header('retry-after', '1');
    // Where the store is, is nobody's business out there: that is in the log.
    return refuse(reply, 503, 'STORE_AWAY', 'the online store does not answer', 'Try again in a second.');
  }
  const { statusCode = 500, code, message } = error;
  if (statusCode < 500)
    return refuse(reply, statusCode, code, message, 'GET /openapi.json says what is taken.');
  log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
  return refuse(reply, 500, 'BUG', 'the server failed', 'Its log says why: please report it.');
}

function refuse(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  remedy: string,
): FastifyReply {
  return reply.code(status).send({ error: { code, message, remedy } });
}
