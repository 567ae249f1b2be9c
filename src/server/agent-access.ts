import type { MiddlewareHandler } from 'hono';

import { isName } from '../model/tree.ts';
import type { TokenRole } from '../store/rows.ts';
import { findIdentity, forbidden, unauthorized } from './auth.ts';
import type { Env } from './env.ts';
import type { Limiter } from './limiter.ts';
import type { Authenticator } from './options.ts';

/** Where agents ask. Everything else is closed to their tokens, and these are held to limits of their own. */
const AGENT_PATH = /^\/api\/v1\/sites\/([^/]+)\/(?:bundle|nudge|signers)$/;
export const ENROLL_PATH = '/api/v1/enroll';

/** Who may carry a bundle in the place of an agent: on a stick, say. */
const CARRIERS: readonly TokenRole[] = ['operator', 'admin'];

/** Whether a request is one of those that agents make. */
export function isAgentPath(path: string): boolean {
  return path === ENROLL_PATH || AGENT_PATH.test(path);
}

/**
 * Lets the requests of agents pass, or refuses them. The token of a site opens that very site, whatever other sites
 * there are: the answer does not tell.
 * @param options.limiter counts by token; `addresses` those that come without a token, or with a wrong one
 */
export function authorizeAgent(options: {
  auth: Authenticator;
  limiter: Limiter;
  addresses: Limiter;
}): MiddlewareHandler<Env> {
  const { auth, limiter, addresses } = options;
  return async (c, next) => {
    const address = c.env.incoming.socket.remoteAddress ?? '';
    if (c.req.path === ENROLL_PATH) return within(addresses, address, next);
    // Whoever tries tokens out is not heard for a while.
    addresses.assertCredit(address);
    const header = c.req.header('authorization');
    const identity = header === undefined ? undefined : await findIdentity(auth, header);
    if (identity === undefined) {
      addresses.refusedToken(address);
      if (header === undefined) throw unauthorized('send a token: "Authorization: Bearer …"');
      throw unauthorized('the token is unknown or was revoked', 'error="invalid_token"');
    }
    const site = AGENT_PATH.exec(c.req.path)?.[1] ?? '';
    const own = isName(site) && identity.role === `site:${site}`;
    if (!own && !CARRIERS.includes(identity.role)) throw forbidden(identity.role, CARRIERS);
    c.set('identity', identity);
    return within(limiter, identity.id ?? identity.name, next);
  };
}

async function within(limiter: Limiter, account: string, next: () => Promise<void>): Promise<void> {
  const leave = limiter.enter(account);
  try {
    await next();
  } finally {
    leave();
  }
}
