import type { MiddlewareHandler } from 'hono';

import type { Env } from './env.ts';
import { HttpProblem } from './problem.ts';

/**
 * Refuses a body of more bytes than the limit, before it is all read. Hono's own `bodyLimit` makes a new request of
 * one that comes in chunks, which fails with Node's requests unless the global Request is replaced.
 */
export function limitBody(limit: number): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { raw } = c.req;
    if (c.req.header('transfer-encoding') === undefined) {
      if (Number(c.req.header('content-length') ?? 0) > limit) throw tooLarge(limit);
    } else if (raw.body !== null) {
      const body = await readBounded(raw.body, limit);
      c.req.raw = new Request(c.req.url, { method: c.req.method, headers: raw.headers, body });
    }
    return next();
  };
}

async function readBounded(body: ReadableStream<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(value);
  }
}

function tooLarge(limit: number): HttpProblem {
  return new HttpProblem(413, { detail: `the body is larger than ${limit} bytes` });
}
