import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Problem } from '../../src/server/wire.ts';
import { type Api, OPERATOR, seed, sendBytes, sendRaw, startApi } from '../support/api.ts';
import { site } from '../support/store.ts';

const PROBLEM = 'application/problem+json';

test('every answer forbids a browser to make a page of it', async () => {
  const api = await startApi();
  for (const path of ['/healthz', '/metrics', '/api/v1/status', '/api/v1/none', '/']) {
    const { headers } = await api.get(path);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  }
  expect((await api.get('/api/v1/status')).headers.get('cache-control')).toBe('no-store');
});

test('markup in names and texts stays text', async () => {
  const markup = '<script>alert(1)</script>';
  const api = await startApi({ siteDiff: async () => `+${markup}\n` });
  await api.store.sites.upsertMany([site('lisbon-07', { hold: markup, labels: { a: markup } })]);
  const response = await api.get('/api/v1/sites/lisbon-07');
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toMatchObject({ hold: markup, labels: { a: markup } });
  const diff = await api.get('/api/v1/sites/lisbon-07/diff');
  expect(diff.headers.get('content-type')).toBe('text/x-diff; charset=utf-8');
  const missing = await api.get(`/api/v1/${encodeURIComponent(markup)}`);
  expect(missing.headers.get('content-type')).toBe(PROBLEM);
});

test('faults of a request are named, each with its field', async () => {
  const api = await startApi();
  await seed(api.store);
  const faults = async (path: string) =>
    Problem.parse(await (await api.get(`/api/v1/${path}`)).json());
  expect(await faults('sites?limit=501&state=bad&limt=3')).toMatchObject({
    status: 400,
    title: 'Bad Request',
    instance: '/api/v1/sites',
    errors: expect.arrayContaining([
      { field: 'query.limit', message: expect.any(String) },
      { field: 'query.state', message: expect.any(String) },
      { field: 'query.limt', message: 'is not known here' },
    ]),
  });
  for (const query of ['limit=0', 'limit=-1', 'limit=1.5', 'limit=', 'limit=x', 'limit=1&limit=2'])
    expect((await faults(`runs?${query}`)).errors).toMatchObject([{ field: 'query.limit' }]);
  expect((await faults('events?after=x')).errors).toMatchObject([{ field: 'query.after' }]);
  expect((await faults('sites?after=a&after=b')).errors).toMatchObject([{ field: 'query.after' }]);

  const body = await api.post('/api/v1/proposals/proposal-1/merge', { commit: 'HEAD', force: 1 });
  expect(body.status).toBe(400);
  expect(Problem.parse(await body.json()).errors).toMatchObject([
    { field: 'body.commit' },
    { field: 'body.force' },
  ]);
  expect(api.decided).toEqual([]);
});

test('a body that is no request decides nothing', async () => {
  const api = await startApi();
  await seed(api.store);
  const bodies = {
    'not JSON': '{"commit":',
    'a list': '[]',
    text: '"x"',
    nothing: 'null',
    'deeply nested': '['.repeat(100_000),
    'an attack on prototypes': '{"__proto__":{"commit":"a"},"constructor":{}}',
  };
  const answers: Record<string, unknown> = {};
  for (const [what, body] of Object.entries(bodies)) {
    const { status, headers } = await api.get('/api/v1/proposals/proposal-1/merge', {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/json' },
      body,
    });
    answers[what] = [status, headers.get('content-type')];
  }
  expect(answers).toEqual(
    Object.fromEntries(Object.keys(bodies).map((what) => [what, [400, PROBLEM]])),
  );
  expect(api.decided).toEqual([]);
});

