import type { RedisConnectionOptions } from './redis-connection.ts';
import { openRedisStore } from './redis-store.ts';
import type { ReachableStore } from './sink.ts';
import { SqliteOnlineStore } from './sqlite-store.ts';

/** Which online store: a Redis server, or one database file on this machine. */
export type OnlineStoreOptions =
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'sqlite'; readonly file: string };

/** @throws TidemarkError when it cannot be reached or opened */
export async function openOnlineStore(
  options: OnlineStoreOptions,
  connectionName: string,
  connection: Pick<RedisConnectionOptions, 'logger' | 'signal'> = {},
): Promise<ReachableStore> {
  if (options.kind === 'sqlite') return new SqliteOnlineStore({ file: options.file });
  return openRedisStore({ url: options.url, connectionName, ...connection });
}
