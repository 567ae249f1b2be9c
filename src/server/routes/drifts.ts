import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import type { DriftRow } from '../../store/rows.ts';
import { findSite } from '../find.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { Drift, pageOf, SiteName } from '../wire.ts';

const DriftPage = pageOf('DriftPage', Drift);

const listDrifts = createRoute({
  method: 'get',
  path: '/sites/{name}/drift',
  tags: ['sites'],
  summary: 'Edits found at a site, newest first',
  request: {
    params: z.object({ name: SiteName }),
    query: PageQuery.extend({ status: Drift.shape.status.optional() }),
  },
  responses: answers(DriftPage, 'A page of drifts.'),
});

export function driftRoutes({ store }: ServerOptions) {
  return routes().openapi(listDrifts, async (c) => {
    const { name } = await findSite(store, c.req.valid('param').name);
    const { after, limit, status } = c.req.valid('query');
    await checkAfter(after, (id) => store.drifts.get(id));
    const page = await readPage({
      limit,
      read: (count) =>
        store.drifts.list({
          site: name,
          limit: count,
          ...(after !== undefined && { after }),
          ...(status !== undefined && { status }),
        }),
      key: (row) => row.id,
      item: toDrift,
    });
    return c.json(checked(DriftPage, page), 200);
  });
}

export function toDrift(row: DriftRow): Drift {
  return {
    id: row.id,
    site: row.site,
    kind: row.kind,
    status: row.status,
    paths: row.paths,
    author: row.author,
    message: row.message,
    baseCommit: row.baseCommit,
    observedCommit: row.observedCommit,
    detectedAt: toTime(row.detectedAt),
    decidedAt: toTime(row.decidedAt),
    decidedBy: row.decidedBy,
    proposalId: row.proposalId,
  };
}
