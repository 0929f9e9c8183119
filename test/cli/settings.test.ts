import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUN_SETTINGS, runOptions } from '../../src/cli/run-settings.ts';
import { resolveSettings } from '../../src/cli/settings.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Given {
  readonly flags?: Readonly<Record<string, string | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Text of the file of settings. */
  readonly file?: string;
}

const LEAST = {
  definitions: 'defs.ts',
  app: 'risk',
  brokers: 'localhost:9092',
  redis: 'redis://localhost:6379',
};

function options({ flags = {}, env = {}, file }: Given) {
  const path = join(folder, 'worker.json');
  if (file !== undefined) writeFileSync(path, file);
  const settings = resolveSettings(RUN_SETTINGS, flags, env, file === undefined ? null : path);
  return runOptions(settings, false);
}

describe('settings of a worker', () => {
  test('have documented defaults', () => {
    expect(options({ flags: LEAST })).toEqual({
      definitionsFile: resolve('defs.ts'),
      groups: null,
      app: 'risk',
      kafka: { brokers: ['localhost:9092'], ssl: null, sasl: null },
      store: { kind: 'redis', url: 'redis://localhost:6379' },
      stateDir: resolve('.tidemark/risk'),
      durability: {
        kind: 'kafka',
        deadLettersTopic: 'tidemark.risk.dead-letters',
        lateTopic: 'tidemark.risk.late',
        revisionsTopic: null,
        standby: false,
      },
      from: 'earliest',
      commitIntervalMs: 1000,
      sessionTimeoutMs: 15_000,
      reportIntervalMs: 5000,
      maxBatchRecords: 10_000,
      cacheEntities: 250_000,
      workers: 1,
      metrics: null,
      log: { level: 'info', json: true },
    });
  });

  test('several workers need what they can share: durability in Kafka, and Redis', () => {
    expect(options({ flags: { ...LEAST, workers: '3' } }).workers).toBe(3);
    const several = { ...LEAST, workers: '2' };
    expect(() => options({ flags: { ...several, durability: 'local' } })).toThrow(
      'several workers go with --durability kafka',
    );
    const { redis: _, ...others } = several;
    expect(() => options({ flags: { ...others, sqlite: 'rows.db' } })).toThrow(
      'several workers go with --redis',
    );
    expect(() => options({ flags: { ...LEAST, workers: '0' } })).toThrow("--workers: '0' is not a positive");
  });

  test('metrics are served where the port says, on this machine unless told otherwise', () => {
    const metrics = (flags: Record<string, string>) => options({ flags: { ...LEAST, ...flags } }).metrics;
    expect(metrics({ metricsPort: '9464' })).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(metrics({ metricsPort: '0', metricsHost: '0.0.0.0' })).toEqual({ host: '0.0.0.0', port: 0 });
    expect(() => metrics({ metricsPort: '70000' })).toThrow("--metrics-port: '70000' is not a port");
    expect(() => metrics({ metricsHost: '0.0.0.0' })).toThrow('metricsHost goes with --metrics-port');
  });

  test('come from the flag, else the environment, else the file', () => {
    const file = JSON.stringify({ ...LEAST, app: 'file', from: 'latest', commitInterval: '2s' });
    const env = { TIDEMARK_APP: 'environment', TIDEMARK_FROM: 'earliest' };
    expect(options({ flags: { app: 'flag' }, env, file })).toMatchObject({
      app: 'flag',
      from: 'earliest',
      commitIntervalMs: 2000,
    });
  });

  test('take an empty variable for none', () => {
    expect(options({ flags: LEAST, env: { TIDEMARK_FROM: '' } }).from).toBe('earliest');
  });

  test('may be numbers, lists and switches in the file, with comments', () => {
    const given = { ...LEAST, brokers: ['a:1', 'b:2'], maxBatchRecords: 5, kafkaSsl: true };
    const file = `// worker\n${JSON.stringify(given)}`;
    expect(options({ file })).toMatchObject({
      kafka: { brokers: ['a:1', 'b:2'], ssl: { caFile: null } },
      maxBatchRecords: 5,
    });
  });

  test('take paths from the folder of the file where they stand in it', () => {
    const file = JSON.stringify({ ...LEAST, stateDir: 'state' });
    expect(options({ file, flags: { definitions: 'defs.ts', durability: 'local' } })).toMatchObject({
      definitionsFile: resolve('defs.ts'),
      stateDir: join(folder, 'state'),
      durability: { kind: 'local', deadLetterDir: join(folder, 'state/dead-letters') },
    });
  });

  test('log in to Kafka with a password from the environment', () => {
    const flags = { ...LEAST, kafkaSaslMechanism: 'scram-sha-256', kafkaSaslUsername: 'me' };
    const { sasl } = options({ flags, env: { TIDEMARK_KAFKA_SASL_PASSWORD: 'hunter2' } }).kafka;
    expect(sasl).toEqual({ mechanism: 'scram-sha-256', username: 'me', password: 'hunter2' });
  });

  test.each([
    ['{"app": "risk",\n "app', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['{"app": {"name": "risk"}}', 'app: not a value of a setting'],
    ['{\n"commitInterval": 200}', "commitInterval: '200' is not a duration"],
    ['{"kafkaSsl": "yes"}', "kafkaSsl: 'yes' is not allowed"],
  ])('refuse the file %j', (file, message) => {
    expect(() => options({ file })).toThrow(message);
  });
});
