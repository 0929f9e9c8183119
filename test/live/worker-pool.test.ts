import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../src/errors.ts';
import type { Health } from '../../src/live/monitored.ts';
import { errorOf, fieldsOf } from '../../src/live/worker-messages.ts';
import { type PooledWorker, type WorkerEnd, WorkerPool } from '../../src/live/worker-pool.ts';
import { EMPTY_SUMMARY, type WorkerSummary } from '../../src/live/worker-summary.ts';

/** Several workers on one machine: who is started again, when all end, and what is told of them. */

/** Ends when told to. */
class ScriptedWorker implements PooledWorker {
  readonly ended: Promise<WorkerEnd>;
  isToStop = false;
  /** What it answers to any question. */
  answer: unknown = null;
  readonly #end: (end: WorkerEnd) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<WorkerEnd>();
    this.ended = promise;
    this.#end = resolve;
  }
  stop(): void {
    this.isToStop = true;
  }
  async ask(): Promise<unknown> {
    return this.answer;
  }
  stopped(summary: Partial<WorkerSummary> = {}): void {
    this.#end({ kind: 'stopped', summary: { ...EMPTY_SUMMARY, ...summary } });
  }
  died(how: string): void {
    this.#end({ kind: 'died', how });
  }
  failed(error: TidemarkError): void {
    this.#end({ kind: 'failed', error });
  }
}

interface Warning {
  readonly worker: number;
  readonly how?: string;
  readonly pauseMs?: number;
}

function aPool(count: number) {
  const started: ScriptedWorker[][] = Array.from({ length: count }, () => []);
  const warnings: Warning[] = [];
  const log = { info: () => {}, warn: (fields: object) => void warnings.push(fields as Warning) };
  const start = (worker: number) => {
    const scripted = new ScriptedWorker();
    started[worker - 1]!.push(scripted);
    return scripted;
  };
  const pool = new WorkerPool(count, start, log);
  const stopping = new AbortController();
  /** The worker of a number that was started last, when it is its n-th life. */
  const life = async (worker: number, n: number): Promise<ScriptedWorker> => {
    while (started[worker - 1]!.length < n) await new Promise((resolve) => setTimeout(resolve, 20));
    return started[worker - 1]!.at(-1)!;
  };
  return { pool, stopping, life, warnings, running: pool.run(stopping.signal) };
}

describe('several workers', () => {
  test('end in good order together, and what they did is added up', async () => {
    const { stopping, life, running } = aPool(2);
    const [first, second] = [await life(1, 1), await life(2, 1)];
    stopping.abort();
    expect([first.isToStop, second.isToStop]).toEqual([true, true]);
    const watermark = '2026-01-02T00:00:00.000Z';
    first.stopped({ records: 5, watermark, rejected: { schema: 2, ahead: 1 }, revisions: timings(1, 2, 3) });
    second.stopped({
      records: 7,
      watermark: '2026-01-01T00:00:00.000Z',
      rejected: { schema: 1 },
      revisions: timings(10, 20, 30),
      upserts: { accepted: 4, equal: 3, stale: 2 },
    });
    expect(await running).toEqual({
      ...EMPTY_SUMMARY,
      records: 12,
      watermark: '2026-01-01T00:00:00.000Z',
      rejected: { schema: 3, ahead: 1 },
      revisions: timings(11, 22, 33),
      upserts: { accepted: 4, equal: 3, stale: 2 },
      restarts: 0,
    });
  });

  test('that die are started again, after pauses that grow', async () => {
    const { pool, stopping, life, running, warnings } = aPool(2);
    (await life(2, 1)).died('SIGKILL');
    (await life(2, 2)).died('exit status 1');
    const third = await life(2, 3);
    expect(warnings).toEqual([
      { worker: 2, how: 'SIGKILL', pauseMs: 1000 },
      { worker: 2, how: 'exit status 1', pauseMs: 2000 },
    ]);
    expect(await (await pool.metrics()).metrics()).toContain(
      'tidemark_worker_restarts_total{worker="2"} 2\n',
    );
    stopping.abort();
    (await life(1, 1)).stopped({ records: 1 });
    third.stopped({ records: 2 });
    expect(await running).toMatchObject({ records: 3, restarts: 2 });
  });

  test('that stop unasked are started again, and what they did counts', async () => {
    const { stopping, life, running } = aPool(1);
    (await life(1, 1)).stopped({ records: 10 });
    const again = await life(1, 2);
    stopping.abort();
    again.stopped({ records: 1 });
    expect(await running).toMatchObject({ records: 11, restarts: 1 });
  });

  test('end when one of them cannot go on, with its error', async () => {
    const { life, running } = aPool(2);
    const first = await life(1, 1);
    const error = new TidemarkError('the log was truncated', { code: 'LOG_TRUNCATED' });
    (await life(2, 1)).failed(error);
    while (!first.isToStop) await nextTurn();
    first.stopped();
    await expect(running).rejects.toBe(error);
  });

  test('of which one dies while it is to end have not ended in good order', async () => {
    const { stopping, life, running } = aPool(1);
    const only = await life(1, 1);
    stopping.abort();
    only.died('SIGKILL');
    await expect(running).rejects.toMatchObject({
      code: 'WORKER_DIED',
      message: 'worker 1 ended by SIGKILL before it had committed everything',
    });
  });

  test('that wait for their next start need not be waited for', async () => {
    const { stopping, life, running, warnings } = aPool(1);
    (await life(1, 1)).died('SIGKILL');
    while (warnings.length === 0) await nextTurn();
    stopping.abort();
    expect(await running).toMatchObject({ records: 0, restarts: 0 });
  });
});

