import { inspect } from 'node:util';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { ForgeUnavailable } from '../../src/forge/errors.ts';
import { GitHubForge } from '../../src/forge/github/github-forge.ts';
import { Stalled, UserError } from '../../src/model/errors.ts';
import {
  BRANCH,
  DRAFT,
  startGitHubBench,
  TOKEN,
  type GitHubBench,
} from '../support/github/bench.ts';
import {
  badGateway,
  cutAnswer,
  heldAnswer,
  lostAnswer,
  primaryLimit,
  refused,
  secondaryLimit,
  type Fault,
} from '../support/github/faults.ts';

let bench: GitHubBench;
let clock = 0;

beforeEach(async () => {
  clock = 0;
  bench = await startGitHubBench({ now: () => clock });
});
afterEach(() => bench.close());

/** What a proxy on the way may put before the service. */
const loginPage: Fault = {
  instead: () =>
    new Response('<html>Please log in</html>', { headers: { 'content-type': 'text/html' } }),
};

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const end: unknown = await work.catch((error: unknown) => error);
  if (end instanceof Error) return end;
  throw new Error('it should have failed');
}

test.each([
  ['403 with retry-after', secondaryLimit(403, 30), 30_000],
  ['429', secondaryLimit(429, 90), 90_000],
])('left alone for as long as GitHub wants: %s', async (_, fault, retryAfter) => {
  const { forge, github } = bench;
  bench.push();
  github.fail(fault);
  const failure = await failureOf(forge.ensurePullRequest(DRAFT));
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure).toMatchObject({ retryAfter });
  clock = retryAfter - 1000;
  expect(await failureOf(forge.getPullRequest(1))).toMatchObject({ retryAfter: 1000 });
  expect(github.requests).toHaveLength(1);
  clock = retryAfter;
  expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
});

test('left alone until the next period where its requests are used up', async () => {
  bench.github.fail(primaryLimit(1200));
  const failure = await failureOf(bench.forge.findPullRequest(BRANCH));
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure).toMatchObject({ retryAfter: expect.closeTo(1_200_000, -5) });
  expect(bench.remaining()).toBe(0);
});

test('a gateway that fails for a moment is not noticed; one that goes on failing is told', async () => {
  const { forge, github } = bench;
  bench.push();
  github.fail(badGateway(), { times: 2 });
  expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
  github.fail(badGateway(504), { times: 3 });
  const failure = await failureOf(forge.findPullRequest(BRANCH));
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure.message).toBe('GET /pulls: GitHub answered 504');
  expect(await forge.findPullRequest(BRANCH)).toMatchObject({ number: 1 });
});

test('a gateway that says when to come back is not asked before', async () => {
  bench.github.fail(badGateway(503, { 'retry-after': '20' }));
  expect(await failureOf(bench.forge.findPullRequest(BRANCH))).toMatchObject({
    retryAfter: 20_000,
  });
  expect(bench.github.requests).toHaveLength(1);
});

test('a server that is not there can be tried again later', async () => {
  await bench.github.close();
  expect(await failureOf(bench.forge.findPullRequest(BRANCH))).toBeInstanceOf(ForgeUnavailable);
  expect(bench.told).toEqual(Array(3).fill('GET /pulls error'));
});

test.each([
  ['lost', lostAnswer],
  ['cut off', cutAnswer],
])('an answer to opening that is %s opens nothing twice', async (_, fault) => {
  const { forge, github, told } = bench;
  bench.push();
  github.fail(fault, { on: /^POST .*\/pulls$/ });
  expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1, labels: ['trueup'] });
  expect(github.pulls).toHaveLength(1);
  expect(told).toContain('POST /pulls error');
});

test.each([
  ['lost', lostAnswer],
  ['cut off', cutAnswer],
])('an answer to merging that is %s merges once', async (_, fault) => {
  const { forge, github } = bench;
  const head = bench.push();
  await forge.ensurePullRequest(DRAFT);
  github.fail(fault, { on: /^PUT/ });
  const merged = await forge.mergePullRequest(1, head, 'alice');
  expect(merged).toMatchObject({
    state: 'merged',
    mergeCommit: github.repository.branchCommit('main'),
  });
  expect(bench.sent(/^PUT/)).toBe(1);
});

