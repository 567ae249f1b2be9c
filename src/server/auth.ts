import { createHash, timingSafeEqual } from 'node:crypto';

import type { MiddlewareHandler } from 'hono';

import type { Secret } from '../config/secret.ts';
import type { TokenRole } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Env } from './env.ts';
import type { Limiter } from './limiter.ts';
import { isLocalRequest } from './local.ts';
import type { Authenticator, Identity } from './options.ts';
import { HttpProblem } from './problem.ts';

/** Longer ones are none of ours. */
const MAX_TOKEN = 512;
const READERS: readonly TokenRole[] = ['viewer', 'operator', 'admin'];
const DECIDERS: readonly TokenRole[] = ['operator', 'admin'];

/**
 * Knows the one token of the configuration, whose bearer may do everything (whoever can read the data directory could
 * as well), and those that the store keeps.
 * @param options.token asked for at each request, so that it can be rotated
 */
export function createAuthenticator(options: {
  token: () => Secret | undefined;
  tokens: Pick<Store['tokens'], 'verify'>;
}): Authenticator {
  return {
    async verify(token) {
      const configured = options.token();
      if (configured !== undefined && sameText(configured.reveal(), token)) {
        return { name: 'operator', role: 'admin' };
      }
      const row = await options.tokens.verify(token);
      return row && { id: row.id, name: row.name, role: row.role };
    },
  };
}

/** Compares without telling by its time where, or in what length, two texts differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash(a), hash(b));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Lets a request of the API pass, or refuses it with 401 or 403. Decisions need the token of an operator or
 * admin. Reads need any token of a person, but for requests from this machine to a server on loopback: whoever
 * sends those could read the data folder as well. A wrong token is refused even where none is needed.
 */
export function authorize(options: {
  auth: Authenticator;
  loopback: boolean;
  /** Told of each refused token. */
  onRefused: (address: string) => void;
}): MiddlewareHandler<Env> {
  return async (c, next) => {
    const header = c.req.header('authorization');
    const identity = header === undefined ? undefined : await findIdentity(options.auth, header);
    if (header !== undefined && identity === undefined) {
      options.onRefused(c.env.incoming.socket.remoteAddress ?? '');
      throw unauthorized('the token is unknown or was revoked', 'error="invalid_token"');
    }
    c.set('identity', identity);

    const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!identity) {
      if (reads && options.loopback && isLocalRequest(c)) return next();
      throw unauthorized('send a token: "Authorization: Bearer …"');
    }
    const allowed = reads ? READERS : DECIDERS;
    if (!allowed.includes(identity.role)) throw forbidden(identity.role, allowed);
    return next();
  };
}

/**
 * The same for metrics, which tell of all sites: everybody may read them, or whoever sends the token of a reader; but
 * a token that may not is refused in either case, a wrong one as well.
 * @param options.limiter counts refused tokens; whoever tries them out is not heard for a while
 */
export function authorizeMetrics(options: {
  auth: Authenticator;
  access: 'open' | 'token';
  limiter: Pick<Limiter, 'assertCredit' | 'refusedToken'>;
}): MiddlewareHandler<Env> {
  const { auth, access, limiter } = options;
  return async (c, next) => {
    const header = c.req.header('authorization');
    if (header === undefined) {
      if (access === 'open') return next();
      throw unauthorized('send a token: "Authorization: Bearer …"');
    }
    const address = c.env.incoming.socket.remoteAddress ?? '';
    limiter.assertCredit(address);
    const identity = await findIdentity(auth, header);
    if (!identity) {
      limiter.refusedToken(address);
      throw unauthorized('the token is unknown or was revoked', 'error="invalid_token"');
    }
    if (!READERS.includes(identity.role)) throw forbidden(identity.role, READERS);
    c.set('identity', identity);
    return next();
  };
}

/** Refuses whoever has a good token that is not good for this. */
export function forbidden(role: TokenRole, allowed: readonly TokenRole[]): HttpProblem {
  return new HttpProblem(403, {
    detail: `a token of the role ${role} may not do this: it takes ${allowed.join(', ')}`,
    headers: { 'WWW-Authenticate': 'Bearer realm="trueup", error="insufficient_scope"' },
  });
}

/** Whose token an `Authorization` header holds, if it is one of ours. */
export async function findIdentity(
  auth: Authenticator,
  header: string,
): Promise<Identity | undefined> {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN) return undefined;
  return auth.verify(token);
}

/** Refuses whoever has no good token. */
export function unauthorized(detail: string, reason?: string): HttpProblem {
  const challenge = ['Bearer realm="trueup"', ...(reason === undefined ? [] : [reason])].join(', ');
  return new HttpProblem(401, { detail, headers: { 'WWW-Authenticate': challenge } });
}
