import { afterEach, beforeEach, expect, test } from 'vitest';

import { ForgeUnavailable } from '../../src/forge/errors.ts';
import { GiteaForge } from '../../src/forge/gitea/gitea-forge.ts';
import { Stalled } from '../../src/model/errors.ts';
import { type GiteaBench, startGiteaBench, TOKEN } from '../support/gitea/bench.ts';
import { answerFaults, requestFaults } from '../support/gitea/conformance.ts';
import { BRANCH, DRAFT } from '../support/github/bench.ts';
import { badGateway, cutAnswer, heldAnswer, refused } from '../support/github/faults.ts';

let bench: GiteaBench;
let now: number;

beforeEach(async () => {
  now = 0;
  bench = await startGiteaBench({ now: () => now });
});
afterEach(() => bench.close());

function push(text = 'ntp: 10.20.7.9\n'): string {
  return bench.gitea.repository.commit(BRANCH, { 'sites/lisbon-07.yaml': text });
}

test('merged by hand where Gitea does not look for it, it is merged all the same', async () => {
  const { forge, gitea } = bench;
  gitea.state.autodetectManualMerge = false;
  const head = push();
  await forge.ensurePullRequest(DRAFT);
  gitea.repository.merge({ head, base: 'main', message: 'By hand', author: 'carol' });
  expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged', head });
  gitea.repository.deleteBranch(BRANCH);
  expect(await forge.findPullRequest(BRANCH)).toMatchObject({ state: 'merged', branch: BRANCH });
  expect(gitea.state.pulls[0]!.merge).toBeNull();
});

test('finds the newest pull request of a branch behind many others', async () => {
  const { forge, gitea } = bench;
  push();
  await forge.ensurePullRequest(DRAFT);
  await forge.closePullRequest(1, 'alice');
  // Somebody opened another one for the same branch, and many followed.
  const [first] = gitea.state.pulls;
  gitea.state.pulls.push({ ...first!, number: 2, state: 'open', events: [] });
  for (let number = 3; number < 60; number += 1) {
    gitea.state.pulls.push({ ...first!, number, branch: `other-${number}`, state: 'closed' });
  }
  expect(await forge.findPullRequest(BRANCH)).toMatchObject({ number: 2, state: 'open' });
  expect((await forge.listOpenPullRequests('main')).map(({ number }) => number)).toEqual([2]);
});

test('where our account is no administrator, it still knows who may write', async () => {
  const { permissions } = bench.gitea.state;
  for (const [name, permission] of Object.entries({
    'trueup-bot': 'write',
    alice: 'admin',
    bob: 'write',
    carol: 'read',
  } as const)) {
    permissions.set(name, permission);
  }
  const names = ['alice', 'Bob', 'carol', 'mallory'];
  expect(await Promise.all(names.map((name) => bench.forge.permissionOf(name)))).toEqual([
    'write',
    'write',
    'none',
    'none',
  ]);
});

test('a busy Gitea is left alone for as long as it asks', async () => {
  const { forge, gitea } = bench;
  gitea.fail(refused(429, 'slow down', { 'retry-after': '7' }));
  await expect(forge.getPullRequest(1)).rejects.toMatchObject({ retryAfter: 7000 });
  const sent = gitea.requests.length;
  now = 6999;
  await expect(forge.getPullRequest(1)).rejects.toThrow('left alone for another 1 s');
  expect(gitea.requests.length).toBe(sent);
  now = 7000;
  expect(await forge.getPullRequest(1)).toBeUndefined();
});

test('what fails for a moment is repeated; what does not answer is given up', async () => {
  const { forge, gitea } = bench;
  push();
  for (const fault of [badGateway(), cutAnswer, badGateway(503)]) {
    gitea.fail(fault, { times: 2 });
    expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
  }
  expect(gitea.state.pulls).toHaveLength(1);
  const impatient = await startGiteaBench({ timeout: 50 });
  impatient.gitea.fail(heldAnswer, { times: 3 });
  await expect(impatient.forge.getPullRequest(1)).rejects.toThrow('no answer in time');
  expect(impatient.told.at(-1)).toBe('GET /pulls/{} timeout');
  await impatient.close();
});

test('law 11: a token that is refused is told without it', async () => {
  const wrong = await startGiteaBench({ token: () => 'ffff-this-is-another-token' });
  const refusal = wrong.forge.getPullRequest(1);
  await expect(refusal).rejects.toThrow(Stalled);
  const error: unknown = await refusal.catch((thrown: unknown) => thrown);
  expect(JSON.stringify([error, String(error)])).not.toContain('another-token');
  await wrong.close();
  const empty = await startGiteaBench({ token: () => 'two\nlines' });
  await expect(empty.forge.getPullRequest(1)).rejects.toThrow('set it anew');
  await empty.close();
});

test('what answers without being Gitea is no answer', async () => {
  for (const body of ['<html>Log in</html>', '[]', '{"number":1}', '']) {
    bench.gitea.fail({ instead: () => new Response(body) }, { times: 3 });
    const failed = bench.forge.getPullRequest(1);
    await expect(failed).rejects.toThrow(ForgeUnavailable);
    await expect(failed).rejects.toThrow("not Gitea's API");
  }
});

test.each([
  ['http://git.example', 'acme/plan', 'must begin with https://'],
  ['https://git.example', 'plan', 'give it as owner/name'],
  ['https://git.example', 'a/b/c', 'give it as owner/name'],
])('%s with %s is refused', (baseUrl, repository, words) => {
  const make = () => new GiteaForge({ baseUrl, repository, base: 'main', token: () => TOKEN });
  expect(make).toThrow(words);
});

test('what holds the emulation to the published API can itself fail', () => {
  const query = new URLSearchParams('state=all&order=desc');
  const pulls = '/repos/acme/plan/pulls';
  expect(requestFaults('GET', pulls, query, undefined)).toEqual([
    'the parameter order is not described',
  ]);
  expect(requestFaults('PUT', pulls, new URLSearchParams(), undefined)).toHaveLength(1);
  expect(requestFaults('POST', pulls, new URLSearchParams(), { title: 1, heads: 'x' })).toEqual([
    'body.title must be a string',
    'body.heads is not described',
  ]);
  expect(requestFaults('POST', `${pulls}/1/merge`, new URLSearchParams(), {})).toEqual([
    'body.Do is missing',
  ]);
  expect(answerFaults('GET', `${pulls}/1`, { number: 1, head: { sha: 2 } })).toEqual([
    'answer.head.sha must be a string',
  ]);
});