test('a body that comes in chunks is read as any other', async () => {
  const api = await startApi();
  await seed(api.store);
  const answer = async (body: string) => {
    const { status, text } = await sendRaw(api.url, {
      method: 'POST',
      path: '/api/v1/proposals/proposal-1/merge',
      headers: {
        authorization: `Bearer ${OPERATOR}`,
        'content-type': 'application/json',
        'transfer-encoding': 'chunked',
      },
      body,
    });
    return { status, errors: Problem.partial().parse(JSON.parse(text)).errors };
  };
  expect(await answer('{"commit":"HEAD"}')).toMatchObject({
    status: 400,
    errors: [{ field: 'body.commit' }],
  });
  expect(await answer('{}')).toMatchObject({ status: 200 });
  expect(api.decided).toEqual(['merge proposal-1 by operator']);
});

test('a body over the limit is refused, whether it says its length or not', async () => {
  const api = await startApi();
  await seed(api.store);
  const path = '/api/v1/proposals/proposal-1/merge';
  const headers = { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/json' };
  const told = await api.get(path, { method: 'POST', headers, body: 'x'.repeat(2 ** 20 + 1) });
  expect(told.status).toBe(413);
  expect(told.headers.get('content-type')).toBe(PROBLEM);

  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 65_536;
      if (sent > 64 * 2 ** 20) controller.close();
      else controller.enqueue(new Uint8Array(65_536));
    },
  });
  const streamed = await api.get(path, {
    method: 'POST',
    headers,
    body: endless,
    // fetch asks for it where a body is a stream.
    duplex: 'half',
  });
  expect(streamed.status).toBe(413);
  expect(sent).toBeLessThan(64 * 2 ** 20);
  expect(api.decided).toEqual([]);
});

test('keys that are none of ours are refused, and harm nothing', async () => {
  expect(
    await answersTo([
      '/api/v1/sites/..%2f..%2fetc%2fpasswd',
      '/api/v1/sites/%2e%2e%2f%2e%2e%2fetc',
      '/api/v1/sites/lisbon-07%00',
      '/api/v1/sites/lisbon-07%0d%0aX-Injected:1',
      '/api/v1/sites/-rf',
      '/api/v1/sites/~root',
      '/api/v1/sites/a..b',
      '/api/v1/sites/refs.lock',
      `/api/v1/sites/${'a'.repeat(300)}`,
      '/api/v1/runs/..%5c..%5cx',
      '/api/v1/runs/a%20b',
      '/api/v1/proposals/%zz',
    ]),
  ).toEqual([{ status: 400, type: PROBLEM, injected: undefined }]);
});

test('there is nothing beside the routes', async () => {
  expect(
    await answersTo([
      '/',
      '/api',
      '/api/v1',
      '/api/v1/',
      '/api/v1/none',
      '/api/v1/../../etc/passwd',
      '//api/v1/status',
      '/api/v1//status',
      '/api/v1/status/',
      '/API/v1/status',
      '/index.html',
      '/.git/config',
      '/__proto__',
      '/api/v1/constructor',
    ]),
  ).toEqual([{ status: 404, type: PROBLEM, injected: undefined }]);
});

