import { expect, test } from 'vitest';

import { OPERATOR, seed, sendRaw, startApi } from '../support/api.ts';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('decisions need a token everywhere, and one of an operator or admin', async () => {
  const api = await startApi();
  await seed(api.store);
  const path = '/api/v1/proposals/proposal-1/merge';
  const open = await api.get(path, { method: 'POST' });
  expect(open.status).toBe(401);
  expect(open.headers.get('www-authenticate')).toBe('Bearer realm="trueup"');
  expect(await open.json()).toMatchObject({ status: 401, title: 'Unauthorized' });

  for (const role of ['viewer', 'runner', 'site:lisbon-07'] as const) {
    const { token } = await api.store.tokens.create(role, role);
    const response = await api.get(path, { method: 'POST', ...bearer(token) });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  }
  expect(api.decided).toEqual([]);

  const { token } = await api.store.tokens.create('alice', 'admin');
  expect((await api.get(path, { method: 'POST', ...bearer(token) })).status).toBe(200);
  expect(api.decided).toEqual(['merge proposal-1 by alice']);

  await api.store.tokens.revoke('alice');
  const revoked = await api.get('/api/v1/sites/lisbon-07/retry', {
    method: 'POST',
    ...bearer(token),
  });
  expect(revoked.status).toBe(401);
  expect(revoked.headers.get('www-authenticate')).toContain('error="invalid_token"');
});

test('on loopback reads need no token, but a wrong one is refused all the same', async () => {
  const api = await startApi();
  expect((await api.get('/api/v1/status')).status).toBe(200);
  expect((await api.get('/api/v1/status', bearer('wrong'))).status).toBe(401);
});

test('what a proxy on this machine passes on needs a token', async () => {
  const api = await startApi();
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
    const forwarded = { [name]: '203.0.113.9' };
    expect((await api.get('/api/v1/status', { headers: forwarded })).status).toBe(401);
    const headers = { ...forwarded, authorization: `Bearer ${OPERATOR}` };
    expect((await api.get('/api/v1/status', { headers })).status).toBe(200);
  }
});

test('a server on loopback is not to be had under a foreign name', async () => {
  const api = await startApi({ publicUrl: 'https://trueup.example.com' });
  const status = async (host: string, headers = {}) =>
    (await sendRaw(api.url, { path: '/api/v1/status', headers: { host, ...headers } })).status;
  expect(await status('attacker.example.net')).toBe(421);
  expect(await status('localhost.attacker.example.net')).toBe(421);
  expect(await status('127.0.0.1.attacker.example.net:80')).toBe(421);
  for (const host of ['localhost', 'localhost:7440', '127.0.0.1:7440', '[::1]:7440']) {
    expect(await status(host)).toBe(200);
  }
  // Its public name comes by way of a proxy, and so from anywhere.
  expect(await status('trueup.example.com')).toBe(401);
  expect(await status('trueup.example.com', { authorization: `Bearer ${OPERATOR}` })).toBe(200);
  const metrics = await sendRaw(api.url, {
    path: '/metrics',
    headers: { host: 'attacker.example.net' },
  });
  expect(metrics.status).toBe(421);
});

test('beyond loopback reads need a token too, but health and metrics do not', async () => {
  const api = await startApi({ host: '0.0.0.0' });
  expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const path of ['/api/v1/status', '/api/v1/openapi.json']) {
    expect((await api.get(path)).status).toBe(401);
  }
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    expect((await api.get(path)).status).toBe(200);
  }
  const { token } = await api.store.tokens.create('wall', 'viewer');
  expect((await api.get('/api/v1/status', bearer(token))).status).toBe(200);
  const foreign = { headers: { host: 'trueup.svc', authorization: `Bearer ${token}` } };
  expect((await sendRaw(api.url, { path: '/api/v1/status', ...foreign })).status).toBe(200);
  // The token of a site or runner is for other things than reading everything.
  const { token: ofSite } = await api.store.tokens.create('lisbon', 'site:lisbon-07');
  expect((await api.get('/api/v1/status', bearer(ofSite))).status).toBe(403);
});

test('metrics refuse whoever may not read them', async () => {
  const api = await startApi();
  const status = async (role: Parameters<typeof api.store.tokens.create>[1]) => {
    const { token } = await api.store.tokens.create(role, role);
    return (await api.get('/metrics', bearer(token))).status;
  };
  expect((await api.get('/metrics')).status).toBe(200);
  const refused = await api.get('/metrics', bearer('wrong'));
  expect(refused.status).toBe(401);
  expect(await refused.text()).not.toContain('trueup_leader');
  expect([await status('site:lisbon-07'), await status('runner')]).toEqual([403, 403]);
  expect([await status('viewer'), await status('admin')]).toEqual([200, 200]);
});

test('metrics take a token where the settings say so', async () => {
  const api = await startApi({
    metrics: { contentType: 'text/plain', text: async () => 'trueup_leader 1\n', access: 'token' },
  });
  const open = await api.get('/metrics');
  expect(open.status).toBe(401);
  expect(open.headers.get('www-authenticate')).toBe('Bearer realm="trueup"');
  expect(await open.text()).not.toContain('trueup_leader');
  const { token } = await api.store.tokens.create('prometheus', 'viewer');
  expect(await (await api.get('/metrics', bearer(token))).text()).toBe('trueup_leader 1\n');
  expect((await api.get('/healthz')).status).toBe(200);
});

test('tokens are not tried out on metrics', async () => {
  const api = await startApi({ limits: { perSecond: 1, burst: 40 } });
  for (let tried = 0; tried < 2; tried += 1)
    expect((await api.get('/metrics', bearer('wrong'))).status).toBe(401);
  expect((await api.get('/metrics', bearer(OPERATOR))).status).toBe(429);
  expect((await api.get('/metrics')).status).toBe(200);
});

test('what is not a token of ours opens nothing', async () => {
  const api = await startApi();
  await seed(api.store);
  const headers = {
    nothing: '',
    'no scheme': OPERATOR,
    'another scheme': `Basic ${Buffer.from(`operator:${OPERATOR}`).toString('base64')}`,
    'its beginning': `Bearer ${OPERATOR.slice(0, -1)}`,
    'more than it': `Bearer ${OPERATOR}x`,
    two: `Bearer ${OPERATOR} ${OPERATOR}`,
    'another case': `Bearer ${OPERATOR.toUpperCase()}`,
    'a very long one': `Bearer ${'a'.repeat(8_000)}`,
    'the form of the store': `Bearer tu_${'0'.repeat(16)}_${'A'.repeat(43)}`,
    'a name of JavaScript': 'Bearer __proto__',
    SQL: "Bearer '--",
  };
  const opened: string[] = [];
  for (const [what, authorization] of Object.entries(headers)) {
    const response = await api.get('/api/v1/sites/lisbon-07/retry', {
      method: 'POST',
      headers: { authorization },
    });
    if (response.status !== 401) opened.push(what);
  }
  expect(opened).toEqual([]);
  expect(api.decided).toEqual([]);
});

test('no token shows in an answer or in the log', async () => {
  const api = await startApi();
  await seed(api.store);
  const { token } = await api.store.tokens.create('alice', 'operator');
  const texts: string[] = [];
  for (const sent of [token, OPERATOR, `${token}x`]) {
    const response = await api.get(`/api/v1/sites/none/retry?token=${sent}`, {
      method: 'POST',
      ...bearer(sent),
    });
    texts.push(await response.text());
  }
  expect([...texts, ...api.log].join('\n')).not.toMatch(new RegExp(`${token}|${OPERATOR}`));
  expect(api.log.length).toBeGreaterThan(0);
});
