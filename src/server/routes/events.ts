import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import type { ServerOptions } from '../options.ts';
import { PageQuery, readPage } from '../paging.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { Event, pageOf } from '../wire.ts';

const EventPage = pageOf('EventPage', Event);

const listEvents = createRoute({
  method: 'get',
  path: '/events',
  tags: ['audit'],
  summary: 'Who decided what and when, newest first',
  request: {
    query: PageQuery.extend({
      after: z
        .string()
        .regex(/^[1-9]\d{0,14}$/, 'is not the number of an event')
        .optional(),
    }),
  },
  responses: answers(EventPage, 'A page of events.'),
});

export function eventRoutes({ store }: ServerOptions) {
  return routes().openapi(listEvents, async (c) => {
    const { after, limit } = c.req.valid('query');
    const page = await readPage({
      limit,
      read: (count) => store.audit.list(count, after === undefined ? undefined : Number(after)),
      key: (row) => String(row.id),
      item: (row) => ({ ...row, at: toTime(row.at) }),
    });
    return c.json(checked(EventPage, page), 200);
  });
}
