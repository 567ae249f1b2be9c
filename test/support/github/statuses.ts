import { Hono } from 'hono';

import { invalid, notFound, page, refusal } from './answers.ts';
import { statusShape } from './shapes.ts';
import { now, type GitHubState, type Status } from './state.ts';

interface StatusBody {
  state: string;
  context?: string;
  description?: string | null;
  target_url?: string | null;
}

/** Commit statuses; each one that is posted is kept, the newest of a context counts. */
export function statusRoutes(state: GitHubState): Hono {
  return new Hono()
    .get('/commits/:ref/statuses', (c) => {
      const commit = state.repository.commitOf(c.req.param('ref'));
      if (commit === undefined) return notFound();
      const statuses = state.statuses.filter((status) => status.commit === commit).toReversed();
      return page(
        c.req.url,
        statuses.map((status) => statusShape(state, status)),
      );
    })
    .post('/statuses/:sha', async (c) => {
      const sha = c.req.param('sha');
      const body: StatusBody = await c.req.json();
      if (state.repository.commitOf(sha) === undefined) {
        return refusal(422, `No commit found for SHA: ${sha}`);
      }
      const limits = { context: 255, description: 140 };
      for (const [field, limit] of Object.entries(limits)) {
        const length = body[field === 'context' ? 'context' : 'description']?.length ?? 0;
        if (length <= limit) continue;
        const message = `${field} is too long (maximum is ${limit} characters)`;
        return invalid({ resource: 'Status', field, code: 'custom', message });
      }
      state.lastId += 1;
      const status: Status = {
        id: state.lastId,
        commit: sha,
        state: body.state,
        context: body.context ?? 'default',
        description: body.description ?? null,
        targetUrl: body.target_url ?? null,
        createdAt: now(),
      };
      state.statuses.push(status);
      return Response.json(statusShape(state, status), { status: 201 });
    });
}
