import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import type { FieldKind, Scalar } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import { BearerTokens } from '../../src/serving/bearer-tokens.ts';
import { answerSchema, batchSchema, type JsonSchema } from '../../src/serving/http-schemas.ts';
import { createHttpServer, type HttpServerParts } from '../../src/serving/http-server.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { ReadError, ReadRequests } from '../../src/serving/read-request.ts';
import { ServeMetrics } from '../../src/serving/serve-metrics.ts';
import { parseServedLine } from '../../src/serving/served-log.ts';
import { ServedLog } from '../../src/serving/served-log-buffer.ts';
import { StoreWatch } from '../../src/serving/store-watch.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { aGroup } from '../sinks/a-group.ts';

const T = 1_700_000_000_000;
const TOKEN = '0123456789abcdef-first';
const OTHER_TOKEN = '0123456789abcdef-other';

const cards = aGroup({
  name: 'cards',
  features: {
    n: 'integer',
    share: 'number',
    raw: 'bytes',
    recent: { kind: 'list', of: 'string' },
    by_hour: { kind: 'map', key: 'integer', value: 'number' },
  },
});
const newCards = { ...cards, version: 2, features: cards.features.slice(0, 1) };
const KINDS: Record<string, FieldKind> = {
  card: 'string',
  shop: 'int',
  since: 'long',
  score: 'double',
  online: 'boolean',
  kind: 'enum',
};
const pairs = aGroup({
  name: 'pairs',
  entity: Object.keys(KINDS),
  entityKinds: KINDS,
  features: { n: 'integer' },
});
const groups = [cards, newCards, pairs];
const PAIR = { card: 'a:b', shop: 7, since: 2 ** 40, score: 0.5, online: false, kind: 'b' };

const folder = mkdtempSync(join(tmpdir(), 'tidemark-http-'));
const file = join(folder, 'store.sqlite');
const servedLines: string[] = [];
const logged: string[] = [];
const note = (fields: object, text: string) => logged.push(`${text} ${JSON.stringify(fields)}`);
const log = { debug: note, info: note, warn: note, error: note };
const stopping = new AbortController();
let reader: OnlineReader;
let servedLog: ServedLog;
let parts: HttpServerParts;
let app: FastifyInstance;

