import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import type { RunRow } from '../../store/rows.ts';
import { findSite } from '../find.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { Key, type Page, pageOf, Run, RunDetail, SiteName } from '../wire.ts';

const RunPage = pageOf('RunPage', Run);

const listRuns = createRoute({
  method: 'get',
  path: '/runs',
  tags: ['runs'],
  summary: 'Applies and checks, newest first',
  request: { query: PageQuery.extend({ site: SiteName.optional() }) },
  responses: answers(RunPage, 'A page of runs.'),
});

const listSiteRuns = createRoute({
  method: 'get',
  path: '/sites/{name}/runs',
  tags: ['runs', 'sites'],
  summary: 'Applies and checks of a site, newest first',
  request: { params: z.object({ name: SiteName }), query: PageQuery },
  responses: answers(RunPage, 'A page of runs.'),
});

const getRun = createRoute({
  method: 'get',
  path: '/runs/{id}',
  tags: ['runs'],
  summary: 'A run with its report',
  request: { params: z.object({ id: Key }) },
  responses: answers(RunDetail, 'The run.'),
});

export function runRoutes({ store }: ServerOptions) {
  const list = async (query: {
    site: string | undefined;
    after: string | undefined;
    limit: number;
  }): Promise<Page<Run>> => {
    const { site, after, limit } = query;
    await checkAfter(after, (id) => store.runs.get(id));
    return readPage({
      limit,
      read: (count) =>
        store.runs.list({
          limit: count,
          ...(site !== undefined && { site }),
          ...(after !== undefined && { after }),
        }),
      key: (row) => row.id,
      item: toRun,
    });
  };

  return routes()
    .openapi(listRuns, async (c) => {
      const { site, after, limit } = c.req.valid('query');
      return c.json(checked(RunPage, await list({ site, after, limit })), 200);
    })
    .openapi(listSiteRuns, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      const { after, limit } = c.req.valid('query');
      return c.json(checked(RunPage, await list({ site: name, after, limit })), 200);
    })
    .openapi(getRun, async (c) => {
      const { id } = c.req.valid('param');
      const row = await store.runs.get(id);
      if (row === undefined) throw new HttpProblem(404, { detail: `there is no run "${id}"` });
      const { hosts = null, tasks = null, outputs = {}, outputFaults = [] } = row.report ?? {};
      const gathered = { outputs: Object.keys(outputs).toSorted(), outputFaults };
      return c.json(checked(RunDetail, { ...toRun(row), hosts, tasks, ...gathered }), 200);
    });
}

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    site: row.site,
    kind: row.kind,
    driver: row.driver,
    cause: row.cause,
    commit: row.commit,
    digest: row.digest,
    revision: row.revision,
    startedAt: toTime(row.startedAt),
    endedAt: toTime(row.endedAt),
    result: row.result,
    reason: row.reason,
  };
}
