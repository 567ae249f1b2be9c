import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  BRANCH,
  DRAFT,
  startGitHubBench,
  TOKEN,
  type GitHubBench,
} from '../support/github/bench.ts';
import { refused } from '../support/github/faults.ts';

let bench: GitHubBench;

beforeEach(async () => {
  bench = await startGitHubBench();
});
afterEach(() => bench.close());

async function open(): Promise<string> {
  const head = bench.push();
  await bench.forge.ensurePullRequest(DRAFT);
  return head;
}

function git(...args: string[]): Promise<unknown> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return promisify(execFile)('git', [...identity, ...args], {
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
  });
}

test('a branch pushed over HTTP becomes a pull request', async () => {
  const { github, forge } = bench;
  const folder = mkdtempSync(join(tmpdir(), 'clone-'));
  try {
    const url = github.gitUrl.replace('://', `://x-access-token:${TOKEN}@`);
    const denied = git('clone', '-q', github.gitUrl, join(folder, 'denied'));
    await expect(denied).rejects.toThrow('could not read Username');
    await git('clone', '-q', url, join(folder, 'plan'));
    await git('-C', join(folder, 'plan'), 'checkout', '-q', '-b', BRANCH);
    await git('-C', join(folder, 'plan'), 'commit', '-q', '--allow-empty', '-m', 'Adopt');
    await git('-C', join(folder, 'plan'), 'push', '-q', 'origin', BRANCH);
    expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({
      number: 1,
      head: github.repository.branchCommit(BRANCH),
    });
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 10 });
  }
});

test('says who merged or closed it on its page', async () => {
  const { github, forge } = bench;
  await open();
  const mergeCommit = github.mergePull(1, 'carol');
  expect(await forge.getPullRequest(1)).toMatchObject({
    state: 'merged',
    decidedBy: 'carol',
    mergeCommit,
  });
  const branch = 'trueup/oslo-01/77aa';
  github.repository.commit(branch, { 'sites/oslo-01.yaml': 'a: 1\n' });
  await forge.ensurePullRequest({ ...DRAFT, branch });
  github.closePull(2, 'dave');
  expect(await forge.findPullRequest(branch)).toMatchObject({
    state: 'closed',
    decidedBy: 'dave',
  });
});

test('says in a comment who had it closed, with no mention or markup', async () => {
  const { github, forge } = bench;
  await open();
  await forge.closePullRequest(1, '@acme/ops `x`');
  expect(github.comments.map(({ body }) => body)).toEqual([
    "<!-- trueup:decision -->\nClosed by `@acme/ops 'x'`.",
  ]);
});

/** Looks until mergeability, which GitHub works out beside, is known and looking costs nothing. */
async function settled(look: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    const { mergeable } = await bench.forge.mergeResult(1);
    const before = bench.remaining();
    await look();
    if (mergeable !== undefined && bench.remaining() === before) return;
  }
  throw new Error('looking went on to cost something');
}

test('polling what has not changed costs nothing of the rate limit', async () => {
  const { forge, github, told } = bench;
  await open();
  await settled(() => forge.getPullRequest(1));
  const before = await forge.getPullRequest(1);
  const left = bench.remaining();
  told.length = 0;
  expect(await forge.getPullRequest(1)).toEqual(before);
  expect(told).toEqual(['GET /pulls/{pull_number} 304']);
  expect(bench.remaining()).toBe(left);
  await forge.updatePullRequest(1, { title: 'New title' });
  expect(await forge.getPullRequest(1)).toMatchObject({ title: 'New title' });
  github.mergePull(1);
  expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged' });
});

test('looking again at anything that has not changed costs nothing of the rate limit', async () => {
  const { forge, told } = bench;
  await open();
  await forge.ensureComment(1, 'preview', 'One');
  const look = async (): Promise<void> => {
    await forge.listOpenPullRequests('main');
    await forge.listComments(1);
    await forge.changedFiles(1);
    await forge.permissionOf('maintainer');
    await forge.findPullRequest(BRANCH);
  };
  await settled(look);
  const before = bench.remaining();
  const from = told.length;
  await look();
  expect(bench.remaining()).toBe(before);
  expect(new Set(told.slice(from).map((line) => line.slice(-3)))).toEqual(new Set(['304']));
});

