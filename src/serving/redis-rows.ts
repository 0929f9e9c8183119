import { entityText } from '../sinks/entity-text.ts';
import { RedisConnection, type RedisConnectionOptions } from '../sinks/redis-connection.ts';
import { latestKey, parseLatest } from '../sinks/redis-format.ts';
import type { LatestRow } from '../sinks/sink.ts';
import type { OnlineRows, RowKey } from './online-rows.ts';

/**
 * Rows in Redis, in the layout of docs/online-store.md: one HGETALL each, all of them written at once. Not by ioredis's
 * pipelines: each of those defines a property of its own, whose hidden class keeps all that it read alive until a
 * major collection, and the minor ones copy it for milliseconds.
 */
export class RedisRows implements OnlineRows {
  readonly #connection: RedisConnection;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** @throws TidemarkError when Redis cannot be reached or refuses the password */
  static async open(options: RedisConnectionOptions): Promise<RedisRows> {
    return new RedisRows(await RedisConnection.open(options));
  }

  async latest(keys: readonly RowKey[]): Promise<readonly (LatestRow | null)[]> {
    const hashes = await this.#connection.once(async (redis) => {
      const { stream } = redis;
      stream.cork();
      const replies = keys.map(({ group, entity }) => redis.hgetall(latestKey(group, entityText(entity))));
      stream.uncork();
      return Promise.all(replies);
    });
    return keys.map(({ group }, index) => parseLatest(group, hashes[index]!));
  }

  async ping(): Promise<void> {
    await this.#connection.once((redis) => redis.ping());
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
