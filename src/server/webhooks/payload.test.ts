import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { assert, jsonValue, property, string } from 'fast-check';
import { expect, test } from 'vitest';

import { eventLabel, nudgesOf } from './payload.ts';

interface Example {
  name: string;
  examples: { ref?: string; repository?: { full_name: string } }[];
}

const FILE = fileURLToPath(
  import.meta.resolve('@octokit/webhooks-examples/api.github.com/index.json'),
);
/** Payloads that GitHub really sent: https://github.com/octokit/webhooks */
const REAL: Example[] = JSON.parse(readFileSync(FILE, 'utf8'));
const SUBJECT = { repository: 'Codertocat/Hello-World', branch: 'master' };

function real(event: string): Example['examples'] {
  return REAL.find(({ name }) => name === event)?.examples ?? [];
}

test('law 8: no payload of GitHub says more than where to look', () => {
  const told = REAL.flatMap(({ name, examples }) =>
    examples.flatMap((each) => nudgesOf(name, each, SUBJECT) ?? []),
  );
  expect(told.length).toBeGreaterThan(20);
  for (const nudge of told) expect(['plan', 'pullRequest']).toContain(Object.keys(nudge).join());
});

test('pull requests of GitHub are looked at, and the plan, which may hold them', () => {
  const nudges = real('pull_request').map((each) => nudgesOf('pull_request', each, SUBJECT));
  expect(nudges.length).toBeGreaterThan(5);
  expect(nudges).toContainEqual([{ plan: true }, { pullRequest: 2 }]);
});

test('a push to the plan’s branch is, one to another branch or a tag is not', () => {
  const [push] = real('push').filter(({ ref }) => ref?.startsWith('refs/heads/'));
  const at = (ref: string) => nudgesOf('push', { ...push, ref }, SUBJECT);
  expect(at('refs/heads/master')).toEqual([{ plan: true }]);
  for (const ref of ['refs/heads/Master', 'refs/heads/x/master', 'refs/tags/master', 'master']) {
    expect(at(ref)).toEqual([]);
  }
});

test('another repository is none of ours; names differ by more than case', () => {
  const push = { ref: 'refs/heads/main', repository: { full_name: 'ACME/plan' } };
  const about = (repository: string) => nudgesOf('push', push, { repository, branch: 'main' });
  expect(about('acme/plan')).toEqual([{ plan: true }]);
  expect(about('')).toEqual([{ plan: true }]);
  expect(about('acme/plans')).toEqual([]);
});

test.each([
  ['GitHub, on a pull request', { issue: { number: 7, pull_request: { url: 'x' } } }, true],
  ['GitHub, on an issue', { issue: { number: 7 } }, false],
  ['Gitea, on a pull request', { issue: { number: 7, pull_request: null }, is_pull: true }, true],
  ['Gitea, on an issue', { issue: { number: 7, pull_request: null }, is_pull: false }, false],
])('a comment: %s', (_name, payload, pull) => {
  const full = { ...payload, repository: { full_name: 'acme/plan' } };
  const nudges = nudgesOf('issue_comment', full, { repository: 'acme/plan', branch: 'main' });
  expect(nudges).toEqual(pull ? [{ pullRequest: 7 }] : []);
});

test('pull requests of Gitea, whose events have longer names as well', () => {
  const payload = {
    repository: { full_name: 'acme/plan' },
    pull_request: { number: 3, base: { ref: 'main' } },
  };
  for (const event of ['pull_request', 'pull_request_approved', 'pull_request_comment']) {
    const nudges = nudgesOf(event, payload, { repository: 'acme/plan', branch: 'main' });
    expect(nudges).toEqual([{ plan: true }, { pullRequest: 3 }]);
  }
  expect(nudgesOf('pull_request', payload, { repository: '', branch: 'next' })).toEqual([]);
});

test('what is no payload is told from one that is of no use', () => {
  assert(
    property(string(), jsonValue(), (event, payload) => {
      const none = event === 'ping' ? [] : undefined;
      expect(nudgesOf(event, payload, SUBJECT)).toEqual(none);
    }),
  );
  const base = { repository: { full_name: SUBJECT.repository } };
  for (const number of [-1, 1.5, '1', 2 ** 60, null]) {
    const pull = { ...base, pull_request: { number, base: { ref: 'master' } } };
    expect(nudgesOf('pull_request', pull, SUBJECT)).toBeUndefined();
  }
});

test('metrics have few names of events', () => {
  const names = REAL.map(({ name }) => eventLabel(name));
  expect(new Set(names).size).toBeLessThanOrEqual(10);
  expect(eventLabel('push')).toBe('push');
  expect(eventLabel('constructor')).toBe('other');
  expect(eventLabel(undefined)).toBe('other');
});
