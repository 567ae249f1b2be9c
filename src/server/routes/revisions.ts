import { createRoute, z } from '@hono/zod-openapi';

import type { RevisionRow } from '../../store/rows.ts';
import { decide } from '../decide.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { pageOf, PlanStatus, Revision } from '../wire.ts';
import { toPlanStatus } from './status.ts';

const RevisionPage = pageOf('RevisionPage', Revision);

const listRevisions = createRoute({
  method: 'get',
  path: '/revisions',
  tags: ['plan'],
  summary: 'Revisions of the plan that the controller has seen, newest first',
  request: { query: PageQuery },
  responses: answers(RevisionPage, 'A page of revisions.'),
});

const confirmRevision = createRoute({
  method: 'post',
  path: '/revisions/{revision}/confirm',
  tags: ['plan'],
  summary: 'Let a revision come into force that is held for what it removes',
  security: [{ bearer: [] }],
  request: {
    params: z.object({
      revision: z
        .string()
        .regex(/^[0-9a-f]{7,64}$/, 'is no commit id')
        .meta({ description: 'Its commit id, or the first seven characters of it at least.' }),
    }),
  },
  responses: answers(PlanStatus, 'The plan: the revision comes into force soon.'),
});

export function revisionRoutes({ store, decisions }: ServerOptions) {
  const app = routes().openapi(confirmRevision, async (c) => {
    const { revision } = c.req.valid('param');
    await decide(c, (by) => decisions.confirm(revision, by));
    return c.json(checked(PlanStatus, toPlanStatus(await store.plan.get())), 200);
  });
  return app.openapi(listRevisions, async (c) => {
    const { after, limit } = c.req.valid('query');
    await checkAfter(after, (revision) => store.revisions.get(revision));
    const page = await readPage({
      limit,
      read: (count) => store.revisions.list(count, after),
      key: (row) => row.revision,
      item: toRevision,
    });
    return c.json(checked(RevisionPage, page), 200);
  });
}

function toRevision(row: RevisionRow): Revision {
  return {
    ...row,
    committedAt: toTime(row.committedAt),
    seenAt: toTime(row.seenAt),
    completedAt: toTime(row.completedAt),
  };
}
