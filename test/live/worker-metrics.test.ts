import { afterEach, describe, expect, test } from 'vitest';
import { TidemarkError } from '../../src/errors.ts';
import { serveMetrics } from '../../src/live/metrics-server.ts';
import type { Health, Monitored } from '../../src/live/monitored.ts';
import type { PartitionCounts, TaskCounts, WorkerCounts } from '../../src/live/worker-counts.ts';
import { WorkerMetrics } from '../../src/live/worker-metrics.ts';
import { WorkerMonitor } from '../../src/live/worker-monitor.ts';
import { WorkerPool } from '../../src/live/worker-pool.ts';
import type { Upsert } from '../../src/sinks/sink.ts';
import { plain, readPage, tableRows } from '../docs/markdown.ts';
import { aGroup } from '../sinks/a-group.ts';

/** What Prometheus and an orchestrator see of a worker. */

const group = aGroup({ name: 'card_risk', version: 2, features: { n: 'integer' } });

function task(counts: Partial<TaskCounts> = {}): TaskCounts {
  const none = { records: 0, late: 0, partlyLate: 0, dropped: 0, overflow: 0, entities: 0, stateBytes: 0 };
  return { group: 'card_risk:2', rejected: new Map(), ...none, ...counts };
}

function partition(number: number, counts: Partial<PartitionCounts> = {}): PartitionCounts {
  const clock = { isOwned: true, watermark: Number.NEGATIVE_INFINITY, logTime: Number.NEGATIVE_INFINITY };
  const none = { records: 0, marks: 0, rejected: new Map(), tasks: [] };
  return { source: 'cards', partition: number, ...none, ...clock, ...counts };
}

const NOTHING: WorkerCounts = { partitions: [], sent: [], lag: [], restoring: [] };

const COUNTS: WorkerCounts = {
  partitions: [
    partition(0, {
      records: 40,
      rejected: new Map([['schema', 2]]),
      isOwned: false,
      watermark: 1_000,
      logTime: 5_000,
      tasks: [task({ records: 30, late: 5, partlyLate: 2, dropped: 1 })],
    }),
    partition(0, {
      records: 2,
      marks: 3,
      watermark: 70_000,
      logTime: 100_500,
      tasks: [task({ records: 2, entities: 4, stateBytes: 512, rejected: new Map([['null_entity', 1]]) })],
    }),
    partition(1, { records: 8, tasks: [task({ records: 8, entities: 6, stateBytes: 1024, overflow: 1 })] }),
  ],
  sent: [
    {
      group: 'card_risk:2',
      revisions: { early: 7, 'on-time': 6, late: 5 },
      upserts: { accepted: 10, equal: 2, stale: 1 },
      unsent: 9,
    },
  ],
  lag: [{ topic: 'cards', partition: 1, position: 8, end: 20, isCurrent: true }],
  restoring: [{ topic: 'cards', partition: 2, done: 3, total: 12 }],
};

/** The samples of a text for Prometheus whose names begin so, by name and labels. */
function samples(text: string, prefix: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(prefix));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^(.*) (\S+)$/.exec(line)!;
      return [name!, Number(value)];
    }),
  );
}

