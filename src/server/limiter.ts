import type { MiddlewareHandler } from 'hono';

import type { Env } from './env.ts';
import type { Limits } from './options.ts';
import { HttpProblem } from './problem.ts';

interface Account {
  /** Requests that it may still make, as of `at` (ms). */
  credit: number;
  at: number;
  underWay: number;
}

/** How often (ms) addresses that have all their credit again are forgotten. */
const SWEEP_INTERVAL = 10_000;
/** A refused token costs as much as this many requests. */
const REFUSED_COST = 20;

/** Bounds how much each address asks for, by a bucket of credit that fills with time, and how much at once. */
export class Limiter {
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();
  #underWay = 0;
  #sweptAt: number;

  /** @param now milliseconds; only differences count */
  constructor(limits: Limits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#sweptAt = now();
  }

  /**
   * Takes a request in; the returned function says that it is answered.
   * @throws HttpProblem 429 for an address that asks too much, 503 where all together do
   */
  enter(address: string): () => void {
    const { perSecond, concurrent, concurrentTotal } = this.#limits;
    const account = this.#account(address);
    if (account.credit < 1) {
      const wait = Math.ceil((1 - account.credit) / perSecond);
      throw refusal(429, 'too many requests from your address', wait);
    }
    if (account.underWay >= concurrent) {
      throw refusal(429, 'too many requests of your address are under way', 1);
    }
    if (this.#underWay >= concurrentTotal) throw refusal(503, 'the server is busy', 1);
    account.credit -= 1;
    account.underWay += 1;
    this.#underWay += 1;
    return () => {
      account.underWay -= 1;
      this.#underWay -= 1;
    };
  }

  /** Throws HttpProblem 429 for an address without credit; it costs none. */
  assertCredit(address: string): void {
    const { credit } = this.#account(address);
    if (credit < 1) {
      const wait = Math.ceil((1 - credit) / this.#limits.perSecond);
      throw refusal(429, 'too many requests from your address', wait);
    }
  }

  /** Notes that an address sent a token that is none. */
  refusedToken(address: string): void {
    this.#account(address).credit -= REFUSED_COST;
  }

  #account(address: string): Account {
    const { burst, perSecond } = this.#limits;
    const key = network(address);
    const now = this.#now();
    let account = this.#accounts.get(key);
    if (account === undefined) {
      if (now - this.#sweptAt > SWEEP_INTERVAL) this.#sweep(now);
      account = { credit: burst, at: now, underWay: 0 };
      this.#accounts.set(key, account);
    }
    account.credit = Math.min(burst, account.credit + ((now - account.at) / 1000) * perSecond);
    account.at = now;
    return account;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    const { burst, perSecond } = this.#limits;
    for (const [key, { credit, at, underWay }] of this.#accounts) {
      const full = credit + ((now - at) / 1000) * perSecond >= burst;
      if (full && underWay === 0) this.#accounts.delete(key);
    }
  }
}

/** Holds every request to the limits. */
export function limit(limiter: Limiter): MiddlewareHandler<Env> {
  return async (c, next) => {
    const leave = limiter.enter(c.env.incoming.socket.remoteAddress ?? '');
    try {
      await next();
    } finally {
      leave();
    }
  };
}

/** One customer has a whole /64 of IPv6 addresses. */
function network(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  // What `::` leaves out are zeros, and only the first four groups count.
  const [head = ''] = address.split('::');
  const groups = [...head.split(':'), '0', '0', '0', '0'].slice(0, 4);
  return groups.map((group) => group || '0').join(':');
}

function refusal(status: 429 | 503, detail: string, seconds: number): HttpProblem {
  return new HttpProblem(status, { detail, headers: { 'Retry-After': String(seconds) } });
}
