import { createRoute } from '@hono/zod-openapi';

import type { RevisionRow } from '../../store/rows.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { pageOf, Revision } from '../wire.ts';

const RevisionPage = pageOf('RevisionPage', Revision);

const listRevisions = createRoute({
  method: 'get',
  path: '/revisions',
  tags: ['plan'],
  summary: 'Revisions of the plan that the controller has seen, newest first',
  request: { query: PageQuery },
  responses: answers(RevisionPage, 'A page of revisions.'),
});

export function revisionRoutes({ store }: ServerOptions) {
  return routes().openapi(listRevisions, async (c) => {
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
