import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import { InvalidInput, UserError } from '../../model/errors.ts';
import { findSite } from '../find.ts';
import type { ServerOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes } from '../route.ts';
import { Explained, SiteFile, SiteFiles } from '../wire-inspect.ts';
import { SiteName } from '../wire.ts';

const params = z.object({ name: SiteName });
const FilePath = z.string().min(1).max(1024);

const listFiles = createRoute({
  method: 'get',
  path: '/sites/{name}/tree',
  tags: ['sites'],
  summary: 'The files that the plan asks for at a site',
  request: { params },
  responses: answers(SiteFiles, 'The files, in order of their paths.'),
});

const getFile = createRoute({
  method: 'get',
  path: '/sites/{name}/file',
  tags: ['sites'],
  summary: 'One of the files that the plan asks for at a site',
  request: { params, query: z.strictObject({ path: FilePath }) },
  responses: answers(SiteFile, 'The file, without secrets.'),
});

const getExplained = createRoute({
  method: 'get',
  path: '/sites/{name}/explain',
  tags: ['sites'],
  summary: 'Where a parameter, a file, or a line of one comes from',
  request: {
    params,
    query: z.strictObject({
      key: z
        .string()
        .min(1)
        .max(1024)
        .optional()
        .meta({ description: 'A parameter, as `ntp.servers[0]`; or else a file.' }),
      file: FilePath.optional(),
      line: z.coerce.number().int().min(1).optional().meta({ description: 'Counted from 1.' }),
    }),
  },
  responses: answers(Explained, 'By the plan in force.'),
});

export function inspectRoutes({ store, inspect }: ServerOptions) {
  return routes()
    .openapi(listFiles, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      const files = await inspect.files(name);
      if (files === undefined) throw missing(`${name} was not rendered yet`);
      return c.json(checked(SiteFiles, files), 200);
    })
    .openapi(getFile, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      const { path } = c.req.valid('query');
      const file = await inspect.file(name, path);
      if (file === undefined) throw missing(`the tree of ${name} has no file "${path}"`);
      return c.json(checked(SiteFile, file), 200);
    })
    .openapi(getExplained, async (c) => {
      const { name } = await findSite(store, c.req.valid('param').name);
      const { key, file, line } = c.req.valid('query');
      if ((key === undefined) === (file === undefined) || (key !== undefined && line)) {
        throw new HttpProblem(400, {
          detail: 'ask for a key, or for a file and perhaps a line of it',
        });
      }
      try {
        const report = inspect.explain(name, key === undefined ? { file: file!, line } : { key });
        if (report === undefined) throw missing('no revision of the plan is in force yet');
        return c.json(checked(Explained, report), 200);
      } catch (error) {
        // What is not in the plan cannot be explained; it is the question that is wrong.
        if (error instanceof UserError || error instanceof InvalidInput)
          throw missing(error.message);
        throw error;
      }
    });
}

function missing(detail: string): HttpProblem {
  return new HttpProblem(404, { detail });
}
