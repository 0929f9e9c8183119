import { nearest } from '../definitions/nearest.ts';
import { type DurationMs, parseDuration } from '../time.ts';
import { UsageError } from './usage.ts';

/**
 * Reads the text of one option. `origin` names where it came from (`--from`, `TIDEMARK_FROM`, `from`) and opens
 * the message of the {@link UsageError} that a wrong value is.
 */
export type Parser<T> = (text: string, origin: string) => T;

/** A duration above zero. */
export const duration: Parser<DurationMs> = (text, origin) => {
  const parsed = parseDuration(text);
  if (parsed === null || parsed === 0) {
    throw new UsageError(
      `${origin}: '${text}' is not a duration`,
      `Write a number with a unit (ms, s, m, h, d), such as 200ms, 30s or 1h30m.`,
    );
  }
  return parsed;
};

export const positiveInteger: Parser<number> = (text, origin) => {
  const parsed = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (parsed < 1 || !Number.isSafeInteger(parsed)) {
    throw new UsageError(`${origin}: '${text}' is not a positive integer`, 'Write a number such as 1000.');
  }
  return parsed;
};

export const unsignedInteger: Parser<number> = (text, origin) =>
  text === '0' ? 0 : positiveInteger(text, origin);

/** A TCP port to listen on; 0 is a free one. */
export const port: Parser<number> = (text, origin) => {
  const parsed = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (parsed <= 65_535) return parsed;
  throw new UsageError(`${origin}: '${text}' is not a port`, 'Write a number from 0 (a free one) to 65535.');
};

/** `host:port` each, separated by commas. */
export const brokerList: Parser<readonly string[]> = (text, origin) => {
  const brokers = text.split(',').map((broker) => broker.trim());
  for (const broker of brokers) {
    const port = Number(/^[^\s:/]+:(\d{1,5})$/.exec(broker)?.[1] ?? 0);
    if (port < 1 || port > 65_535) {
      throw new UsageError(
        `${origin}: '${broker}' is not host:port`,
        'Write one or more brokers separated by commas, such as localhost:9092.',
      );
    }
  }
  return brokers;
};

export const redisUrl: Parser<string> = (text, origin) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    // The text is not repeated: it may hold a password.
    throw new UsageError(
      `${origin}: not the URL of a Redis server`,
      'Write redis://host:6379, redis://user:password@host:6379/0, or rediss:// for TLS.',
    );
  }
  return text;
};

/** A name that is safe as a folder, a consumer group and a log field. */
export const plainName: Parser<string> = (text, origin) => {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(text)) {
    throw new UsageError(
      `${origin}: '${text}' cannot be a name`,
      'Use letters, digits, dots, dashes and underscores, not beginning with a dot or dash.',
    );
  }
  return text;
};

export const nameList: Parser<readonly string[]> = (text, origin) =>
  text.split(',').map((name) => plainName(name.trim(), origin));

export const nonEmpty: Parser<string> = (text, origin) => {
  if (text === '') throw new UsageError(`${origin}: empty`, 'Give it a value or leave it out.');
  return text;
};

export const yesOrNo: Parser<boolean> = (text, origin) => choice(['true', 'false'])(text, origin) === 'true';

/** One of a few words. */
export function choice<const T extends string>(allowed: readonly T[]): Parser<T> {
  return (text, origin) => {
    const found = allowed.find((word) => word === text);
    if (found === undefined) {
      const meant = nearest(text, allowed);
      const hint = meant === null ? '' : ` Did you mean ${meant}?`;
      throw new UsageError(
        `${origin}: '${text}' is not allowed`,
        `Write one of: ${allowed.join(', ')}.${hint}`,
      );
    }
    return found;
  };
}
