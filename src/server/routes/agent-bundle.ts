import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';

import { BUNDLE_MEDIA_TYPE, BundleQuery, ReturnAnswer } from '../../model/agent-wire.ts';
import { UserError } from '../../model/errors.ts';
import type { BundleFile } from '../agent-options.ts';
import type { Env } from '../env.ts';
import { boundedBody } from '../incoming.ts';
import type { AgentLimits, ServerOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { listsTag, parseRange } from '../ranges.ts';
import { answers, checked, routes } from '../route.ts';
import { SiteName } from '../wire.ts';

const params = z.object({ name: SiteName });
const file = { [BUNDLE_MEDIA_TYPE]: { schema: z.string().meta({ format: 'binary' }) } };

const getBundle = createRoute({
  method: 'get',
  path: '/sites/{name}/bundle',
  tags: ['agents'],
  summary: 'What is desired at a site, as a signed git bundle',
  description:
    'Without what the site says that it has. The entity tag names these very bytes: an interrupted transfer is ' +
    'resumed with `Range` and `If-Range`. A bundle is compressed in itself: nothing on the way should try again.',
  security: [{ bearer: [] }],
  request: { params, query: BundleQuery },
  responses: {
    ...answers(z.string(), ''),
    200: { description: 'The bundle.', content: file },
    204: { description: 'The site has what is desired.' },
    206: { description: 'A part of the bundle.', content: file },
    304: { description: 'It is still the one that was named.' },
  },
});

const postBundle = createRoute({
  method: 'post',
  path: '/sites/{name}/bundle',
  tags: ['agents'],
  summary: 'Bring back what a site observed and did, as its signed git bundle',
  description:
    'The body is the bundle, signed by the key that the site enrolled. The same one again changes nothing; an older ' +
    'one is answered with what the centre has (`accepted` is false). A bundle that is refused changes nothing, and ' +
    '`reason` says in a word why.',
  security: [{ bearer: [] }],
  request: { params, body: { required: true, content: file } },
  responses: answers(ReturnAnswer, 'What the centre has of the site now.'),
});

export function agentBundleRoutes({ agents }: ServerOptions, limits: AgentLimits) {
  const incoming = { bytes: 0 };
  return routes()
    .openapi(getBundle, async (c) => {
      const { name } = c.req.valid('param');
      const { have = '' } = c.req.valid('query');
      const state = await agents.state(name, c.var.identity?.id);
      if (!state?.desired) throw noBundle(name);
      agents.contact(name, {});
      const commits = have === '' ? [] : have.split(',');
      if (commits.includes(state.desired)) return c.body(null, 204);
      const bundle = await agents.bundle(name, commits);
      return bundle === undefined ? c.body(null, 204) : send(c, bundle, name);
    })
    .openapi(postBundle, async (c) => {
      const { name } = c.req.valid('param');
      const { identity } = c.var;
      if ((await agents.state(name, identity?.id)) === undefined) throw noBundle(name);
      const body = boundedBody(c, limits, incoming);
      const answer = await agents
        .receive(name, body, identity?.name ?? '')
        .catch((error: unknown) => {
          throw refused(error);
        });
      return c.json(checked(ReturnAnswer, answer), 200);
    });
}

/** Says what was wrong with a bundle. */
function refused(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const reason = 'reason' in error ? error.reason : undefined;
  return new HttpProblem(422, {
    detail: error.message,
    ...(typeof reason === 'string' && { reason }),
  });
}

function noBundle(name: string): HttpProblem {
  return new HttpProblem(404, {
    detail: `no agent delivers to "${name}": the plan has no such site, or says delivery: push`,
  });
}

/** Sends the file or the part of it that is asked for; nobody else need ever compress or keep it. */
async function send(
  c: Context<Env>,
  { path, size, etag }: BundleFile,
  name: string,
): Promise<Response> {
  const tag = `"${etag}"`;
  const headers = {
    ETag: tag,
    'Accept-Ranges': 'bytes',
    'Content-Type': BUNDLE_MEDIA_TYPE,
    'Content-Disposition': `attachment; filename="${name}.bundle"`,
  };
  if (listsTag(c.req.header('if-none-match'), tag)) return c.body(null, 304, headers);
  const ifRange = c.req.header('if-range');
  const range =
    ifRange === undefined || ifRange === tag ? parseRange(c.req.header('range'), size) : undefined;
  if (range === 'unsatisfiable') {
    throw new HttpProblem(416, {
      detail: `the bundle has ${size} bytes`,
      headers: { 'Content-Range': `bytes */${size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const sent = {
    ...headers,
    'Content-Length': String(end - start + 1),
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  };
  const status = range ? 206 : 200;
  if (c.req.method === 'HEAD') return c.body(null, status, sent);
  // From here on it may be removed: who has it open reads it to its end.
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) {
    throw new HttpProblem(503, {
      detail: 'the bundle was just put away: ask again',
      headers: { 'Retry-After': '1' },
    });
  }
  return c.body(Readable.toWeb(handle.createReadStream({ start, end })), status, sent);
}
