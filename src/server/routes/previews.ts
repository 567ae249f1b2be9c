import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import type { PreviewListRow } from '../../store/previews.ts';
import type { PreviewRow } from '../../store/rows.ts';
import { decide } from '../decide.ts';
import type { ServerOptions } from '../options.ts';
import { PageQuery, readPage } from '../paging.ts';
import { previewPage } from '../preview-page.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { CheckRequest, pageOf, Preview, PreviewDetail } from '../wire.ts';

const PreviewPage = pageOf('PreviewPage', Preview);
const params = z.object({
  number: z.coerce.number().int().positive().meta({ description: 'Of the pull request.' }),
});

const listPreviews = createRoute({
  method: 'get',
  path: '/previews',
  tags: ['previews'],
  summary: 'Previews of pull requests, the newest pull request first',
  request: {
    query: PageQuery.extend({
      after: z.coerce.number().int().positive().optional(),
      state: z.enum(['open', 'merged']).optional(),
    }),
  },
  responses: answers(PreviewPage, 'A page of previews.'),
});

const getPreview = createRoute({
  method: 'get',
  path: '/previews/{number}',
  tags: ['previews'],
  summary: 'What merging a pull request would change',
  request: { params },
  responses: answers(PreviewDetail, 'The preview.'),
});

const checkPreview = createRoute({
  method: 'post',
  path: '/previews/{number}/check',
  tags: ['previews'],
  summary: 'Check the plan that it would give at hosts, changing nothing there',
  security: [{ bearer: [] }],
  request: {
    params,
    body: { required: false, content: { 'application/json': { schema: CheckRequest } } },
  },
  responses: answers(PreviewDetail, 'The preview: the check run begins soon.'),
});

const getPreviewPage = createRoute({
  method: 'get',
  path: '/previews/{number}/page',
  tags: ['previews'],
  summary: 'The same as a page for people',
  request: { params },
  responses: {
    ...answers(z.string(), ''),
    200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
  },
});

export function previewRoutes({ store, decisions }: ServerOptions) {
  const find = async (number: number): Promise<PreviewRow> => {
    const row = await store.previews.get(number);
    if (row) return row;
    throw new HttpProblem(404, { detail: `there is no preview of a pull request #${number}` });
  };
  return routes()
    .openapi(listPreviews, async (c) => {
      const { after, limit, state } = c.req.valid('query');
      const page = await readPage({
        limit,
        read: (count) =>
          store.previews.list({
            limit: count,
            ...(after !== undefined && { after }),
            ...(state !== undefined && { state }),
          }),
        key: (row) => String(row.number),
        item: toPreview,
      });
      return c.json(checked(PreviewPage, page), 200);
    })
    .openapi(getPreview, async (c) => {
      const row = await find(c.req.valid('param').number);
      return c.json(checked(PreviewDetail, { ...toPreview(row), report: row.report }), 200);
    })
    .openapi(checkPreview, async (c) => {
      const { number } = c.req.valid('param');
      await find(number);
      const { commit }: CheckRequest = c.req.valid('json');
      await decide(c, (by) => decisions.check(number, commit, by));
      const row = await find(number);
      return c.json(checked(PreviewDetail, { ...toPreview(row), report: row.report }), 200);
    })
    .openapi(getPreviewPage, async (c) => {
      const row = await find(c.req.valid('param').number);
      return c.body(await previewPage(row), 200, { 'Content-Type': 'text/html; charset=utf-8' });
    });
}

function toPreview(row: PreviewListRow): Preview {
  const { basis: _basis, told: _told, lastAsk: _lastAsk, createdAt, updatedAt, ...rest } = row;
  return { ...rest, createdAt: toTime(createdAt), updatedAt: toTime(updatedAt) };
}
