import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import { messageOf } from '../../model/errors.ts';
import type { ServerOptions } from '../options.ts';
import { checked, routes } from '../route.ts';
import { Health, Problem, Readiness } from '../wire.ts';

/** Milliseconds; who asks gives up soon after. */
const READY_TIMEOUT = 4000;

const getHealth = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['operation'],
  summary: 'Whether the process is well',
  responses: {
    200: { description: 'It is.', content: { 'application/json': { schema: Health } } },
    503: { description: 'Start it anew.', content: { 'application/json': { schema: Health } } },
  },
});

const getReadiness = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['operation'],
  summary: 'Whether the controller can do its work',
  responses: {
    200: { description: 'It can.', content: { 'application/json': { schema: Readiness } } },
    503: { description: 'It cannot.', content: { 'application/json': { schema: Readiness } } },
  },
});

const getMetrics = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['operation'],
  summary: 'Metrics for Prometheus',
  responses: {
    200: {
      description: 'The exposition format.',
      content: { 'text/plain': { schema: z.string() } },
    },
    default: {
      description: 'Who asks may not read them.',
      content: { 'application/problem+json': { schema: Problem } },
    },
  },
});

/** What those ask who run and watch the process: without limits, and with a token for metrics alone, if at all. */
export function healthRoutes({ health, ready, metrics, log }: ServerOptions) {
  return routes()
    .openapi(getHealth, (c) => {
      const answer = checked(Health, health());
      return answer.ok ? c.json(answer, 200) : c.json(answer, 503);
    })
    .openapi(getReadiness, async (c) => {
      const answer = checked(
        Readiness,
        await inTime(ready()).catch((error: unknown) => {
          log.warn({ error: messageOf(error) }, 'the readiness checks failed');
          const message = `cannot be told: ${messageOf(error)}`;
          return { ready: false, checks: { readiness: { ok: false, message } } };
        }),
      );
      return answer.ready ? c.json(answer, 200) : c.json(answer, 503);
    })
    .openapi(getMetrics, async (c) =>
      c.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
    );
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${READY_TIMEOUT} ms`)),
    READY_TIMEOUT,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
