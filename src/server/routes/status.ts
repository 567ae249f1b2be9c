import { createRoute } from '@hono/zod-openapi';

import type { PlanStateRow } from '../../store/rows.ts';
import type { ServerOptions } from '../options.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { type PlanStatus, Status } from '../wire.ts';

const getStatus = createRoute({
  method: 'get',
  path: '/status',
  tags: ['status'],
  summary: 'The plan, the sites and the proposals in numbers',
  responses: answers(Status, 'The state of it all.'),
});

export function statusRoutes({ store, version }: ServerOptions) {
  return routes().openapi(getStatus, async (c) => {
    const [plan, sites, proposals] = await Promise.all([
      store.plan.get(),
      store.sites.countByState(),
      store.proposals.countByState(),
    ]);
    const inForce = plan.goodRevision && (await store.revisions.get(plan.goodRevision));
    const total = Object.values(sites).reduce((sum, count) => sum + count, 0);
    const answer = checked(Status, {
      version,
      plan: toPlanStatus(plan),
      review: (inForce && inForce.review) || null,
      sites: { total, byState: sites },
      proposals: { open: proposals.open, byState: proposals },
    });
    return c.json(answer, 200);
  });
}

/** The plan as it goes over the wire. */
export function toPlanStatus(row: PlanStateRow): PlanStatus {
  return {
    ...row,
    fetchedAt: toTime(row.fetchedAt),
    evaluatedAt: toTime(row.evaluatedAt),
  };
}
