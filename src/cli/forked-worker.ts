import { TidemarkError } from '../errors.ts';
import type { Expose, Monitored } from '../live/monitored.ts';
import type { RunOptions } from '../live/options.ts';
import { runWorker } from '../live/run-worker.ts';
import { fieldsOf, type MessageFromWorker, type MessageToWorker } from '../live/worker-messages.ts';
import { refusalOf } from './failure.ts';
import { createLogger } from './logger.ts';

/**
 * The process of one of several workers (`tidemark run --workers`): what it runs and when it ends comes from the
 * process that started it, and what it tells goes there.
 */

const stopping = new AbortController();
let monitored: Monitored | null = null;

const expose: Expose = async (shown) => {
  monitored = shown;
  return async () => {
    monitored = null;
  };
};

function send(message: MessageFromWorker, then: () => void = () => {}): void {
  process.send!(message, undefined, undefined, then);
}

function stop(): void {
  stopping.abort(new TidemarkError('stopped', { code: 'INTERRUPTED' }));
}

async function answerTo(question: 'metrics' | 'health'): Promise<unknown> {
  if (monitored === null) return null;
  return question === 'health' ? monitored.health() : (await monitored.metrics()).getMetricsAsJSON();
}

async function run(worker: number, options: RunOptions): Promise<void> {
  const log = createLogger(options.log).child({ worker });
  const fail = (error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal !== null) return send({ kind: 'failed', error: fieldsOf(refusal) }, () => process.exit(1));
    log.error({ err: error }, 'a bug in tidemark: please report it');
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  try {
    const summary = await runWorker(options, log, stopping.signal, options.metrics === null ? null : expose);
    log.info(summary, 'stopped');
    send({ kind: 'stopped', summary }, () => process.exit());
  } catch (error) {
    fail(error);
  }
}

process.on('message', (message: MessageToWorker) => {
  if (message.kind === 'start') void run(message.worker, message.options);
  else if (message.kind === 'stop') stop();
  else void answerTo(message.question).then((answer) => send({ kind: 'answer', id: message.id, answer }));
});
// A terminal interrupts all processes at once; the one that started this one says what that means.
process.on('SIGINT', () => {});
process.on('SIGTERM', stop);
// A worker must not outlive the process that its user sees and kills.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
