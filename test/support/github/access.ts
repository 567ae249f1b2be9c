import { createPublicKey, verify } from 'node:crypto';

import { Hono } from 'hono';

import { notFound, refusal } from './answers.ts';
import { idOf, repositoryShape, userShape } from './shapes.ts';
import type { GitHubState } from './state.ts';

/** An installation's token lasts an hour (ms). */
const LIFETIME = 3_600_000;

const PERMISSIONS = {
  contents: 'write',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'write',
};

/** What is only answered to an app itself. */
export function appRoutes(state: GitHubState): Hono {
  const { app } = state;
  return new Hono()
    .get('/app', () => Response.json(appShape(state)))
    .get(`/repos/${state.owner}/${state.repo}/installation`, () =>
      Response.json(installationShape(state)),
    )
    .post('/app/installations/:id/access_tokens', (c) => {
      if (Number(c.req.param('id')) !== app.installation) return notFound();
      state.lastId += 1;
      const token = `ghs_${String(state.lastId).padStart(36, '0')}`;
      const expires = Date.now() + LIFETIME;
      app.tokens.set(token, expires);
      return Response.json(
        {
          token,
          expires_at: new Date(expires).toISOString(),
          permissions: PERMISSIONS,
          repository_selection: 'selected',
          repositories: [repositoryShape(state)],
        },
        { status: 201 },
      );
    });
}

/** What accounts may do. */
export function permissionRoutes(state: GitHubState): Hono {
  return new Hono().get('/:name/permission', (c) => {
    const name = c.req.param('name');
    const permission = state.permissions.get(name);
    if (permission === undefined) return refusal(404, `${name} is not a user`);
    return Response.json({
      permission,
      role_name: permission,
      user: {
        ...userShape(state, name),
        permissions: repositoryShape(state).permissions,
        role_name: permission,
      },
    });
  });
}

/** Whether a JSON Web Token is one that the app has signed lately, by the service's clock. */
export function isAppToken(state: GitHubState, text: string): boolean {
  const { publicKey, id } = state.app;
  const [head = '', claims = '', signature] = text.split('.');
  if (publicKey === '' || signature === undefined) return false;
  const key = createPublicKey(publicKey);
  const signed = Buffer.from(`${head}.${claims}`);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return false;
  const { alg } = parse(head);
  const { iss, iat, exp } = parse(claims);
  const now = Date.now() / 1000;
  const lasting = Number(exp) - Number(iat);
  return alg === 'RS256' && iss === id && Number(iat) <= now && Number(exp) > now && lasting <= 600;
}

/** Whether a token of the app's installation is still good. */
export function isInstallationToken({ app }: GitHubState, text: string): boolean {
  return (app.tokens.get(text) ?? 0) > Date.now();
}

function parse(part: string): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(Buffer.from(part, 'base64url').toString());
  return value;
}

function appShape(state: GitHubState): object {
  const { slug } = state.app;
  return {
    id: idOf(slug),
    slug,
    client_id: state.app.id,
    node_id: `A_${slug}`,
    owner: userShape(state, state.owner),
    name: slug,
    description: null,
    external_url: state.origin,
    html_url: `${state.origin}/apps/${slug}`,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    permissions: PERMISSIONS,
    events: ['push', 'pull_request'],
    installations_count: 1,
  };
}

function installationShape(state: GitHubState): object {
  const { installation, slug } = state.app;
  const url = `${state.apiUrl}/app/installations/${installation}`;
  return {
    id: installation,
    account: userShape(state, state.owner),
    repository_selection: 'selected',
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${state.apiUrl}/installation/repositories`,
    html_url: `${state.origin}/settings/installations/${installation}`,
    app_id: idOf(slug),
    target_id: idOf(state.owner),
    target_type: 'Organization',
    permissions: PERMISSIONS,
    events: ['push', 'pull_request'],
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    single_file_name: null,
    app_slug: slug,
    suspended_by: null,
    suspended_at: null,
  };
}
