import { readFileSync } from 'node:fs';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import { TidemarkError } from '../errors.ts';
import { mendAbortedRecords } from './kafka-aborted-records.ts';
import { registerCodecs } from './kafka-codecs.ts';
import { mendConnection } from './kafka-connection.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { mendRequestQueue } from './kafka-request-queue.ts';

/** Where messages for people go; a pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A kafkajs client. It logs nothing of its own accord: whoever uses it says what a state means, once, and the
 * library's own messages go to `log.debug`.
 *
 * @param onConnectionTrouble called at every attempt to reach a broker that fails, with the reason
 * @throws TidemarkError `KAFKA_SETTINGS` for a broker that is no host:port, or a file that cannot be read
 */
export function createKafkaClient(
  options: KafkaOptions,
  log: Log,
  onConnectionTrouble: (reason: string) => void = () => {},
): Kafka {
  mendConnection();
  mendRequestQueue();
  mendAbortedRecords();
  registerCodecs();
  for (const broker of options.brokers) checkBroker(broker);
  const config: KafkaConfig = {
    clientId: 'tidemark',
    brokers: [...options.brokers],
    connectionTimeout: 3000,
    // A few quick attempts: who uses the client goes on for longer, and can be stopped meanwhile.
    retry: { retries: 3, initialRetryTime: 200 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      passOn(entry, log);
      if (isConnectionTrouble(entry)) onConnectionTrouble(withoutPrefix(entry.log.message));
    },
  };
  if (options.ssl !== null) config.ssl = tlsOptions(options.ssl.caFile);
  if (options.sasl !== null) config.sasl = { ...options.sasl } as SASLOptions;
  return new Kafka(config);
}

function checkBroker(broker: string): void {
  const [, port] = /^[^:\s]+:(\d+)$/.exec(broker) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new TidemarkError(`${JSON.stringify(broker)} is no Kafka broker`, {
      code: 'KAFKA_SETTINGS',
      remedy: 'Write brokers as host:port, several separated by commas; an IPv6 address needs a host name.',
      exitCode: 2,
    });
  }
}

function tlsOptions(caFile: string | null): ConnectionOptions | true {
  if (caFile === null) return true;
  try {
    return { ca: [...getCACertificates(), readFileSync(caFile, 'utf8')] };
  } catch (cause) {
    throw new TidemarkError(`cannot read the certificate authorities: ${(cause as Error).message}`, {
      code: 'KAFKA_SETTINGS',
      place: { file: caFile },
      remedy: 'Name a readable PEM file.',
      exitCode: 2,
      cause,
    });
  }
}

function passOn({ namespace, log: entry }: LogEntry, log: Log): void {
  const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry;
  log.debug({ from: `kafkajs ${namespace}`, ...fields }, message);
}

/** The message without what the library puts before each one. */
export function withoutPrefix(message: string): string {
  return message.replace(/^(Failed to connect to seed broker.*?: )?(Connection error: )?/, '');
}

/** Answers that are errors come from the namespace of connections too, but come from a broker that is there. */
function isConnectionTrouble({ namespace, log: { message } }: LogEntry): boolean {
  return namespace === 'BrokerPool' || (namespace === 'Connection' && message.startsWith('Connection '));
}
