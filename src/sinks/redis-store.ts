import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { entityText } from './entity-text.ts';
import { type EntityUpserts, groupByEntity } from './entity-upserts.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import {
  deletedKey,
  deletesRows,
  entityPayload,
  latestKey,
  parseLatest,
  parseWindows,
  payloadHead,
  positionKey,
  windowsKey,
} from './redis-format.ts';
import { answerCode } from './redis-trouble.ts';
import { UPSERT_SCRIPT, UPSERT_SCRIPT_SHA } from './redis-upsert-script.ts';
import type {
  LatestRow,
  OnlineRow,
  ReachableStore,
  RememberedPosition,
  Upsert,
  UpsertCounts,
} from './sink.ts';

/**
 * KEYS: one per position, which holds `POSITION WRITER`. ARGV: for each the position, its writer, and the position and
 * the writer that are expected, empty for none. Answers the numbers of the keys that do not hold what is expected; the
 * others hold the greater of both positions, and its writer.
 */
const REMEMBER_SCRIPT = `
local lost = {}
for i, key in ipairs(KEYS) do
  local position, writer, expected, by = unpack(ARGV, 4 * i - 3, 4 * i)
  local stored, storedBy = string.match(redis.call('GET', key) or '', '^(%d+) ?(.*)$')
  local isLess = not stored or tonumber(stored) < tonumber(expected ~= '' and expected or 0)
  if expected ~= '' and (isLess or (by ~= '' and by ~= storedBy)) then
    lost[#lost + 1] = i
  else
    local isNewer = not stored or tonumber(stored) < tonumber(position)
    redis.call('SET', key, (isNewer and position or stored) .. ' ' .. writer)
  end
end
return lost`;

/** Characters after which a call takes no further entity: large rows go in small company. */
const FULL_PAYLOAD = 4 << 20;

export interface RedisStoreOptions extends RedisConnectionOptions {
  /** Entities that one script call takes; others wait for as long as it runs. Default: 128. */
  readonly entitiesPerCall?: number;
  /** Calls of one write that may be under way at once. Default: 8. */
  readonly callsInFlight?: number;
}

/** Connects; fails with a TidemarkError when Redis cannot be reached or refuses the password. */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisOnlineStore> {
  return new RedisOnlineStore(await RedisConnection.open(options), options);
}

/**
 * The online store in Redis, in the layout of docs/online-store.md. A write sends the newest revision of each
 * row, so its counts may add up to fewer than the rows given. While Redis is away a write waits, for ever; after
 * an answer was lost the rows are sent again, and count as equal if they had arrived.
 */
export class RedisOnlineStore implements ReachableStore {
  readonly #connection: RedisConnection;
  readonly #entitiesPerCall: number;
  readonly #callsInFlight: number;
  /** The last write of each group, settled or not. */
  readonly #lastWrites = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(
    connection: RedisConnection,
    options: Pick<RedisStoreOptions, 'entitiesPerCall' | 'callsInFlight'>,
  ) {
    this.#connection = connection;
    this.#entitiesPerCall = options.entitiesPerCall ?? 128;
    this.#callsInFlight = options.callsInFlight ?? 8;
  }

  /** How often a call was sent again since the store was opened. */
  get retries(): number {
    return this.#connection.retries;
  }

  write(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
    if (this.#closed) {
      return Promise.reject(new TidemarkError('the online store is closed', { code: 'STORE_CLOSED' }));
    }
    const name = `${group.name}:${group.version}`;
    const before = this.#lastWrites.get(name) ?? Promise.resolve();
    const write = before.then(() => this.#send(group, rows));
    const settled = write.catch(() => {});
    this.#lastWrites.set(name, settled);
    return write;
  }

  /** All rows of an entity go in one call, so calls may overtake each other. */
  async #send(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
    const entities = groupByEntity(rows);
    const head = payloadHead(group);
    const counts: UpsertCounts = { accepted: 0, equal: 0, stale: 0 };
    let next = 0;
    const lane = async () => {
      while (next < entities.length) {
        const to = Math.min(next + this.#entitiesPerCall, entities.length);
        const { args, end } = callArguments(group, head, entities, next, to);
        next = end;
        const [accepted, equal, stale] = await this.#call(args);
        counts.accepted += accepted;
        counts.equal += equal;
        counts.stale += stale;
      }
    };
    const lanes = Math.min(this.#callsInFlight, Math.ceil(entities.length / this.#entitiesPerCall));
    const outcomes = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return counts;
  }

  async remember(positions: readonly RememberedPosition[]): Promise<readonly string[]> {
    if (positions.length === 0) return [];
    const keys = positions.map(({ name }) => positionKey(name));
    const args = positions.flatMap(({ position, writer, expected }) => {
      return [String(position), writer, String(expected?.position ?? ''), expected?.writer ?? ''];
    });
    const lost = (await this.#connection.untilAnswered((redis) =>
      redis.eval(REMEMBER_SCRIPT, keys.length, ...keys, ...args),
    )) as number[];
    return lost.map((index) => positions[index - 1]!.name);
  }

  #call(args: (string | number)[]): Promise<[number, number, number]> {
    return this.#connection.untilAnswered(async (redis) => {
      try {
        return (await redis.call('EVALSHA', args)) as [number, number, number];
      } catch (error) {
        // Redis forgets its scripts when it restarts.
        if (answerCode(error) !== 'NOSCRIPT') throw error;
        await redis.script('LOAD', UPSERT_SCRIPT);
        return (await redis.call('EVALSHA', args)) as [number, number, number];
      }
    });
  }

  async latest(group: FeatureGroup, entity: readonly Scalar[]): Promise<LatestRow | null> {
    const key = latestKey(group, entityText(entity));
    return parseLatest(group, await this.#connection.once((redis) => redis.hgetall(key)));
  }

  async windows(group: FeatureGroup, entity: readonly Scalar[]): Promise<readonly OnlineRow[]> {
    const key = windowsKey(latestKey(group, entityText(entity)));
    return parseWindows(group, await this.#connection.once((redis) => redis.hgetall(key)));
  }

  async ping(): Promise<void> {
    await this.#connection.once((redis) => redis.ping());
  }

  /** Finishes what Redis still answers; writes that wait for an absent Redis fail (`REDIS_CLOSED`). */
  async close(): Promise<void> {
    this.#closed = true;
    this.#connection.giveUpWaiting();
    await Promise.all(this.#lastWrites.values());
    this.#connection.close();
  }
}

/** The arguments of one call, and the entity that the next one begins with. */
function callArguments(
  group: FeatureGroup,
  head: string,
  entities: readonly EntityUpserts[],
  from: number,
  to: number,
): { readonly args: (string | number)[]; readonly end: number } {
  const hasDeleted = deletesRows(group);
  const keys: string[] = [];
  let payload = head;
  let end = from;
  while (end < to && payload.length < FULL_PAYLOAD) {
    const entity = entities[end++]!;
    const key = latestKey(group, entity.text);
    keys.push(key, windowsKey(key));
    if (hasDeleted) keys.push(deletedKey(key));
    payload += entityPayload(group, entity);
  }
  return { args: [UPSERT_SCRIPT_SHA, String(keys.length), ...keys, payload + ']'], end };
}
