import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import type { SiteRow } from '../../store/rows.ts';
import { decide } from '../decide.ts';
import { findSite } from '../find.ts';
import type { ServerOptions } from '../options.ts';
import { PageQuery, readPage } from '../paging.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import type { SiteAgent } from '../wire-site-agent.ts';
import { pageOf, Site, SiteDetail, SiteName, SiteState } from '../wire.ts';
import { toDrift } from './drifts.ts';

const SitePage = pageOf('SitePage', Site);
const params = z.object({ name: SiteName });

const listSites = createRoute({
  method: 'get',
  path: '/sites',
  tags: ['sites'],
  summary: 'Sites in order of their names',
  request: {
    query: PageQuery.extend({
      state: SiteState.optional(),
      search: z
        .string()
        .max(200)
        .optional()
        .meta({ description: 'Text that the name or a label contains.' }),
      updatedSince: z.iso.datetime().optional().meta({
        description: 'Only what was changed since; sites that were removed are told, too.',
      }),
    }),
  },
  responses: answers(SitePage, 'A page of sites.'),
});

const getSite = createRoute({
  method: 'get',
  path: '/sites/{name}',
  tags: ['sites'],
  summary: 'A site, with the edits that wait for a decision',
  request: { params },
  responses: answers(SiteDetail, 'The site.'),
});

const getDiff = createRoute({
  method: 'get',
  path: '/sites/{name}/diff',
  tags: ['sites'],
  summary: 'What was found at a site against what the plan asks for, as a unified diff',
  request: { params },
  responses: {
    ...answers(z.string(), ''),
    200: {
      description: 'The diff; empty if there is no difference.',
      content: { 'text/x-diff': { schema: z.string() } },
    },
  },
});

const retrySite = createRoute({
  method: 'post',
  path: '/sites/{name}/retry',
  tags: ['sites'],
  summary: 'Apply a site again now',
  security: [{ bearer: [] }],
  request: { params },
  responses: answers(Site, 'The site, of which an apply is owed now.'),
});

export function siteRoutes({ store, siteDiff, decisions, inspect, agents }: ServerOptions) {
  const find = (name: string): Promise<SiteRow> => findSite(store, name);
  const withAgents = async (rows: SiteRow[]): Promise<Site[]> => {
    const views = await agents.views(rows);
    return rows.map((row) => toSite(row, views.get(row.name)));
  };
  const withAgent = async (row: SiteRow): Promise<Site> => (await withAgents([row]))[0]!;
  return routes()
    .openapi(listSites, async (c) => {
      const { after, limit, state, search, updatedSince } = c.req.valid('query');
      const page = await readPage({
        limit,
        read: (count) =>
          store.sites.list({
            limit: count,
            ...(after !== undefined && { after }),
            ...(state !== undefined && { state }),
            ...(search !== undefined && { search }),
            ...(updatedSince !== undefined && { updatedSince: Date.parse(updatedSince) }),
          }),
        key: (row) => row.name,
        item: (row) => row,
      });
      const answer = { ...page, items: await withAgents(page.items) };
      return c.json(checked(SitePage, answer), 200);
    })
    .openapi(getSite, async (c) => {
      const row = await find(c.req.valid('param').name);
      const drifts = await store.drifts.open(row.name);
      const imports = (await inspect.imports(row.name)).map((one) => ({
        ...one,
        values: one.values.map((value) => ({ ...value, gatheredAt: toTime(value.gatheredAt) })),
      }));
      const answer = { ...(await withAgent(row)), openDrifts: drifts.map(toDrift), imports };
      return c.json(checked(SiteDetail, answer), 200);
    })
    .openapi(getDiff, async (c) => {
      const { name } = await find(c.req.valid('param').name);
      const diff = await siteDiff(name);
      if (diff === undefined) {
        throw new HttpProblem(404, {
          detail: `there is nothing to compare yet: ${name} was not rendered, or not looked at`,
        });
      }
      return c.body(diff, 200, { 'Content-Type': 'text/x-diff; charset=utf-8' });
    })
    .openapi(retrySite, async (c) => {
      const { name } = await find(c.req.valid('param').name);
      await decide(c, (by) => decisions.retry(name, by));
      return c.json(checked(Site, await withAgent(await find(name))), 200);
    });
}

function toSite(row: SiteRow, agent: SiteAgent | undefined): Site {
  return {
    name: row.name,
    state: row.state,
    message: row.message,
    labels: row.labels,
    stacks: row.stacks,
    delivery: row.delivery,
    agent: agent ?? null,
    generation: row.generation,
    desired: {
      commit: row.desiredCommit,
      digest: row.desiredDigest,
      revision: row.desiredRevision,
    },
    observed: { commit: row.observedCommit, digest: row.observedDigest },
    applied: {
      commit: row.appliedCommit,
      digest: row.appliedDigest,
      revision: row.appliedRevision,
      at: toTime(row.lastAppliedAt),
    },
    hold: row.hold,
    waitsFor: row.waitsFor,
    applyReason: row.applyForced ? row.applyReason : null,
    lastRunId: row.lastRunId,
    updatedAt: toTime(row.updatedAt),
    removedAt: toTime(row.removedAt),
  };
}
