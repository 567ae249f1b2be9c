import { readFileSync, statSync } from 'node:fs';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TOKEN } from '../support/github/bench.ts';
import { webhookFaults } from '../support/github/conformance.ts';
import { OPERATIONS } from '../support/github/operations.ts';
import { startGitHub, type FakeGitHub } from '../support/github/server.ts';

/** What holds the emulation to GitHub's description must itself be able to fail. */

const SLICE = new URL('../support/github/openapi-slice.json', import.meta.url);

let github: FakeGitHub;

beforeEach(async () => {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
});
afterEach(() => github.close());

async function ask(request: string, body?: unknown, headers = {}): Promise<Response> {
  const [method = '', path = ''] = request.split(' ');
  return fetch(`${github.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test('the slice describes what is emulated, no more and no less, and is small', () => {
  const slice: { paths: Record<string, Record<string, unknown>> } = JSON.parse(
    readFileSync(SLICE, 'utf8'),
  );
  const described = Object.entries(slice.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual([...OPERATIONS].toSorted());
  expect(statSync(SLICE).size).toBeLessThan(250_000);
});

test.each([
  ['a field of the wrong type', 'POST /repos/acme/plan/pulls', { head: 1, base: 'main' }],
  ['a missing field', 'POST /repos/acme/plan/pulls', { title: 'T', base: 'main' }],
  ['an unknown field', 'PATCH /repos/acme/plan/pulls/1', { titel: 'T' }],
  ['a value that is none of those allowed', 'PATCH /repos/acme/plan/pulls/1', { state: 'gone' }],
  ['an unknown parameter', 'GET /repos/acme/plan/pulls?state=all&order=desc', undefined],
  ['a parameter of the wrong type', 'GET /repos/acme/plan/pulls?per_page=many', undefined],
  ['a number that is none', 'GET /repos/acme/plan/pulls/first', undefined],
  ['an operation that is not emulated', 'DELETE /repos/acme/plan', undefined],
])('a request with %s is noticed', async (_, request, body) => {
  expect((await ask(request, body)).status).toBe(422);
  expect(github.violations).toEqual([expect.stringContaining('request: ')]);
});

test('an answer that GitHub would not give is noticed', async () => {
  const pull = { number: '1' };
  github.fail({ instead: () => Response.json([pull]) });
  await ask('GET /repos/acme/plan/pulls');
  expect(github.violations).toContain(
    'GET /repos/acme/plan/pulls: answer 200: /0/number must be integer',
  );
  expect(github.violations.length).toBeGreaterThan(20);
});

test('a status that GitHub would not give is noticed', async () => {
  github.fail({ instead: () => Response.json({}, { status: 202 }) });
  await ask('GET /user');
  expect(github.violations).toEqual(['GET /user: answer 202: status 202 is not described']);
});

test('lists come in pages', async () => {
  for (let i = 1; i <= 5; i += 1) {
    github.repository.commit(`b${i}`, { file: `${i}\n` });
    await ask('POST /repos/acme/plan/pulls', { title: `T${i}`, head: `b${i}`, base: 'main' });
  }
  const first = await ask('GET /repos/acme/plan/pulls?per_page=2');
  expect(await first.json()).toMatchObject([{ number: 5 }, { number: 4 }]);
  expect(first.headers.get('link')).toBe(
    `<${github.url}/repos/acme/plan/pulls?per_page=2&page=2>; rel="next", ` +
      `<${github.url}/repos/acme/plan/pulls?per_page=2&page=3>; rel="last"`,
  );
  const last = await ask('GET /repos/acme/plan/pulls?per_page=2&page=3');
  expect(await last.json()).toMatchObject([{ number: 1 }]);
  expect(last.headers.get('link')).not.toContain('next');
});

test('whether a pull request can be merged is known at the second look', async () => {
  github.repository.commit('a', { file: 'a\n' });
  github.repository.commit('b', { file: 'b\n' });
  await ask('POST /repos/acme/plan/pulls', { title: 'A', head: 'a', base: 'main' });
  await ask('POST /repos/acme/plan/pulls', { title: 'B', head: 'b', base: 'main' });
  const look = async (number: number): Promise<unknown> =>
    (await ask(`GET /repos/acme/plan/pulls/${number}`)).json();
  expect(await look(1)).toMatchObject({ mergeable: null, mergeable_state: 'unknown' });
  expect(await look(1)).toMatchObject({ mergeable: true, mergeable_state: 'clean' });
  github.mergePull(1);
  expect(await look(2)).toMatchObject({ mergeable: null });
  expect(await look(2)).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
  expect(github.violations).toEqual([]);
});

test('a wrong token gets nowhere', async () => {
  const answer = await ask('GET /repos/acme/plan', undefined, { authorization: 'Bearer wrong' });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ message: 'Bad credentials' });
  const git = await fetch(`${github.gitUrl}/info/refs?service=git-upload-pack`);
  expect(git.status).toBe(401);
  expect(github.violations).toEqual([]);
});

test('a webhook that is not as described is found', () => {
  const ping = { zen: 'Keep it logically awesome.' };
  expect(webhookFaults('push', ping)).toContain("/ must have required property 'ref'");
  expect(webhookFaults('star-created', ping)).toEqual([
    'the webhook star-created is not described',
  ]);
});

test('GraphQL that the published schema does not have is found', async () => {
  await ask('POST /graphql', { query: 'mutation { mergeAll { number } }' });
  expect(github.violations).toHaveLength(1);
  expect(github.violations[0]).toContain('mergeAll');
});
