import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka as Client, logLevel } from 'kafkajs';
import { TidemarkError } from '../../src/errors.ts';
import { mendRequestQueue } from '../../src/sources/kafka-request-queue.ts';
import { kafkaJars } from './download.ts';
import { freePort, Service } from './service.ts';

export interface KafkaOptions {
  /** Lines for server.properties, over those below. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Default 512. */
  readonly heapMb?: number;
}

export interface Kafka {
  /** `host:port`, several separated by commas. */
  readonly brokers: string;
  /** Null while it is down, and for a Kafka of the environment. */
  readonly pid: number | null;
  stop(): Promise<void>;
  /** SIGKILL; `start` brings it back with its data, on the same port. */
  crash(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * A real Apache Kafka 4.1 on 127.0.0.1, one KRaft node: that of KAFKA_BROKERS, else one of its own, up in some
 * seconds. Topics are made by hand (see topics.ts), never by being named.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '' && options.properties === undefined) {
    return kafkaOfEnvironment(given);
  }
  const [jars, port, controllerPort] = [await kafkaJars(), await freePort(), await freePort()];
  const heapMb = options.heapMb ?? 512;
  const java = ['-Xshare:auto', '-XX:+UseSerialGC', `-Xmx${heapMb}m`, '-cp', `${jars}/*`];
  const service = new Service({
    name: 'Apache Kafka',
    command: 'java',
    args: (folder) => [
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
      ...java,
      'kafka.Kafka',
      join(folder, 'server.properties'),
    ],
    isUp: () => answers(`127.0.0.1:${port}`),
    stopTimeoutMs: 30_000,
  });
  try {
    await format(service.folder, port, controllerPort, options.properties ?? {}, java);
    await service.start();
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    brokers: `127.0.0.1:${port}`,
    get pid() {
      return service.pid;
    },
    stop: () => service.stop(),
    crash: () => service.crash(),
    start: () => service.start(),
    restart: () => service.restart(),
  };
}

async function format(
  folder: string,
  port: number,
  controllerPort: number,
  properties: Readonly<Record<string, string>>,
  java: readonly string[],
): Promise<void> {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A broker that was killed must not wait for the session of its former self.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'log.segment.delete.delay.ms': '1000',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'log.cleaner.dedupe.buffer.size': '4194304',
    ...properties,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, 'server.properties'), lines.join(''));
  await writeFile(join(folder, 'log4j2.properties'), LOGGING);
  // One that begins with a dash would be taken for an option.
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const tool = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', join(folder, 'server.properties')];
  try {
    await promisify(execFile)('java', ['-XX:TieredStopAtLevel=1', ...java, ...tool]);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new TidemarkError(
      missing ? 'cannot start Apache Kafka: there is no java on the PATH' : (error as Error).message,
      {
        code: missing ? 'SERVICE_MISSING' : 'SERVICE_FAILED',
        remedy: 'Install Java 17+ and Maven, or set KAFKA_BROKERS to a Kafka that tests may write to.',
        cause: error,
      },
    );
  }
}

const LOGGING = `rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
`;

async function answers(broker: string): Promise<boolean> {
  mendRequestQueue();
  const client = new Client({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length > 0 && cluster.controller !== null;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

function kafkaOfEnvironment(brokers: string): Kafka {
  const refuse = async (): Promise<never> => {
    throw new TidemarkError('this test stops and starts Kafka, and cannot do so with that of KAFKA_BROKERS', {
      code: 'SERVICE_NOT_OURS',
      remedy: 'Unset KAFKA_BROKERS, so that the test starts a Kafka of its own.',
    });
  };
  return { brokers, pid: null, stop: async () => {}, crash: refuse, start: refuse, restart: refuse };
}
