import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { DurationMs } from '../time.ts';
import type { RunOptions } from './options.ts';
import { errorOf, type MessageFromWorker, type MessageToWorker, type Question } from './worker-messages.ts';
import type { PooledWorker, WorkerEnd } from './worker-pool.ts';

/** A worker whose event loop does not turn within this does not answer. */
const ANSWER_PATIENCE_MS: DurationMs = 2000;

export interface ForkedWorker extends PooledWorker {
  /** Of its process; undefined when it could not be started. */
  readonly pid: number | undefined;
}

/** Starts a worker in a process of its own, which logs to this one's standard error and never outlives it. */
export function forkWorker(entry: string, worker: number, options: RunOptions): ForkedWorker {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let last: WorkerEnd | null = null;
  let asked = 0;
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on('message', (message: MessageFromWorker) => {
    if (message.kind === 'answer') waiting.get(message.id)?.(message.answer);
    else if (message.kind === 'failed') last = { kind: 'failed', error: errorOf(message.error) };
    else last = message;
  });
  const send = (message: MessageToWorker) => {
    // One that has just died hears nothing any more; its end is told below.
    if (child.connected) child.send(message, () => {});
  };
  send({ kind: 'start', worker, options });
  return {
    pid: child.pid,
    ended: endOf(child).then((how) => last ?? { kind: 'died', how }),
    stop: () => send({ kind: 'stop' }),
    ask: (question: Question) =>
      new Promise((resolve) => {
        const id = asked++;
        const answer = (value: unknown) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(value);
        };
        const timer = setTimeout(answer, ANSWER_PATIENCE_MS, null);
        waiting.set(id, answer);
        send({ kind: 'ask', id, question });
      }),
  };
}

/** Resolves, when everything it has said was heard, to how it ended. */
async function endOf(child: ChildProcess): Promise<string> {
  const disconnected = once(child, 'disconnect');
  try {
    const [code, signal] = await once(child, 'exit');
    await disconnected;
    return signal === null ? `exit status ${code}` : String(signal);
  } catch (error) {
    return (error as Error).message;
  }
}