test('an answer that does not come in time is as good as lost', async () => {
  const hasty = await startGitHubBench({ timeout: 1500 });
  try {
    hasty.push();
    hasty.github.fail(heldAnswer, { on: /^POST .*\/pulls$/ });
    expect(await hasty.forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
    expect(hasty.github.pulls).toHaveLength(1);
    expect(hasty.told).toContain('POST /pulls timeout');
  } finally {
    await hasty.close();
  }
});

test('a comment that somebody deletes while it is edited is written anew', async () => {
  const { forge, github } = bench;
  bench.push();
  await forge.ensurePullRequest(DRAFT);
  await forge.ensureComment(1, 'preview', 'Two sites change.');
  github.fail(refused(404, 'Not Found'), { on: /^PATCH/ });
  await forge.ensureComment(1, 'preview', 'Three sites change.');
  expect(github.comments).toMatchObject([{ body: expect.stringContaining('Three') }]);
});

test('a token that may only read is told from a moment of confusion', async () => {
  const { forge, github } = bench;
  bench.push();
  github.fail(refused(404, 'Not Found'), { on: /^POST/, times: 3 });
  const failure = await failureOf(forge.ensurePullRequest(DRAFT));
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure.message).toContain('or the token may only read acme/plan');
});

test.each([
  [401, 'Bad credentials', /rejects the token .*"repo" or, fine-grained/],
  [403, 'Resource not accessible by personal access token', /does not let the token do this/],
])('%d: nothing helps but another token', async (status, message, words) => {
  const { forge, github } = bench;
  bench.push();
  github.fail(refused(status, message), { on: /^POST/ });
  const failure = await failureOf(forge.ensurePullRequest(DRAFT));
  expect(failure).toBeInstanceOf(Stalled);
  expect(failure.message).toMatch(words);
  expect(failure.message).toContain(message);
  expect(bench.sent(/^POST/)).toBe(1);
});

test('a repository that the token does not see is told from a pull request that is not there', async () => {
  const { github } = bench;
  const elsewhere = new GitHubForge({
    repository: 'acme/secret',
    token: () => TOKEN,
    baseUrl: github.url,
  });
  for (const verb of [
    () => elsewhere.getPullRequest(1),
    () => elsewhere.findPullRequest(BRANCH),
    () => elsewhere.closePullRequest(1, 'alice'),
  ]) {
    const failure = await failureOf(verb());
    expect(failure).toBeInstanceOf(Stalled);
    expect(failure.message).toContain('shows the token no repository acme/secret');
  }
  expect(await bench.forge.getPullRequest(1)).toBeUndefined();
});

test('a status for a commit that is not there is refused', async () => {
  const status = { context: 'trueup/render', state: 'success', description: 'ok' } as const;
  const failure = await failureOf(bench.forge.setCommitStatus('0'.repeat(40), status));
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).not.toBeInstanceOf(Stalled);
  expect(failure.message).toContain('acme/plan holds no commit 0000');
});

test('merging is tried again where the base moved or GitHub had not made up its mind', async () => {
  const { forge, github } = bench;
  const head = bench.push();
  await forge.ensurePullRequest(DRAFT);
  github.fail(refused(405, 'Base branch was modified. Review and try the merge again.'), {
    on: /^PUT/,
  });
  github.fail(refused(405, 'Pull Request is not mergeable'), { on: /^PUT/ });
  expect(await forge.mergePullRequest(1, head, 'alice')).toMatchObject({ state: 'merged' });
  expect(bench.sent(/^PUT/)).toBe(3);
});

test('law 9: a branch that moves between the last look and the merge is not merged', async () => {
  const racing = await startGitHubBench({
    onRequest: (operation) => {
      if (operation === 'GET /pulls/{pull_number}') {
        racing.github.repository.commit(BRANCH, { 'sites/lisbon-07.yaml': 'ntp: 10.66.6.6\n' });
      }
    },
  });
  try {
    const head = racing.push();
    await racing.forge.ensurePullRequest(DRAFT);
    await expect(racing.forge.mergePullRequest(1, head, 'alice')).rejects.toThrow(
      `by now, not at ${head}`,
    );
    expect(racing.sent(/^PUT/)).toBe(1);
    expect(racing.github.repository.reaches('main', head)).toBe(false);
  } finally {
    await racing.close();
  }
});

