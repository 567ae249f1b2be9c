import { STATUS_CODES } from 'node:http';

import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';

import type { Logger } from '../telemetry/logger.ts';
import type { Env } from './env.ts';
import type { Problem } from './wire.ts';

interface Details {
  detail: string;
  errors?: Problem['errors'];
  reason?: string;
  headers?: Record<string, string>;
}

/** Ends a request with a problem document (RFC 9457). */
export class HttpProblem extends HTTPException {
  override name = 'HttpProblem';
  readonly errors: Problem['errors'];
  readonly reason: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: ContentfulStatusCode, { detail, errors, reason, headers = {} }: Details) {
    super(status, { message: detail });
    this.errors = errors;
    this.reason = reason;
    this.headers = headers;
  }
}

/** The answer that says what was wrong with a request. */
export function problemResponse(c: Context<Env>, problem: HttpProblem): Response {
  const { status, message, errors, reason, headers } = problem;
  const document: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    instance: c.req.path,
    requestId: c.var.requestId,
    ...(errors && { errors }),
    ...(reason !== undefined && { reason }),
  };
  return c.body(JSON.stringify(document), status, {
    ...headers,
    'Content-Type': 'application/problem+json',
  });
}

/** Turns whatever was thrown into the answer; what nobody expected is logged and told to nobody. */
export function errorHandler(log: Logger) {
  return (error: unknown, c: Context<Env>): Response => {
    if (error instanceof HttpProblem) return problemResponse(c, error);
    if (error instanceof HTTPException) {
      const detail = error.message || 'the request cannot be read';
      return problemResponse(c, new HttpProblem(error.status, { detail }));
    }
    log.error({ err: error, requestId: c.var.requestId }, 'a request failed');
    const detail = `an error of the server: its log tells more (request ${c.var.requestId})`;
    return problemResponse(c, new HttpProblem(500, { detail }));
  };
}

const PARTS: Record<string, string> = { param: 'path', json: 'body' };

/** Refuses a request whose parts are not what the route's schemas ask for, naming each field. */
export function refuseInvalid(
  result: { target: string } & ({ success: true } | { success: false; error: z.ZodError }),
): void {
  if (result.success) return;
  const part = PARTS[result.target] ?? result.target;
  const errors = result.error.issues.flatMap((issue) => {
    // An unknown key is a fault of that key, not of the object around it.
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    return keys.map((key) => ({
      field: [part, ...issue.path, ...(key === undefined ? [] : [key])].join('.'),
      message: key === undefined ? issue.message : 'is not known here',
    }));
  });
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new HttpProblem(400, { detail, errors });
}