beforeAll(async () => {
  const store = new SqliteOnlineStore({ file });
  const row = { windowEnd: T, version: 41, knownAt: T + 7, leave: T + 60_000, watermark: T };
  const vectors = [new VectorJson('["a","b"]'), new VectorJson('{"-1":0.5,"9":2}')];
  await store.write(cards, [{ ...row, entity: ['c1'], values: [12, 0.1, Uint8Array.of(255), ...vectors] }]);
  await store.write(newCards, [{ ...row, version: 42, entity: ['c1'], values: [13] }]);
  await store.write(pairs, [{ ...row, leave: null, entity: Object.values(PAIR), values: [null] }]);
  await store.close();
  reader = await OnlineReader.open({ groups, store: { kind: 'sqlite', file } });
  servedLog = new ServedLog({
    sink: { write: async (lines) => void servedLines.push(...lines), close: async () => {} },
    rate: 1,
    capacity: 1000,
    logger: { warn: () => {}, info: () => {} },
  });
  parts = {
    groups,
    reader,
    tokens: new BearerTokens([OTHER_TOKEN, TOKEN]),
    servedLog,
    metrics: new ServeMetrics(servedLog),
    watch: new StoreWatch(log),
    log,
    signal: stopping.signal,
  };
  app = await createHttpServer(parts);
});
afterAll(async () => {
  await app.close();
  await reader.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(request: InjectOptions) {
  const response = await app.inject({ headers: { authorization: `Bearer ${TOKEN}` }, ...request });
  return { status: response.statusCode, json: () => response.json(), headers: response.headers };
}

const get = (url: string) => call({ url });
const post = (payload: object) => call({ url: '/v1/read', method: 'POST', payload });

const ANSWER = {
  group: 'cards',
  group_version: 1,
  entity: { card_id: 'c1' },
  window_end: T,
  version: 41,
  known_at: T + 7,
  leave: T + 60_000,
  due_to_fall: true,
  features: { n: 12, share: 0.1, raw: '/w==', recent: ['a', 'b'], by_hour: { '-1': 0.5, '9': 2 } },
};

describe('a read of one entity', () => {
  it('is answered with everything of its row', async () => {
    const { status, json } = await get('/v1/groups/cards/1?card_id=c1');
    expect(status).toBe(200);
    expect(json()).toEqual(ANSWER);
  });

  it('is of the highest version where none is named', async () => {
    expect((await get('/v1/groups/cards?card_id=c1')).json()).toMatchObject({
      group_version: 2,
      version: 42,
    });
    expect((await get('/v1/groups/cards/2?card_id=c1')).json()).toMatchObject({ features: { n: 13 } });
  });

  it('reads fields of every type from the texts of the query', async () => {
    const texts = Object.entries(PAIR).map(([name, value]) => [name, String(value)]);
    const query = new URLSearchParams(Object.fromEntries(texts));
    const { json } = await get(`/v1/groups/pairs?${query}`);
    expect(json()).toMatchObject({ entity: PAIR, version: 41, features: { n: null } });
  });

  it('is answered with nulls where there is no row', async () => {
    const { status, json } = await get('/v1/groups/cards/2?card_id=c2');
    expect(status).toBe(200);
    expect(json()).toMatchObject({
      version: null,
      window_end: null,
      due_to_fall: false,
      features: { n: null },
    });
  });
});

test('a batch is answered read by read, with the features wanted', async () => {
  const { status, json } = await post({
    reads: [
      { group: 'pairs', entity: PAIR },
      { group: 'cards:1', entity: { card_id: 'c1' }, features: ['share', 'n'] },
      { group: 'cards', entity: { card_id: 'c2' } },
    ],
  });
  expect(status).toBe(200);
  expect(json().answers).toMatchObject([
    { group: 'pairs', version: 41 },
    { group: 'cards', group_version: 1, features: { share: 0.1, n: 12 } },
    { group: 'cards', group_version: 2, version: null },
  ]);
  expect(Object.keys(json().answers[1].features)).toEqual(['share', 'n']);
});

const one = { group: 'cards', entity: { card_id: 'c1' } };

/** Wrong requests, and what is said about them. */
test.each<[what: string, request: InjectOptions, status: number, code: string, message: string]>([
  [
    'no entity',
    { url: '/v1/groups/cards' },
    400,
    'ENTITY_WRONG',
    "feature group cards: field 'card_id': found nothing, expected a string",
  ],
  [
    'a field twice',
    { url: '/v1/groups/cards?card_id=a&card_id=b' },
    400,
    'ENTITY_WRONG',
    "feature group cards: field 'card_id': found an array, expected a string",
  ],
  [
    'another field',
    { url: '/v1/groups/cards?card_id=a&card=b' },
    400,
    'ENTITY_WRONG',
    'feature group cards: "card" is no field of its entity',
  ],
  [
    'an unknown group',
    { url: '/v1/groups/card?card_id=a' },
    404,
    'NOT_FOUND',
    'there is no GET /v1/groups/card',
  ],
  [
    'an unknown version',
    { url: '/v1/groups/cards/3?card_id=a' },
    404,
    'NOT_FOUND',
    'there is no GET /v1/groups/cards/3',
  ],
  ['another method', { url: '/v1/read' }, 404, 'NOT_FOUND', 'there is no GET /v1/read'],
  [
    'no JSON',
    {
      url: '/v1/read',
      method: 'POST',
      payload: '{"reads"',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    },
    400,
    'FST_ERR_CTP_INVALID_JSON_BODY',
    "Body is not valid JSON but content-type is set to 'application/json'",
  ],
  [
    'another content type',
    {
      url: '/v1/read',
      method: 'POST',
      payload: 'a=b',
      headers: { 'content-type': 'text/csv', authorization: `Bearer ${TOKEN}` },
    },
    415,
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    'Unsupported Media Type',
  ],
  [
    'no reads',
    { url: '/v1/read', method: 'POST', payload: {} },
    400,
    'BODY_WRONG',
    'the body has no list "reads"',
  ],
  [
    'an empty batch',
    { url: '/v1/read', method: 'POST', payload: { reads: [] } },
    400,
    'BODY_WRONG',
    '"reads" has 0 elements, not 1 to 1000',
  ],
  [
    'too large a batch',
    { url: '/v1/read', method: 'POST', payload: { reads: Array(1001).fill(one) } },
    400,
    'BODY_WRONG',
    '"reads" has 1001 elements, not 1 to 1000',
  ],
  [
    'a read that is none',
    { url: '/v1/read', method: 'POST', payload: { reads: [one, 7] } },
    400,
    'BODY_WRONG',
    'reads[1] is no object',
  ],
  [
    'a read with something unknown',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, feature: 'n' }] } },
    400,
    'BODY_WRONG',
    'reads[0] has an unknown "feature"',
  ],
  [
    'a group that is no text',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, group: 7 }] } },
    400,
    'BODY_WRONG',
    'reads[0] has no text "group"',
  ],
  [
    'an entity that is no object',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, entity: 'c1' }] } },
    400,
    'BODY_WRONG',
    'reads[0] has no object "entity"',
  ],
  [
    'features that are no list',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, features: 'n' }] } },
    400,
    'BODY_WRONG',
    '"features" of reads[0] is no list of texts',
  ],
  [
    'an unknown group in a batch',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, group: 'card' }] } },
    400,
    'GROUP_UNKNOWN',
    'there is no feature group "card"',
  ],
  [
    'an unknown feature',
    { url: '/v1/read', method: 'POST', payload: { reads: [{ ...one, features: ['m'] }] } },
    400,
    'FEATURE_UNKNOWN',
    'feature group cards has no feature "m"',
  ],
])('%s is refused', async (_, request, status, code, message) => {
  const response = await call(request);
  expect(response.status).toBe(status);
  expect(response.json()).toEqual({ error: { code, message, remedy: expect.stringMatching(/./) } });
});

