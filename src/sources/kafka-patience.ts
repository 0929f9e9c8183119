import type { DurationMs } from '../time.ts';

/**
 * What the work gives, or null once the signal is aborted: who is told to stop does not wait for a broker that
 * hangs. The work then goes on unobserved.
 *
 * @param timeoutMs fails when the work takes longer; null: never
 */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  timeoutMs: DurationMs | null = null,
): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(null);
    const timer =
      timeoutMs === null
        ? undefined
        : setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    });
  });
}
