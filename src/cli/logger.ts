import pino from 'pino';
import type { LogOptions } from '../live/options.ts';

export type Logger = pino.Logger;

const SECRETS = ['password', 'token', 'secret', 'authorization'];

/**
 * Structured logs on standard error: JSON lines, or single lines for a person. Fields named like secrets and
 * passwords inside URLs do not get through.
 */
export function createLogger(options: LogOptions, write: (line: string) => void = toStandardError): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '***',
      },
      serializers: { url: redactUrl, redis: redactUrl, err: pino.stdSerializers.err },
    },
    { write: options.json ? write : (line: string) => write(readable(line)) },
  );
}

/** A URL without its password; anything else as it is. */
export function redactUrl(value: unknown): unknown {
  if (typeof value !== 'string' || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password === '') return value;
  url.password = '***';
  return url.href;
}

/** One line of JSON as `12:00:01 INFO message key=value …`. */
function readable(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`);
  const clock = String(time).slice(11, 19);
  return `${clock} ${String(level).toUpperCase()} ${String(msg ?? '')}${rest.join('')}\n`;
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}