describe('tokens', () => {
  it.each([
    ['none', undefined],
    ['of another kind', `Basic ${TOKEN}`],
    ['wrong', `Bearer ${TOKEN}x`],
    ['empty', 'Bearer '],
    ['two', `Bearer ${TOKEN} ${TOKEN}`],
  ])('that are %s open nothing', async (_, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    for (const url of ['/v1/groups/cards?card_id=c1', '/metrics', '/openapi.json', '/nothing']) {
      const { status, headers: answered } = await call({ url, headers });
      expect(status).toBe(401);
      expect(answered['www-authenticate']).toBe('Bearer');
    }
    expect((await call({ url: '/healthz', headers })).status).toBe(200);
    expect((await call({ url: '/readyz', headers })).status).toBe(200);
  });

  it.each([TOKEN, OTHER_TOKEN])('that are held open: %s', async (token) => {
    const headers = { authorization: `bearer ${token}` };
    expect((await call({ url: '/v1/groups/cards?card_id=c1', headers })).status).toBe(200);
  });
});

test('a store that is away is a 503, said once in the log, and once that it is back', async () => {
  const lost = join(folder, 'lost.sqlite');
  await new SqliteOnlineStore({ file: lost }).close();
  const database = new DatabaseSync(lost);
  const own = await OnlineReader.open({ groups, store: { kind: 'sqlite', file: lost } });
  const server = await createHttpServer({ ...parts, reader: own, tokens: null });
  const read = () => server.inject('/v1/groups/cards?card_id=c1');
  logged.length = 0;
  database.exec('ALTER TABLE windows RENAME TO away');
  for (const response of [await read(), await read()]) {
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.json().error.code).toBe('STORE_AWAY');
    expect(response.body).not.toContain(folder);
  }
  database.exec('ALTER TABLE away RENAME TO windows');
  expect((await read()).statusCode).toBe(200);
  expect((await read()).statusCode).toBe(200);
  expect(logged.map((line) => line.split(/[:{]/)[0]!.trim())).toEqual([
    'the online store cannot be read',
    'the online store answers again',
  ]);
  expect(await parts.metrics.text()).toContain('tidemark_serve_store_errors_total{code="SQLITE_READ"} 2');
  database.close();
  await server.close();
  await own.close();
});

test('a server that stops is alive, but not ready', async () => {
  const controller = new AbortController();
  const server = await createHttpServer({ ...parts, signal: controller.signal });
  expect((await server.inject('/readyz')).statusCode).toBe(200);
  controller.abort();
  expect((await server.inject('/readyz')).statusCode).toBe(503);
  expect((await server.inject('/healthz')).statusCode).toBe(200);
  await server.close();
});

test('a request under way is answered while the server closes', async () => {
  const server = await createHttpServer({ ...parts, tokens: null });
  const url = await server.listen({ port: 0 });
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const read = reader.read.bind(reader);
  const slow = vi.spyOn(reader, 'read').mockImplementation(async (requests) => {
    asked.resolve();
    await release.promise;
    return read(requests);
  });
  const answer = fetch(`${url}/v1/groups/cards?card_id=c1`);
  await asked.promise;
  const closed = server.close();
  release.resolve();
  expect(await (await answer).json()).toMatchObject({ version: 42 });
  await closed;
  slow.mockRestore();
  await expect(fetch(url)).rejects.toThrow();
});