describe('what is to be seen of several workers', () => {
  const well: Health = { isAlive: true, isReady: true, reasons: [] };
  const starting: Health = { isAlive: true, isReady: false, reasons: ['partitions are being restored'] };

  test('is ready when all are, and alive when all that run answer', async () => {
    const { pool, life, warnings } = aPool(2);
    const [first, second] = [await life(1, 1), await life(2, 1)];
    first.answer = well;
    second.answer = well;
    expect(await pool.health()).toEqual(well);
    second.answer = starting;
    expect(await pool.health()).toEqual({
      isAlive: true,
      isReady: false,
      reasons: ['worker 2: partitions are being restored'],
    });
    second.answer = null;
    expect(await pool.health()).toEqual({
      isAlive: false,
      isReady: false,
      reasons: ['worker 2: does not answer'],
    });
    second.died('SIGKILL');
    while (warnings.length === 0) await nextTurn();
    expect(await pool.health()).toEqual({
      isAlive: true,
      isReady: false,
      reasons: ['worker 2: has died and is to be started again'],
    });
  });

  test('are the metrics of each, told apart by a label', async () => {
    const { pool, life } = aPool(3);
    for (const [worker, records] of [
      [1, 5],
      [2, 7],
    ] as const) {
      const registry = new Registry();
      const options = { name: 'records_total', help: 'h', labelNames: ['source'], registers: [registry] };
      // A way to add up that would lose all but one worker's.
      new Counter({ ...options, aggregator: 'first' }).inc({ source: 'cards' }, records);
      (await life(worker, 1)).answer = await registry.getMetricsAsJSON();
    }
    const text = await (await pool.metrics()).metrics();
    expect(text.split('\n').filter((line) => /^(records|tidemark)/.test(line))).toEqual([
      'tidemark_worker_up{worker="1"} 1',
      'tidemark_worker_up{worker="2"} 1',
      'tidemark_worker_up{worker="3"} 0',
      'tidemark_worker_restarts_total{worker="1"} 0',
      'tidemark_worker_restarts_total{worker="2"} 0',
      'tidemark_worker_restarts_total{worker="3"} 0',
      'records_total{source="cards",worker="1"} 5',
      'records_total{source="cards",worker="2"} 7',
    ]);
  });
});

test('an error says the same in the process that started the worker', () => {
  const inner = new TidemarkError('b', { code: 'B' });
  const error = new TidemarkError('a', {
    code: 'A',
    place: { file: 'defs.ts', line: 3 },
    remedy: 'Mend it.',
    exitCode: 2,
    others: [inner],
  });
  const crossed = errorOf(structuredClone(fieldsOf(error)));
  expect(crossed).toBeInstanceOf(TidemarkError);
  expect(fieldsOf(crossed)).toEqual(fieldsOf(error));
  expect(crossed.others[0]).toMatchObject({ code: 'B', message: 'b', exitCode: 1 });
});

function timings(early: number, onTime: number, late: number) {
  return { early, 'on-time': onTime, late };
}
