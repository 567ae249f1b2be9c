import { isIPv4 } from 'node:net';

import type { Context, MiddlewareHandler } from 'hono';

import type { Env } from './env.ts';
import { HttpProblem } from './problem.ts';

/** What proxies add to what they pass on. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether a host (name or address, as in a URL or alone) is this machine and reached from it alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * Whether a request comes from a program on this machine that means this server. A browser that was led here
 * under a foreign name (DNS rebinding) does not, and a proxy on this machine speaks for others.
 */
export function isLocalRequest(c: Context<Env>): boolean {
  const { remoteAddress } = c.env.incoming.socket;
  return (
    remoteAddress !== undefined &&
    isLoopback(remoteAddress.replace(/^::ffff:/, '')) &&
    isLoopback(hostOf(c)) &&
    FORWARDED.every((name) => c.req.header(name) === undefined)
  );
}

/** Refuses requests for hosts that are not ours, so that no page of another origin can read a loopback server. */
export function refuseForeignHosts(publicUrl: string | undefined): MiddlewareHandler<Env> {
  const known = publicUrl ? new URL(publicUrl).hostname : undefined;
  return async (c, next) => {
    const host = hostOf(c);
    if (host !== known && !isLoopback(host)) {
      throw new HttpProblem(421, {
        detail: 'this server is not known by that host name: set server.publicUrl if it should be',
      });
    }
    return next();
  };
}

function hostOf(c: Context<Env>): string {
  return new URL(c.req.url).hostname;
}