test('merging that is refused again and again can be tried later', async () => {
  const { forge, github } = bench;
  const head = bench.push();
  await forge.ensurePullRequest(DRAFT);
  github.fail(refused(405, 'Base branch was modified.'), { on: /^PUT/, times: 3 });
  expect(await failureOf(forge.mergePullRequest(1, head, 'alice'))).toBeInstanceOf(
    ForgeUnavailable,
  );
});

test.each([
  [405, 'Merge commits are not allowed on this repository.'],
  [405, 'Required status check "ci" is expected.'],
  [409, 'Head branch was modified. Review and try the merge again.'],
  [422, 'Validation Failed'],
])('a merge refused with %d %s is not tried again', async (status, message) => {
  const { forge, github } = bench;
  const head = bench.push();
  await forge.ensurePullRequest(DRAFT);
  await forge.getPullRequest(1);
  github.fail(refused(status, message), { on: /^PUT/ });
  const failure = await failureOf(forge.mergePullRequest(1, head, 'alice'));
  expect(failure).toBeInstanceOf(UserError);
  expect(failure.message).toContain(message);
  expect(bench.sent(/^PUT/)).toBe(1);
});

test('a pull request that GitHub has but does not list yet is found on the second look', async () => {
  const { forge, github } = bench;
  bench.push();
  await forge.ensurePullRequest(DRAFT);
  const none = { instead: (): Response => Response.json([]) };
  github.fail(none, { on: /^GET .*\/pulls$/, times: 2 });
  expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
  expect(github.pulls).toHaveLength(1);
});

test('a moved repository and a page that is not the API say what to check', async () => {
  const { forge, github } = bench;
  github.fail(refused(301, 'Moved Permanently', { location: `${github.url}/repositories/1` }), {
    on: /^GET .*\/issues/,
  });
  bench.push();
  await forge.ensurePullRequest(DRAFT);
  github.closePull(1);
  const moved = await failureOf(forge.getPullRequest(1));
  expect(moved).toBeInstanceOf(Stalled);
  expect(moved.message).toContain('set its new name');
  github.fail(loginPage, { times: 3 });
  const login = await failureOf(forge.findPullRequest(BRANCH));
  expect(login).toBeInstanceOf(ForgeUnavailable);
  expect(login.message).toContain('check the base URL');
});

test('law 11: the token is in no error', async () => {
  const { forge, github } = bench;
  bench.push();
  const faults = [
    refused(400, `Authorization: Bearer ${TOKEN} is odd`),
    refused(401, `Bad credentials: ${TOKEN}`),
    refused(403, `${TOKEN} may not`),
    refused(422, TOKEN),
    secondaryLimit(429, 1),
  ];
  for (const fault of faults) {
    github.fail(fault);
    const shown = inspect(await failureOf(forge.ensurePullRequest(DRAFT)), {
      depth: 20,
      showHidden: true,
    });
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain('authorization');
  }
});

test.each(['', '  ', 'ghp_a b', 'ghp_a\r\nx: y', 'ghp_ü'])(
  'law 11: the token %j is refused without being quoted or sent',
  async (token) => {
    const options = { repository: 'acme/plan', token: () => token, baseUrl: bench.github.url };
    const failure = await failureOf(new GitHubForge(options).getPullRequest(1));
    expect(failure).toBeInstanceOf(Stalled);
    expect(failure.message).toBe(
      "GitHub's token is empty or holds characters that no token has: set it anew",
    );
    expect(bench.github.requests).toEqual([]);
  },
);

test.each([
  ['acme', undefined, 'give it as owner/name'],
  ['acme/plan/x', undefined, 'give it as owner/name'],
  ['../plan', undefined, 'give it as owner/name'],
  ['acme/plan', 'http://github.acme.example/api/v3', 'must begin with https://'],
  ['acme/plan', 'github.com', 'must begin with https://'],
])('refuses the repository %j at %j', (repository, baseUrl, words) => {
  const options = { repository, token: () => TOKEN, ...(baseUrl ? { baseUrl } : {}) };
  expect(() => new GitHubForge(options)).toThrow(words);
});
