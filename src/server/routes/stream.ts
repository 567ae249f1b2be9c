import { createRoute } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';

import type { ServerOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { answers, routes } from '../route.ts';

/** Often enough that no proxy takes a quiet stream for a dead one (ms). */
const HEARTBEAT = 15_000;
const MAX_STREAMS = 256;

const getStream = createRoute({
  method: 'get',
  path: '/stream',
  tags: ['status'],
  summary: 'Tells when something has changed, as server-sent events',
  description:
    'An event `change` says that there may be something new, and nothing more. Its id names the state: a client that ' +
    'sends it as `Last-Event-ID` is told at once if it has missed anything.',
  responses: {
    ...answers(z.string(), ''),
    200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.string() } } },
  },
});

export function streamRoutes({ changes }: ServerOptions) {
  return routes().openapi(getStream, (c) => {
    // Nobody would ever read, or end, the body of an answer to HEAD.
    if (c.req.method === 'HEAD') {
      return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    }
    if (changes.closed || changes.listeners >= MAX_STREAMS) {
      const detail = 'too many listen to changes already: ask again later';
      throw new HttpProblem(503, { detail, headers: { 'Retry-After': '5' } });
    }
    changes.listeners += 1;
    return streamSSE(c, async (stream) => {
      try {
        await stream.writeSSE({ event: 'ready', data: '' });
        let seen = c.req.header('last-event-id');
        while (!stream.aborted && !changes.closed) {
          const now = await changes.after(seen, HEARTBEAT);
          if (changes.closed) return;
          if (now === seen) await stream.write(': nothing new\n\n');
          else await stream.writeSSE({ event: 'change', id: now, data: '' });
          seen = now;
        }
      } finally {
        changes.listeners -= 1;
      }
    });
  });
}
