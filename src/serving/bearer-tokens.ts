import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Place, TidemarkError } from '../errors.ts';
import type { Access } from './options.ts';

/** Below, a token can be guessed. */
const SHORTEST_TOKEN = 16;

/** The tokens that open a server. Only their digests are kept, so that no heap dump or log can hold one. */
export class BearerTokens {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digest);
  }

  /** Whether an Authorization header holds one of the tokens; in a time that does not depend on how near it is. */
  opens(authorization: string | undefined): boolean {
    const [, token] = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '') ?? [];
    const given = digest(token ?? '');
    let found = false;
    for (const each of this.#digests) if (timingSafeEqual(each, given)) found = true;
    return found && token !== undefined;
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * The tokens of a server; null when anyone may read. A file holds one a line: while a new one is handed out, the old
 * one stays.
 *
 * @throws TidemarkError for a file that cannot be read or holds none, and for a token that is too short
 */
export function readTokens(access: Access): BearerTokens | null {
  if (access.kind === 'anyone') return null;
  if (access.kind === 'token') return checked([access.token], undefined);
  const place = { file: access.file };
  let text: string;
  try {
    text = readFileSync(access.file, 'utf8');
  } catch (error) {
    // Its own text is not passed on with more than the reason.
    throw tokenError(`the tokens cannot be read (${(error as NodeJS.ErrnoException).code})`, place);
  }
  const tokens = text.split('\n').map((line) => line.trim());
  return checked(
    tokens.filter((token) => token !== ''),
    place,
  );
}

function checked(tokens: readonly string[], place: Place | undefined): BearerTokens {
  if (tokens.length === 0) throw tokenError('there is no token', place);
  if (tokens.some((token) => token.includes(' '))) throw tokenError('a token holds a space', place);
  if (tokens.some((token) => token.length < SHORTEST_TOKEN)) {
    throw tokenError(`a token is shorter than ${SHORTEST_TOKEN} characters`, place);
  }
  return new BearerTokens(tokens);
}

function tokenError(message: string, place: Place | undefined): TidemarkError {
  return new TidemarkError(message, {
    code: 'TOKEN',
    remedy: 'Write one a line, such as what `openssl rand -hex 32` prints.',
    exitCode: 2,
    ...(place === undefined ? {} : { place }),
  });
}
