import { Redis } from 'ioredis';
import { TidemarkError } from '../errors.ts';
import type { DurationMs } from '../time.ts';
import { type RedisTrouble, redisError, troubleOf } from './redis-trouble.ts';
import { StoreAwayError } from './sink.ts';

/** Where a store tells of its troubles: one line per change of state. A pino logger is one. */
export interface StoreLogger {
  info(text: string): void;
  warn(text: string): void;
}

export interface RedisConnectionOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Shown by CLIENT LIST. Default: `tidemark`. */
  readonly connectionName?: string;
  /** Redis counts as away when it is silent for so long. Default: 10 s. */
  readonly responseTimeoutMs?: DurationMs;
  /** Once it is aborted nothing waits for an absent Redis any more; what Redis answers is finished. */
  readonly signal?: AbortSignal;
  /** Default: silence. */
  readonly logger?: StoreLogger;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2000;
/** Who has given up waiting takes Redis for away when it is silent for so long. */
const LAST_ANSWER_MS = 3000;

/** A connection that outlives Redis's absences. */
export class RedisConnection {
  /** `host:port`, without user and password. */
  readonly address: string;
  /** How often a command was sent again. */
  retries = 0;
  readonly #redis: Redis;
  readonly #logger: StoreLogger | undefined;
  /** What the connection itself last complained of; null while it stands. */
  #connectionError: Error | null = null;
  #trouble: RedisTrouble | null = null;
  #troubleSince = 0;
  #closing = false;
  #unanswered = 0;
  #answers = 0;
  #silence: NodeJS.Timeout | undefined;
  readonly #sleepers = new Set<() => void>();

  private constructor(redis: Redis, address: string, logger: StoreLogger | undefined) {
    this.#redis = redis;
    this.address = address;
    this.#logger = logger;
    redis.on('error', (error) => {
      this.#connectionError = error;
    });
    redis.on('ready', () => {
      this.#connectionError = null;
      this.#wake();
    });
  }

  /**
   * Fails at once when Redis cannot be reached or refuses the password; waits while it loads its data.
   *
   * @throws the signal's reason when it is aborted before the connection stands
   */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const address = addressOf(options.url);
    const redis = new Redis(options.url, {
      connectionName: options.connectionName ?? 'tidemark',
      socketTimeout: options.responseTimeoutMs ?? 10_000,
      // One that is silent does not answer a farewell either.
      disconnectTimeout: 200,
      lazyConnect: true,
      // What is sent again, and when, is decided here and not by the client.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: pauseMs,
    });
    const connection = new RedisConnection(redis, address, options.logger);
    const { signal } = options;
    signal?.addEventListener('abort', () => connection.giveUpWaiting(), { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', reject, { once: true });
        redis.once('ready', resolve);
        redis.once('error', reject);
        redis.once('close', () => reject(new Error('Connection is closed')));
        redis.connect().catch(() => {});
      });
    } catch (error) {
      connection.close();
      signal?.throwIfAborted();
      throw redisError(address, error);
    }
    return connection;
  }

  /** One attempt. */
  async once<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.#redis);
    } catch (error) {
      throw redisError(this.address, this.#cause(error));
    }
  }

  /** Repeats the command until Redis answers it; fails only for what waiting does not mend, or when closed. */
  async untilAnswered<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#counted(command(this.#redis));
        if (this.#trouble !== null) this.#recovered();
        return answer;
      } catch (error) {
        const cause = this.#cause(error);
        const trouble = troubleOf(cause);
        if (trouble === null) throw redisError(this.address, cause);
        if (this.#closing) throw this.#closedWhileAway(trouble);
        this.retries++;
        // That nothing could be sent is no news while a new connection is being made because of a trouble.
        const isNews =
          trouble.code !== 'UNREACHABLE' || this.#connectionError !== null || this.#trouble === null;
        if (isNews) this.#enter(trouble);
        if (trouble.reconnect && this.#redis.status === 'ready') this.#redis.disconnect(true);
        await this.#pause(pauseMs(attempt));
        if (this.#closing) throw this.#closedWhileAway(trouble);
      }
    }
  }

  /** What waits for Redis while it is away gives up; what Redis answers is finished by its caller before. */
  giveUpWaiting(): void {
    this.#closing = true;
    this.#wake();
    this.#watchSilence();
  }

  close(): void {
    this.giveUpWaiting();
    clearInterval(this.#silence);
    this.#redis.disconnect();
  }

  async #counted<T>(command: Promise<T>): Promise<T> {
    this.#unanswered++;
    try {
      return await command;
    } finally {
      this.#unanswered--;
      this.#answers++;
    }
  }

  #watchSilence(): void {
    let answers = this.#answers;
    this.#silence ??= setInterval(() => {
      if (this.#unanswered > 0 && this.#answers === answers) this.#redis.disconnect();
      answers = this.#answers;
    }, LAST_ANSWER_MS).unref();
  }

  /** A command that could not even be sent says so; why is what the connection complained of. */
  #cause(error: unknown): unknown {
    const wasSent = error instanceof Error && error.name === 'ReplyError';
    return wasSent ? error : (this.#connectionError ?? error);
  }

  #enter(trouble: RedisTrouble): void {
    if (this.#trouble?.code === trouble.code) return;
    if (this.#trouble === null) this.#troubleSince = performance.now();
    this.#trouble = trouble;
    this.#logger?.warn(`Redis at ${this.address} ${trouble.text}; its writes wait. ${trouble.remedy}`);
  }

  #recovered(): void {
    this.#trouble = null;
    const seconds = ((performance.now() - this.#troubleSince) / 1000).toFixed(1);
    this.#logger?.info(`Redis at ${this.address} takes writes again after ${seconds} s`);
  }

  #closedWhileAway(trouble: RedisTrouble): StoreAwayError {
    return new StoreAwayError(
      `closed while Redis at ${this.address} ${trouble.text}; some rows were not written`,
      {
        code: 'REDIS_CLOSED',
        remedy: 'Nothing is lost: what was not written was not committed, and is written by the next start.',
      },
    );
  }

  #pause(ms: DurationMs): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }
}

function pauseMs(attempt: number): DurationMs {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 16), LONGEST_PAUSE_MS);
}

function addressOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new TidemarkError('the URL of Redis is none', {
      code: 'REDIS_URL',
      remedy: 'Write redis://HOST:PORT or redis://USER:PASSWORD@HOST:PORT/DB, with rediss:// for TLS.',
      exitCode: 2,
    });
  }
  return `${parsed.hostname}:${parsed.port || 6379}`;
}
