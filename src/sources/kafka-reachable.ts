import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { nearest } from '../definitions/nearest.ts';
import { TidemarkError } from '../errors.ts';
import type { DurationMs } from '../time.ts';
import { withoutPrefix } from './kafka-client.ts';
import type { OutageReport } from './kafka-outage.ts';
import { unlessAborted } from './kafka-patience.ts';

export interface ReachOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** Gives up then, with `KAFKA_UNREACHABLE`; null: never. */
  readonly timeoutMs: DurationMs | null;
  readonly signal: AbortSignal;
  readonly outage: OutageReport;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
/** What takes connections and then is silent is no broker, or one that hangs. */
const SILENCE_MS = 5000;

/**
 * Waits until the brokers answer and makes sure that the topics are there. Returns early, without having looked,
 * when the signal is aborted.
 *
 * @throws TidemarkError `TOPIC_MISSING`, `KAFKA_REFUSED` (the log-in or the right to see a topic), `KAFKA_UNREACHABLE`
 */
export async function reachTopics(kafka: Kafka, options: ReachOptions): Promise<void> {
  const { brokers, topics, timeoutMs, signal, outage } = options;
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const present = await unlessAborted(listTopics(kafka), signal, SILENCE_MS);
      if (present === null) return;
      outage.answered();
      return checkTopics(topics, present);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null) throw refusal;
      outage.failed(reasonOf(error));
      if (timeoutMs !== null && performance.now() - began + pause > timeoutMs) {
        throw unreachable(brokers, error);
      }
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

async function listTopics(kafka: Kafka): Promise<readonly string[]> {
  const admin = kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    // Of a broken connection nothing is left to close.
    await admin.disconnect().catch(() => {});
  }
}

function checkTopics(wanted: readonly string[], present: readonly string[]): void {
  for (const topic of wanted) {
    if (present.includes(topic)) continue;
    const similar = nearest(topic, present);
    const hint = similar === null ? '' : `; there is ${JSON.stringify(similar)}`;
    throw new TidemarkError(`the topic ${JSON.stringify(topic)} does not exist${hint}`, {
      code: 'TOPIC_MISSING',
      remedy: "Create it, or correct the source's name or `topic`, or --brokers.",
    });
  }
}

/** The error for the user when waiting cannot help; null when it can. */
export function refusalOf(error: unknown): TidemarkError | null {
  if (error instanceof TidemarkError) return error;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { name, message } = cause;
    const type = String((cause as { type?: unknown }).type ?? '');
    if (name === 'KafkaJSNotImplemented') {
      return new TidemarkError(`the topic holds records whose compression is not supported: ${message}`, {
        code: 'CODEC_UNSUPPORTED',
        remedy: 'Let the topic (compression.type) or its producers use gzip, zstd or none.',
        cause: error,
      });
    }
    if (type === 'INVALID_SESSION_TIMEOUT') {
      return new TidemarkError(`Kafka refuses the session time-out: ${message}`, {
        code: 'SESSION_TIMEOUT_REFUSED',
        remedy:
          'Choose a --session-timeout between group.min.session.timeout.ms and group.max.session.timeout.ms of ' +
          'the brokers (6s and 30m unless they are told otherwise).',
        cause: error,
      });
    }
    if (name === 'KafkaJSSASLAuthenticationError' || /AUTHENTICATION|SASL|AUTHORIZATION/.test(type)) {
      return new TidemarkError(`Kafka refuses: ${message}`, {
        code: 'KAFKA_REFUSED',
        remedy: 'Check user, password and mechanism, and that the user may read the topic and use the group.',
        cause: error,
      });
    }
  }
  return null;
}

function unreachable(brokers: readonly string[], error: unknown): TidemarkError {
  return new TidemarkError(`Kafka cannot be reached at ${brokers.join(', ')}: ${reasonOf(error)}`, {
    code: 'KAFKA_UNREACHABLE',
    remedy: 'Check --brokers, that the broker runs, and whether it wants TLS or a log-in.',
    cause: error,
  });
}

/** What went wrong, in a few words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? withoutPrefix(error.message) : String(error);
}
