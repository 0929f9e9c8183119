import { TidemarkError } from '../errors.ts';

/** Why Redis cannot take a command now. */
export interface RedisTrouble {
  /** A stable name; two troubles of one name are one state. */
  readonly code: string;
  /** What is wrong, to follow "Redis at host:port". */
  readonly text: string;
  readonly remedy: string;
  /** A new connection may lead elsewhere, such as to the new primary. */
  readonly reconnect: boolean;
}

/** Answers that time or an operator mends, by their first word. */
const ANSWERS: Readonly<Record<string, Omit<RedisTrouble, 'code'>>> = {
  OOM: {
    text: 'is out of memory: it has reached maxmemory and takes no writes',
    remedy: 'Raise maxmemory, free keys, or give the feature groups a ttl.',
    reconnect: false,
  },
  LOADING: {
    text: 'is loading its data',
    remedy: 'Nothing needs to be done: it answers when it is done.',
    reconnect: false,
  },
  READONLY: {
    text: 'is a replica and takes no writes',
    remedy: 'Point the worker to the primary.',
    reconnect: true,
  },
  MISCONF: {
    text: 'takes no writes because it cannot save its data to disk (MISCONF)',
    remedy: 'Look at its log and at the free space of its disk.',
    reconnect: false,
  },
  NOREPLICAS: {
    text: 'takes no writes because too few replicas follow it (NOREPLICAS)',
    remedy: 'Bring the replicas back, or lower min-replicas-to-write.',
    reconnect: false,
  },
  BUSY: {
    text: 'is busy with a script',
    remedy: 'Look with SLOWLOG GET at what holds it up.',
    reconnect: false,
  },
  WRONGPASS: {
    text: 'refuses the user name or password (WRONGPASS)',
    remedy: 'Correct the password in the URL: redis://USER:PASSWORD@HOST:PORT.',
    reconnect: true,
  },
  NOAUTH: {
    text: 'wants a password (NOAUTH)',
    remedy: 'Put it into the URL: redis://USER:PASSWORD@HOST:PORT.',
    reconnect: true,
  },
  NOPERM: {
    text: 'does not allow this user what the store needs (NOPERM)',
    remedy: 'Allow it what docs/online-store.md lists under "Rights".',
    reconnect: false,
  },
  MASTERDOWN: {
    text: 'has lost its primary',
    remedy: 'Wait for the failover, or start it.',
    reconnect: true,
  },
  TRYAGAIN: {
    text: 'is moving keys',
    remedy: 'Nothing needs to be done: it ends by itself.',
    reconnect: false,
  },
  CLUSTERDOWN: {
    text: 'belongs to a cluster that is down',
    remedy: 'Bring its nodes back.',
    reconnect: false,
  },
};

/**
 * First word of an answer of Redis that is an error; null when the error is none of Redis's. Before version 7 the
 * errors of a script's commands stand inside that of the script.
 */
export function answerCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null;
  const inScript = /^ERR Error running script .*? -([A-Z]+) /.exec(error.message);
  return inScript?.[1] ?? error.message.split(' ', 1)[0]!;
}

/** What to wait for after this error; null when waiting would not help. */
export function troubleOf(error: unknown): RedisTrouble | null {
  const code = answerCode(error);
  if (code !== null) {
    const known = ANSWERS[code];
    if (known !== undefined) return { code, ...known };
    if (!/max number of clients/.test((error as Error).message)) return null;
    return {
      code: 'MAXCLIENTS',
      text: 'has no connection left (maxclients)',
      remedy: 'Raise maxclients, or close other clients.',
      reconnect: true,
    };
  }
  const text = connectionTrouble(error);
  if (text === null) return null;
  return {
    code: 'UNREACHABLE',
    text: `cannot be reached: ${text}`,
    remedy: 'Start it, or correct the URL.',
    reconnect: false,
  };
}

/** What happened to the connection; null when the error is about something else. */
function connectionTrouble(error: unknown): string | null {
  // A name with several addresses fails with one error for each.
  if (error instanceof AggregateError) return connectionTrouble(error.errors[0]);
  if (!(error instanceof Error)) return null;
  if ('syscall' in error || 'code' in error) return error.message;
  // The client marks its own by nothing better than name and text.
  if (/^Socket timeout/.test(error.message)) return 'it does not answer';
  if (/^Connection is closed/.test(error.message)) return 'the connection was closed';
  if (/^connect ETIMEDOUT/.test(error.message)) return error.message;
  const lost =
    /^(AbortError|MaxRetriesPerRequestError)$/.test(error.name) || /^Stream isn't/.test(error.message);
  return lost ? 'the connection was lost' : null;
}

/**
 * The error for a person. The client's own error is not its cause: that holds the command with its arguments,
 * and so may hold the password.
 */
export function redisError(address: string, error: unknown): TidemarkError {
  const trouble = troubleOf(error);
  const code = answerCode(error);
  if (trouble !== null) {
    return new TidemarkError(`Redis at ${address} ${trouble.text}`, {
      code: `REDIS_${trouble.code}`,
      remedy: trouble.remedy,
    });
  }
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'WRONGTYPE') {
    return new TidemarkError(`Redis at ${address} holds something else under a key of the store: ${text}`, {
      code: 'REDIS_WRONGTYPE',
      remedy: 'Move or delete the foreign keys that start with "tidemark:{".',
    });
  }
  return new TidemarkError(`Redis at ${address} answers with an error: ${text}`, {
    code: 'REDIS_ERROR',
    remedy: 'The store needs Redis 6 or later, and the rights that docs/online-store.md lists.',
  });
}