describe('metrics of a worker', () => {
  test('are its counts: of partitions that it gave up only what was counted, and never less than before', async () => {
    const metrics = new WorkerMetrics();
    await metrics.read(NOTHING).metrics();
    metrics.read(COUNTS);
    const text = await metrics.read(COUNTS).metrics();
    const shown = samples(text, 'tidemark_');
    const inGroup = '{group="card_risk:2"}';
    expect(shown).toEqual({
      'tidemark_records_consumed_total{source="cards",partition="0"}': 42,
      'tidemark_records_consumed_total{source="cards",partition="1"}': 8,
      'tidemark_marks_total{source="cards",partition="0"}': 3,
      'tidemark_marks_total{source="cards",partition="1"}': 0,
      'tidemark_records_rejected_total{source="cards",group="",reason="schema"}': 2,
      'tidemark_records_rejected_total{source="cards",group="card_risk:2",reason="null_entity"}': 1,
      'tidemark_lag_records{topic="cards",partition="1"}': 12,
      'tidemark_watermark_timestamp_seconds{source="cards",partition="0"}': 70,
      'tidemark_watermark_lag_seconds{source="cards",partition="0"}': 30.5,
      [`tidemark_group_records_total${inGroup}`]: 40,
      [`tidemark_records_late_total${inGroup}`]: 5,
      [`tidemark_records_partly_late_total${inGroup}`]: 2,
      [`tidemark_records_dropped_total${inGroup}`]: 1,
      [`tidemark_results_overflow_total${inGroup}`]: 1,
      'tidemark_revisions_total{group="card_risk:2",timing="early"}': 7,
      'tidemark_revisions_total{group="card_risk:2",timing="on-time"}': 6,
      'tidemark_revisions_total{group="card_risk:2",timing="late"}': 5,
      'tidemark_upserts_total{group="card_risk:2",result="accepted"}': 10,
      'tidemark_upserts_total{group="card_risk:2",result="equal"}': 2,
      'tidemark_upserts_total{group="card_risk:2",result="stale"}': 1,
      [`tidemark_unsent_rows${inGroup}`]: 9,
      [`tidemark_entities${inGroup}`]: 10,
      [`tidemark_state_bytes${inGroup}`]: 1536,
      'tidemark_partitions{source="cards"}': 2,
      'tidemark_restore_records{topic="cards",partition="2"}': 12,
      'tidemark_restore_done_records{topic="cards",partition="2"}': 3,
      'tidemark_commit_failures_total{reason="fenced"}': 0,
      'tidemark_commit_failures_total{reason="unknown"}': 0,
      tidemark_commit_seconds_sum: 0,
      tidemark_commit_seconds_count: 0,
      ...buckets('tidemark_commit_seconds_bucket', shown),
    });
  });

  test('freshness is from the log time of each row to the answer of the store', async () => {
    const metrics = new WorkerMetrics(() => 100_000);
    const row = (knownAt: number) => ({ knownAt }) as Upsert;
    metrics.flushed(group, [row(99_980), row(99_600), row(40_000), row(100_300)], 12);
    metrics.committed(700);
    metrics.commitFailed('fenced');
    const text = await metrics.read(NOTHING).metrics();
    expect(samples(text, 'tidemark_freshness_seconds_')).toMatchObject({
      'tidemark_freshness_seconds_bucket{le="0.01",group="card_risk:2"}': 1,
      'tidemark_freshness_seconds_bucket{le="0.025",group="card_risk:2"}': 2,
      'tidemark_freshness_seconds_bucket{le="0.25",group="card_risk:2"}': 2,
      'tidemark_freshness_seconds_bucket{le="0.5",group="card_risk:2"}': 3,
      'tidemark_freshness_seconds_bucket{le="60",group="card_risk:2"}': 4,
      'tidemark_freshness_seconds_count{group="card_risk:2"}': 4,
      'tidemark_freshness_seconds_sum{group="card_risk:2"}': 60.42,
    });
    expect(samples(text, 'tidemark_flush_seconds_')).toMatchObject({
      'tidemark_flush_seconds_bucket{le="0.01",group="card_risk:2"}': 0,
      'tidemark_flush_seconds_bucket{le="0.025",group="card_risk:2"}': 1,
    });
    expect(samples(text, 'tidemark_commit_')).toMatchObject({
      'tidemark_commit_seconds_bucket{le="0.5"}': 0,
      'tidemark_commit_seconds_bucket{le="1"}': 1,
      'tidemark_commit_failures_total{reason="fenced"}': 1,
    });
  });

  test('are all explained in docs/running.md, with type and labels', async () => {
    const metrics = new WorkerMetrics();
    metrics.flushed(group, [{ knownAt: 0 } as Upsert], 1);
    metrics.valueLeftOut('late');
    const pool = new WorkerPool(
      1,
      () => ({ ended: new Promise(() => {}), stop() {}, ask: async () => null }),
      {
        info: () => {},
        warn: () => {},
      },
    );
    const known = [
      ...(await metrics.read(COUNTS).getMetricsAsJSON()),
      ...(await (await pool.metrics()).getMetricsAsJSON()),
    ];
    const own = known.filter(({ name }) => name.startsWith('tidemark_'));
    const rows = tableRows(readPage('running.md'), 'metric', 'type', 'labels', 'meaning');
    const shown = own.map(({ name, type, ...rest }) => {
      const { values } = rest as unknown as { values: readonly { labels: object }[] };
      const labels = new Set(values.flatMap((value) => Object.keys(value.labels)));
      return { name, type: String(type), labels: [...labels].filter((label) => label !== 'le').toSorted() };
    });
    const explained = rows.map(({ metric, type, labels }) => ({
      name: plain(metric),
      type,
      labels: labels.split(', ').filter(Boolean).map(plain).toSorted(),
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(explained.toSorted(byName)).toEqual(shown.toSorted(byName));
  });
});

function buckets(prefix: string, shown: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.keys(shown).flatMap((name) => (name.startsWith(prefix) ? [[name, 0]] : [])),
  );
}

describe('health of a worker', () => {
  const answering = { ping: async () => {} };
  const working = { counts: () => NOTHING, isReady: true, hasFailed: false };
  const healthOf = (worker: typeof working, store: { ping(): Promise<void> }) =>
    new WorkerMonitor(worker, new WorkerMetrics(), store).health();

  test('is good when its partitions are restored and the store answers', async () => {
    expect(await healthOf(working, answering)).toEqual({ isAlive: true, isReady: true, reasons: [] });
  });

  test.each([
    ['refuses', () => Promise.reject(new Error('away'))],
    ['is silent', () => new Promise<void>(() => {})],
  ])('a store that %s makes it not ready, but it lives', async (_, ping) => {
    expect(await healthOf(working, { ping })).toEqual({
      isAlive: true,
      isReady: false,
      reasons: ['the online store does not answer'],
    });
  });

  test('a worker that restores is not ready, but it lives', async () => {
    expect(await healthOf({ ...working, isReady: false }, answering)).toMatchObject({
      isAlive: true,
      isReady: false,
    });
  });

  test('a worker that cannot go on is neither', async () => {
    expect(await healthOf({ ...working, hasFailed: true }, answering)).toMatchObject({
      isAlive: false,
      isReady: false,
    });
  });
});

describe('the port for metrics', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Answers the port. */
  async function serve(monitored: Monitored, port = 0): Promise<number> {
    let taken = 0;
    const info = (fields: object) => {
      taken = (fields as { port: number }).port;
    };
    closing.push(await serveMetrics({ host: '127.0.0.1', port }, { info, error: () => {} })(monitored));
    return taken;
  }

  async function ask(port: number, path: string, method = 'GET'): Promise<readonly [number, string]> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [response.status, await response.text()];
  }

  const monitored = (health: Health): Monitored => ({
    metrics: async () => new WorkerMetrics().read(COUNTS),
    health: async () => health,
  });
  const well: Health = { isAlive: true, isReady: true, reasons: [] };

  test('answers metrics and health', async () => {
    const port = await serve(monitored(well));
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(samples(await response.text(), 'tidemark_partitions')).toEqual({
      'tidemark_partitions{source="cards"}': 2,
    });
    expect(await ask(port, '/healthz?probe=1')).toEqual([200, 'alive\n']);
    expect(await ask(port, '/readyz')).toEqual([200, 'ready\n']);
    expect(await ask(port, '/')).toEqual([404, 'there is /metrics, /healthz and /readyz\n']);
    expect(await ask(port, '/metrics', 'POST')).toEqual([405, 'only GET\n']);
  });

  test('says why a worker is not ready, or not alive', async () => {
    const restoring = await serve(monitored({ isAlive: true, isReady: false, reasons: ['a', 'b'] }));
    expect(await ask(restoring, '/healthz')).toEqual([200, 'alive\n']);
    expect(await ask(restoring, '/readyz')).toEqual([503, 'a\nb\n']);
    const failed = await serve(monitored({ isAlive: false, isReady: false, reasons: ['failed'] }));
    expect(await ask(failed, '/healthz')).toEqual([503, 'failed\n']);
  });

  test('stays open when a request fails', async () => {
    const failing: Monitored = {
      metrics: () => Promise.reject(new Error('no')),
      health: async () => well,
    };
    const port = await serve(failing);
    expect(await ask(port, '/metrics')).toEqual([500, 'failed; the log says why\n']);
    expect(await ask(port, '/healthz')).toEqual([200, 'alive\n']);
  });

  test('that is taken is refused, with what to do', async () => {
    const port = await serve(monitored(well));
    const refusal = await serve(monitored(well), port).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TidemarkError);
    expect(refusal).toMatchObject({
      code: 'LISTEN',
      message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}`),
      remedy: expect.stringContaining('--metrics-port'),
    });
  });
});
