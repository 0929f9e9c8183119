import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { TidemarkError } from '../../src/errors.ts';
import { redisBinary } from './download.ts';
import { freePort, Service } from './service.ts';

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Further arguments of redis-server, as `['--maxmemory', '1mb']`. By default nothing is kept on disk. */
  readonly args?: readonly string[];
}

export interface Redis {
  readonly url: string;
  readonly port: number;
  /** Null while it is down, and for a Redis of the environment. */
  readonly pid: number | null;
  stop(): Promise<void>;
  /** SIGKILL; `start` brings it back. Data come back only if the arguments persist them. */
  crash(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** SIGKILL, and it starts without its data. */
  restartEmpty(): Promise<void>;
}

/** A real redis-server on 127.0.0.1: that of REDIS_URL, else one of its own, from the PATH or fetched. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '' && options.port === undefined && options.args === undefined) {
    return redisOfEnvironment(given);
  }
  const port = options.port ?? (await freePort());
  const service = new Service({
    name: 'redis-server',
    command: onPath('redis-server') ?? (await redisBinary()),
    args: (folder) =>
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''].concat(options.args ?? []),
    isUp: () => answersPing(port),
  });
  try {
    await service.start();
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return service.pid;
    },
    stop: () => service.stop(),
    crash: () => service.crash(),
    start: () => service.start(),
    restart: () => service.restart(),
    restartEmpty: () => service.restartEmpty(),
  };
}

function redisOfEnvironment(url: string): Redis {
  const refuse = async (): Promise<never> => {
    throw new TidemarkError('this test stops and starts Redis, and cannot do so with that of REDIS_URL', {
      code: 'SERVICE_NOT_OURS',
      remedy: 'Unset REDIS_URL, so that the test starts a Redis of its own.',
    });
  };
  const port = Number(new URL(url).port || 6379);
  return {
    url,
    port,
    pid: null,
    stop: async () => {},
    crash: refuse,
    start: refuse,
    restart: refuse,
    restartEmpty: refuse,
  };
}

function onPath(command: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return null;
}

/** A server that still loads its data answers PING with an error, and is not up. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => done(data.toString().startsWith('+PONG')));
  });
}
