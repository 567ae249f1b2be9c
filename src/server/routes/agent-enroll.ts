import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import { EnrollAnswer, EnrollRequest } from '../../model/agent-wire.ts';
import { EnrollRefused } from '../agent-options.ts';
import { decide } from '../decide.ts';
import { findSite } from '../find.ts';
import type { Limiter } from '../limiter.ts';
import type { ServerOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { Enrollment, EnrollmentRequest } from '../wire-agents.ts';
import { SiteAgent } from '../wire-site-agent.ts';
import { SiteName } from '../wire.ts';

const params = z.object({ name: SiteName });

const enroll = createRoute({
  method: 'post',
  path: '/enroll',
  tags: ['agents'],
  summary: 'Turn a one-time code into the token of a site, and let in the key made there',
  description: 'The code takes the place of a token.',
  security: [{}],
  request: {
    body: { required: true, content: { 'application/json': { schema: EnrollRequest } } },
  },
  responses: answers(EnrollAnswer, 'The site, and its token.'),
});

const invite = createRoute({
  method: 'post',
  path: '/sites/{name}/enrollment',
  tags: ['agents'],
  summary: 'Make the one-time code with which an agent enrols for a site',
  security: [{ bearer: [] }],
  request: {
    params,
    body: { required: false, content: { 'application/json': { schema: EnrollmentRequest } } },
  },
  responses: answers(Enrollment, 'The code; an earlier one is worth nothing any more.'),
});

const revoke = createRoute({
  method: 'post',
  path: '/sites/{name}/revoke',
  tags: ['agents'],
  summary: "End a site's token, key and code: nothing of its agent is believed any more",
  security: [{ bearer: [] }],
  request: { params },
  responses: answers(SiteAgent, 'The agent, let out.'),
});

/** For agents: without a token, by a code. */
export function enrollRoutes({ agents }: ServerOptions, addresses: Limiter) {
  return routes().openapi(enroll, async (c) => {
    try {
      return c.json(checked(EnrollAnswer, await agents.enroll(c.req.valid('json'))), 200);
    } catch (error) {
      if (!(error instanceof EnrollRefused)) throw error;
      // Codes are not to be guessed.
      addresses.refusedToken(c.env.incoming.socket.remoteAddress ?? '');
      throw new HttpProblem(403, { detail: error.message });
    }
  });
}

/** For people. */
export function enrollmentRoutes({ agents, store }: ServerOptions) {
  return routes()
    .openapi(invite, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      const { publicKey } = c.req.valid('json');
      const made = await decide(c, (by) => agents.invite(name, { by, publicKey }));
      const answer = { ...made, site: name, expiresAt: toTime(made.expiresAt) };
      return c.json(checked(Enrollment, answer), 200);
    })
    .openapi(revoke, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      await decide(c, (by) => agents.revoke(name, by));
      const row = await findSite(store, name);
      return c.json(checked(SiteAgent, (await agents.views([row])).get(name)!), 200);
    });
}
