import { refusal } from './answers.ts';

/** Something that goes wrong with one request. */
export interface Fault {
  /** Answers in the place of the service, which does nothing. */
  instead?: () => Response;
  /** What happens to an answer: all of it, none or half of it arrives, or it waits until the client hangs up. */
  delivery?: 'lost' | 'cut' | 'held';
}

export interface FaultPlan {
  /** Requests that it happens to, as `POST /repos/{owner}/{repo}/pulls` with names filled in; any by default. */
  on?: RegExp;
  /** How many of them; 1 by default. */
  times?: number;
}

/** The request is carried out, but the connection breaks before the answer. */
export const lostAnswer: Fault = { delivery: 'lost' };

/** The request is carried out, but the connection breaks in the middle of the answer. */
export const cutAnswer: Fault = { delivery: 'cut' };

/** The request is carried out, but its answer does not come. */
export const heldAnswer: Fault = { delivery: 'held' };

/** A gateway before the service that cannot reach it. */
export function badGateway(
  status: 502 | 503 | 504 = 502,
  headers: Record<string, string> = {},
): Fault {
  const body = '<html><body><h1>Bad gateway</h1></body></html>';
  return {
    instead: () =>
      new Response(body, { status, headers: { 'content-type': 'text/html', ...headers } }),
  };
}

export function refused(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Fault {
  return {
    instead: () => {
      const answer = refusal(status, message);
      return new Response(answer.body, {
        status,
        headers: { ...Object.fromEntries(answer.headers), ...headers },
      });
    },
  };
}

/** Too many requests at once, or too many that write. */
export function secondaryLimit(status: 403 | 429, retryAfterSeconds: number): Fault {
  return refused(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    { 'retry-after': String(retryAfterSeconds) },
  );
}

/** The hour's requests are used up. */
export function primaryLimit(resetInSeconds: number): Fault {
  return refused(403, 'API rate limit exceeded for user ID 1.', {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + resetInSeconds),
  });
}

/** Faults that are yet to happen. */
export class Faults {
  readonly #waiting: { fault: Fault; on: RegExp; left: number }[] = [];

  add(fault: Fault, { on = /^/, times = 1 }: FaultPlan = {}): void {
    this.#waiting.push({ fault, on, left: times });
  }

  /** The fault that happens to this request, if one does. */
  take(request: string): Fault | undefined {
    const found = this.#waiting.find(({ on, left }) => left > 0 && on.test(request));
    if (found) found.left -= 1;
    return found?.fault;
  }
}
