import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';

import type { Logger } from '../telemetry/logger.ts';
import { authorizeAgent, ENROLL_PATH, isAgentPath } from './agent-access.ts';
import { authorize, authorizeMetrics } from './auth.ts';
import { limitBody } from './body-limit.ts';
import type { Env } from './env.ts';
import { limit, Limiter } from './limiter.ts';
import { isLoopback, refuseForeignHosts } from './local.ts';
import type { AgentLimits, Limits, ServerOptions } from './options.ts';
import { errorHandler, HttpProblem, problemResponse } from './problem.ts';
import { agentBundleRoutes } from './routes/agent-bundle.ts';
import { enrollmentRoutes, enrollRoutes } from './routes/agent-enroll.ts';
import { agentNudgeRoutes } from './routes/agent-nudge.ts';
import { driftRoutes } from './routes/drifts.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { inspectRoutes } from './routes/inspect.ts';
import { previewRoutes } from './routes/previews.ts';
import { proposalRoutes } from './routes/proposals.ts';
import { revisionRoutes } from './routes/revisions.ts';
import { runRoutes } from './routes/runs.ts';
import { siteRoutes } from './routes/sites.ts';
import { statusRoutes } from './routes/status.ts';
import { streamRoutes } from './routes/stream.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { isUiPath, UI_POLICY, uiRoutes } from './ui.ts';
import { webhookRoutes } from './webhooks/webhooks.ts';

const LIMITS: Limits = {
  perSecond: 100,
  burst: 400,
  concurrent: 32,
  concurrentTotal: 256,
  body: 2 ** 20,
  timeout: 30_000,
};

const AGENT_LIMITS: AgentLimits = {
  perSecond: 10,
  burst: 60,
  concurrent: 4,
  concurrentTotal: 20_000,
  bundle: 64 * 2 ** 20,
  incoming: 2 ** 30,
  idle: 60_000,
};

/** Of others, such as TRACE, no request object can be made. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const HEADERS = { xFrameOptions: 'DENY', strictTransportSecurity: false } as const;
/** What is no page: a browser gets to run, frame or guess nothing of it. */
const dataHeaders = secureHeaders({
  ...HEADERS,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});
const pageHeaders = secureHeaders({ ...HEADERS, contentSecurityPolicy: UI_POLICY });

/** The HTTP application, without a socket. */
export function createApp(options: ServerOptions): OpenAPIHono<Env> {
  const { log, host, publicUrl, version, auth } = options;
  const limits = { ...LIMITS, ...options.limits };
  const limiter = new Limiter(limits);
  const agentLimits = { ...AGENT_LIMITS, ...options.agentLimits };
  const agentLimiter = new Limiter({ ...limits, ...agentLimits });
  const loopback = isLoopback(host);

  const app = new OpenAPIHono<Env>();
  app.onError(errorHandler(log));
  app.notFound((c) => problemResponse(c, notFound(app, c.req.method, c.req.path)));
  const knownMethods: MiddlewareHandler<Env> = (c, next) => {
    if (METHODS.has(c.req.method)) return next();
    throw notFound(app, c.req.method, c.req.path);
  };
  app.use(requestId(), logRequest(log), (c, next) =>
    (options.ui && isUiPath(c.req.path) ? pageHeaders : dataHeaders)(c, next),
  );
  app.use(knownMethods);
  if (loopback) app.use(refuseForeignHosts(publicUrl));

  const { access = 'open' } = options.metrics;
  app.use('/metrics', authorizeMetrics({ auth, access, limiter }));
  app.route('/', healthRoutes(options));
  app.route('/', webhookRoutes(options, limits));
  if (options.ui) app.route('/', uiRoutes(options.ui));
  const forPeople = every(
    cacheControl('no-store'),
    limit(limiter),
    timeout(limits.timeout, () => new HttpProblem(504, { detail: 'the answer took too long' })),
    limitBody(limits.body),
    authorize({ auth, loopback, onRefused: (address) => limiter.refusedToken(address) }),
  );
  const forAgents = every(
    // A pack is compressed in itself: a proxy that tried again would only break resumed transfers.
    cacheControl('no-store, no-transform'),
    authorizeAgent({ auth, limiter: agentLimiter, addresses: limiter }),
    (c, next) => (c.req.path === ENROLL_PATH ? limitBody(limits.body)(c, next) : next()),
  );
  app.use('/api/*', (c, next) => (isAgentPath(c.req.path) ? forAgents : forPeople)(c, next));
  app.route('/api/v1', enrollRoutes(options, limiter));
  app.route('/api/v1', agentBundleRoutes(options, agentLimits));
  const groups = [
    statusRoutes,
    siteRoutes,
    agentNudgeRoutes,
    enrollmentRoutes,
    tokenRoutes,
    inspectRoutes,
    driftRoutes,
    runRoutes,
    revisionRoutes,
    proposalRoutes,
    previewRoutes,
    eventRoutes,
    streamRoutes,
  ];
  for (const group of groups) app.route('/api/v1', group(options));

  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description:
      'Decisions need the token of an operator or admin; reads need one of a viewer; an agent has one of its site.',
  });
  app.doc31('/api/v1/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'trueup',
      version,
      description: 'What the controller knows, and the decisions that it takes.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }],
  });
  return app;
}

/** Answers are for whoever asked, and not to be kept. */
function cacheControl(text: string): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    c.header('Cache-Control', text);
  };
}

/** One line a request; the path alone, since a query may carry what somebody searched for. */
function logRequest(log: Logger): MiddlewareHandler<Env> {
  return async (c, next) => {
    const start = performance.now();
    await next();
    const line = {
      requestId: c.var.requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - start),
      by: c.var.identity?.name,
    };
    if (c.req.method === 'GET' || c.req.method === 'HEAD') log.debug(line, 'request');
    else log.info(line, 'request');
  };
}

/** 405 where the path is known under other methods, else 404. */
function notFound(app: OpenAPIHono<Env>, method: string, path: string): HttpProblem {
  const allowed = new Set<string>();
  for (const route of app.routes) {
    if (route.method === 'ALL') continue;
    const pattern = route.path.replace(/:\w+/g, '[^/]+').replaceAll('.', '\\.');
    if (new RegExp(`^${pattern}$`).test(path)) allowed.add(route.method);
  }
  if (allowed.has('GET')) allowed.add('HEAD');
  if (allowed.size === 0) return new HttpProblem(404, { detail: 'there is nothing here' });
  const list = [...allowed].join(', ');
  return new HttpProblem(405, {
    detail: `${method} is not possible here, but ${list}`,
    headers: { Allow: list },
  });
}