test('metrics count requests, answers and the served log', async () => {
  const metrics = new ServeMetrics(servedLog);
  const server = await createHttpServer({ ...parts, metrics, tokens: null });
  await server.inject('/v1/groups/cards?card_id=c1');
  await server.inject('/v1/groups/cards?card_id=c2');
  await server.inject('/v1/groups/cards');
  const { body, headers } = await server.inject('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  for (const line of [
    'tidemark_serve_request_seconds_count{route="/v1/groups/cards",status="200"} 2',
    'tidemark_serve_request_seconds_count{route="/v1/groups/cards",status="400"} 1',
    'tidemark_serve_answers_total{group="cards",found="true"} 1',
    'tidemark_serve_answers_total{group="cards",found="false"} 1',
    `tidemark_serve_log_written_total ${servedLog.counts.written}`,
    'tidemark_serve_log_dropped_total 0',
  ]) {
    expect(body.split('\n')).toContain(line);
  }
  await server.close();
});

test('every answer is logged, those without a row too', async () => {
  await expect.poll(() => servedLog.waiting).toBe(0);
  servedLines.length = 0;
  await post({ reads: [one, { group: 'cards:1', entity: { card_id: 'c9' }, features: ['n'] }] });
  await expect.poll(() => servedLines.length).toBe(2);
  const [found, missing] = servedLines.map(parseServedLine);
  expect(found).toMatchObject({ group: 'cards', groupVersion: 2, row: { version: 42, values: { n: 13 } } });
  expect(missing).toMatchObject({ groupVersion: 1, entity: { card_id: 'c9' }, row: null });
  expect(Date.now() - found!.at).toBeLessThan(60_000);
});

describe('the schemas', () => {
  /** Judges values by a schema, as any reader of the OpenAPI document may. */
  async function judge(schema: JsonSchema): Promise<(value: unknown) => Promise<boolean>> {
    const server = fastify({
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
    });
    server.post('/', { schema: { body: schema } }, async () => ({}));
    return async (value) =>
      (await server.inject({ url: '/', method: 'POST', payload: value as object })).statusCode === 200;
  }

  const someValue = fc.oneof(
    fc.constantFrom<unknown>(
      'a',
      'b',
      'c',
      '',
      0,
      7,
      0.5,
      -(2 ** 31),
      2 ** 31,
      2 ** 53 - 1,
      true,
      false,
      null,
      [],
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
  );
  const right: Record<keyof typeof PAIR, fc.Arbitrary<unknown>> = {
    card: fc.string(),
    shop: fc.integer(),
    since: fc.maxSafeInteger(),
    score: fc.double({ noNaN: true, noDefaultInfinity: true }),
    online: fc.boolean(),
    kind: fc.constantFrom('a', 'b'),
  };
  const field = (name: keyof typeof PAIR) => fc.oneof({ weight: 8, arbitrary: right[name] }, someValue);
  const entityArbitrary = fc.record(
    {
      card: field('card'),
      shop: field('shop'),
      since: field('since'),
      score: field('score'),
      online: field('online'),
      kind: field('kind'),
      more: fc.constant(1),
    },
    { requiredKeys: ['card', 'shop', 'since', 'score', 'online'] },
  );

  it('allow the reads that the reader takes, and no others', async () => {
    const allows = await judge(batchSchema(groups));
    const requests = new ReadRequests(groups);
    const takes = (entity: object) => {
      try {
        requests.check({ group: 'pairs', entity: entity as Record<string, Scalar> });
        return true;
      } catch (error) {
        if (error instanceof ReadError) return false;
        throw error;
      }
    };
    await fc.assert(
      fc.asyncProperty(entityArbitrary, async (entity) => {
        expect(await allows({ reads: [{ group: 'pairs', entity }] })).toBe(takes(entity));
      }),
      { numRuns: 500 },
    );
  });

  it('describe the answers', async () => {
    const describes = await judge(answerSchema(cards));
    for (const card of ['c1', 'c2']) {
      const answer = (await get(`/v1/groups/cards/1?card_id=${card}`)).json();
      expect(await describes(answer)).toBe(true);
      expect(await describes({ ...answer, features: { ...answer.features, n: 'x' } })).toBe(false);
    }
  });

  it('are served as an OpenAPI document', async () => {
    const document = (await get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/healthz',
      '/metrics',
      '/openapi.json',
      '/readyz',
      '/v1/groups/cards',
      '/v1/groups/cards/1',
      '/v1/groups/cards/2',
      '/v1/groups/pairs',
      '/v1/groups/pairs/1',
      '/v1/read',
    ]);
    const { parameters, responses } = document.paths['/v1/groups/cards/1'].get;
    expect(parameters).toEqual([
      { schema: { type: 'string' }, in: 'query', name: 'card_id', required: true },
    ]);
    expect(responses['200'].content['application/json'].schema).toEqual(
      JSON.parse(JSON.stringify(answerSchema(cards))),
    );
    expect(document.security).toEqual([{ token: [] }]);
    expect(document.paths['/healthz'].get.security).toEqual([]);
  });
});
