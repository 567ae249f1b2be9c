import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import { CentreState, NudgeQuery, SignersAnswer } from '../../model/agent-wire.ts';
import type { ServerOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes } from '../route.ts';
import { SiteName } from '../wire.ts';

const params = z.object({ name: SiteName });

const getNudge = createRoute({
  method: 'get',
  path: '/sites/{name}/nudge',
  tags: ['agents'],
  summary: 'What the centre has of a site, as soon as something else is desired there',
  description:
    'Answered at once where another commit than `desired` is wanted, else when one is, or after `wait` seconds.',
  security: [{ bearer: [] }],
  request: { params, query: NudgeQuery },
  responses: answers(CentreState, 'What the centre has.'),
});

const getSigners = createRoute({
  method: 'get',
  path: '/sites/{name}/signers',
  tags: ['agents'],
  summary: 'The keys that sign what is desired, signed by each of them',
  security: [{ bearer: [] }],
  request: { params },
  responses: answers(SignersAnswer, 'The keys.'),
});

export function agentNudgeRoutes({ agents }: ServerOptions) {
  return routes()
    .openapi(getNudge, async (c) => {
      const { name } = c.req.valid('param');
      const { desired, wait, now, owed } = c.req.valid('query');
      const gone = new AbortController();
      const leave = (): void => gone.abort();
      // Before the look: what changes after it wakes us.
      const changed =
        wait > 0 && c.req.method !== 'HEAD'
          ? agents.changed(name, { desired, patience: wait * 1000, signal: gone.signal })
          : undefined;
      c.env.outgoing.once('close', leave);
      try {
        let state = await agents.state(name, c.var.identity?.id);
        if (state === undefined) throw unknown(name);
        agents.contact(name, { now, owed });
        if (changed && (state.desired ?? undefined) === desired) {
          if (!(await changed)) {
            throw new HttpProblem(503, {
              detail: 'too many wait already: ask again later',
              headers: { 'Retry-After': '30' },
            });
          }
          state = (await agents.state(name)) ?? state;
        }
        return c.json(checked(CentreState, state), 200);
      } finally {
        c.env.outgoing.off('close', leave);
        gone.abort();
      }
    })
    .openapi(getSigners, async (c) => {
      if ((await agents.state(c.req.valid('param').name)) === undefined)
        throw unknown(c.req.valid('param').name);
      return c.json(checked(SignersAnswer, await agents.signers()), 200);
    });
}

function unknown(name: string): HttpProblem {
  return new HttpProblem(404, {
    detail: `no agent delivers to "${name}": the plan has no such site, or says delivery: push`,
  });
}