test('requests that change something are sent one at a time, and not too many', async () => {
  const paced = await startGitHubBench({ writesPerMinute: 15 });
  const commit = paced.push();
  const status = { context: 'c', state: 'success', description: 'd' } as const;
  const all = Array.from({ length: 8 }, (_, i) =>
    paced.forge.setCommitStatus(commit, { ...status, context: `c${i}` }),
  );
  const ended = Promise.allSettled(all);
  // Fifteen a minute are five in twenty seconds: the others wait for theirs.
  await Promise.all(all.slice(0, 5));
  expect(paced.github.statuses).toHaveLength(5);
  await paced.close();
  void ended;
});

test('finds its comment among many, on whatever page', async () => {
  const { forge, github } = bench;
  await open();
  for (let i = 0; i < 250; i += 1) github.comment(1, 'erin', `Comment ${i}`);
  await forge.ensureComment(1, 'preview', 'Two sites change.');
  for (let i = 0; i < 60; i += 1) github.comment(1, 'erin', `Later comment ${i}`);
  await forge.ensureComment(1, 'preview', 'Three sites change.');
  const own = github.comments.filter(({ user }) => user === 'trueup-bot');
  expect(own.map(({ body }) => body)).toEqual(['<!-- trueup:preview -->\nThree sites change.']);
});

test("leaves alone a comment of somebody else's that carries our marker", async () => {
  const { forge, github } = bench;
  await open();
  github.comment(1, 'mallory', '<!-- trueup:preview -->\nNothing changes, trust me.');
  await forge.ensureComment(1, 'preview', 'Two sites change.');
  expect(github.comments.map(({ user, body }) => [user, body.split('\n')[1]])).toEqual([
    ['mallory', 'Nothing changes, trust me.'],
    ['trueup-bot', 'Two sites change.'],
  ]);
});

test('an app, which has no account, knows its comments as those of a bot', async () => {
  const { forge, github } = bench;
  await open();
  github.fail(refused(403, 'Resource not accessible by integration'), { on: /^GET \/user$/ });
  github.comment(1, 'mallory', '<!-- trueup:preview -->\nNothing changes, trust me.');
  github.comment(1, 'trueup[bot]', '<!-- trueup:preview -->\nOld.');
  await forge.ensureComment(1, 'preview', 'New.');
  expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual([
    'Nothing changes, trust me.',
    'New.',
  ]);
});

test('of several comments that lost answers have left, the oldest stays', async () => {
  const { forge, github } = bench;
  await open();
  for (const text of ['A', 'B', 'C']) {
    github.comment(1, 'trueup-bot', `<!-- trueup:preview -->\n${text}`);
  }
  await forge.ensureComment(1, 'preview', 'Now.');
  expect(github.comments).toMatchObject([{ id: 1, body: '<!-- trueup:preview -->\nNow.' }]);
});

test('asks for nothing that is there already', async () => {
  const { forge } = bench;
  const head = await open();
  const status = { context: 'trueup/render', state: 'success', description: 'ok' } as const;
  const verbs = [
    () => forge.ensurePullRequest(DRAFT),
    () => forge.ensureComment(1, 'preview', 'Two sites change.'),
    () => forge.updatePullRequest(1, { title: 'New title', body: 'New body' }),
    () => forge.setCommitStatus(head, status),
  ];
  for (const verb of verbs) await verb();
  const writes = bench.sent(/^(?:POST|PATCH|PUT)/);
  for (const verb of verbs) await verb();
  expect(bench.sent(/^(?:POST|PATCH|PUT)/)).toBe(writes);
});

test('tells of every request, by the name that GitHub’s documentation gives it', async () => {
  await open();
  expect(bench.told).toEqual([
    'GET /pulls 200',
    'POST /pulls 201',
    'POST /issues/{issue_number}/labels 200',
  ]);
  expect(bench.remaining()).toBe(4997);
});

test('speaks to an Enterprise server', async () => {
  const enterprise = await startGitHubBench({ apiPath: '/api/v3' });
  try {
    expect(enterprise.github.url).toMatch(/\/api\/v3$/);
    enterprise.push();
    expect(await enterprise.forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
  } finally {
    await enterprise.close();
  }
});

test('merges in the way that it is told to', async () => {
  const squashing = await startGitHubBench({ mergeMethod: 'squash' });
  try {
    const head = squashing.push();
    await squashing.forge.ensurePullRequest(DRAFT);
    await expect(squashing.forge.mergePullRequest(1, head, 'alice')).rejects.toThrow(
      'Squash and rebase merges are not allowed on this repository.',
    );
  } finally {
    await squashing.close();
  }
});