test('another method than those of a path is a problem 405', async () => {
  const api = await startApi();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'TRACE']) {
    const response = await sendRaw(api.url, {
      method,
      path: '/api/v1/status',
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe('GET, HEAD');
  }
  const merge = await api.get('/api/v1/proposals/a/merge');
  expect([merge.status, merge.headers.get('allow')]).toEqual([405, 'POST']);
  const head = await api.get('/api/v1/status', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('what is not HTTP, or too long, is refused and the connection closed', async () => {
  const api = await startApi();
  const status = async (bytes: string) => (await sendBytes(api.url, bytes)).split('\r\n', 1)[0];
  expect(await status('HELO there\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
  expect(await status('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain('400');
  const many = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
  expect(await status(many)).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  const host = 'GET /api/v1/status HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n';
  expect(await status(host)).toBe('HTTP/1.1 400 Bad Request');
  // Two lengths: the classic of request smuggling.
  const smuggled = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n';
  expect(await status(`${smuggled}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toContain('400');
  expect((await api.get('/healthz')).status).toBe(200);
});

test('an error of ours is told to the log alone', async () => {
  const api = await startApi({
    siteDiff: () => Promise.reject(new Error('cannot read /var/lib/trueup/secret-place')),
  });
  await seed(api.store);
  const response = await api.get('/api/v1/sites/lisbon-07/diff');
  expect(response.status).toBe(500);
  const problem = Problem.parse(await response.json());
  expect(JSON.stringify(problem)).not.toContain('secret-place');
  const line = api.log.find((each) => each.includes('secret-place'));
  expect(line).toContain(problem.requestId);
});

test('an answer that takes too long is given up', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const api = await startApi({ siteDiff: () => promise, limits: { timeout: 50 } });
  await seed(api.store);
  const response = await api.get('/api/v1/sites/lisbon-07/diff');
  expect(response.status).toBe(504);
  expect(response.headers.get('content-type')).toBe(PROBLEM);
  resolve(undefined);
});

test('who asks too much waits, while health and metrics are told still', async () => {
  const api = await startApi({ limits: { burst: 5, perSecond: 0.001 } });
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await api.get('/api/v1/status')).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  const refused = await api.get('/api/v1/status');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await api.get('/healthz')).status).toBe(200);
  expect((await api.get('/metrics')).status).toBe(200);
});

test('who tries tokens out is soon refused unheard', async () => {
  const api = await startApi({ limits: { burst: 41, perSecond: 0.001 } });
  const guess = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await api.get('/api/v1/status', { headers })).status;
  };
  expect([await guess('a'), await guess('b'), await guess(OPERATOR)]).toEqual([401, 401, 429]);
});

test('only so many requests are worked on at once', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const api = await startApi({ siteDiff: () => promise, limits: { concurrent: 2 } });
  await seed(api.store);
  const slow = [1, 2].map(() => api.get('/api/v1/sites/lisbon-07/diff'));
  await expect
    .poll(async () => (await api.get('/api/v1/status')).status, { timeout: 60_000 })
    .toBe(429);
  resolve('');
  const statuses = (await Promise.all(slow)).map(({ status }) => status);
  expect(statuses).toEqual([200, 200]);
  expect((await api.get('/api/v1/status')).status).toBe(200);
});

test('whatever is asked for, the answer is never an error of ours', async () => {
  const api = await startApi({ limits: { perSecond: 1e6, burst: 1e6 } });
  await seed(api.store);
  const list = fc.constantFrom('sites', 'runs', 'proposals', 'events', 'revisions', 'status');
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('lisbon-07'));
  const path = fc
    .tuple(list, fc.array(text, { maxLength: 3 }), fc.dictionary(text, text, { maxKeys: 3 }))
    .map(([first, steps, query]) => {
      const parts = [first, ...steps.map((step) => encodeURIComponent(step.toWellFormed()))];
      const pairs = Object.entries(query).map((pair) => pair.map((each) => each.toWellFormed()));
      return `/api/v1/${parts.join('/')}?${new URLSearchParams(pairs).toString()}`;
    });
  await fc.assert(
    fc.asyncProperty(path, async (each) => {
      const response = await sendRaw(api.url, { path: each });
      expect([200, 400, 404, 405]).toContain(response.status);
      const type = response.status === 200 ? /^(application\/json|text\/x-diff)/ : /problem\+json/;
      expect(response.headers['content-type']).toMatch(type);
    }),
    { numRuns: 100 },
  );
  expect(unexpected(api)).toEqual([]);
});

function unexpected(api: Api): string[] {
  return api.log.filter((line) => line.includes('a request failed'));
}

/** The different answers that these paths get, sent as they stand. */
async function answersTo(paths: string[]): Promise<unknown[]> {
  const api = await startApi();
  const answers = new Map<string, unknown>();
  for (const path of paths) {
    const { status, headers } = await sendRaw(api.url, { path });
    const answer = { status, type: headers['content-type'], injected: headers['x-injected'] };
    answers.set(JSON.stringify(answer), answer);
  }
  return [...answers.values()];
}
