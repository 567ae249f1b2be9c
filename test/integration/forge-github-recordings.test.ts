import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type GitHubBench, startGitHubBench, DRAFT, TOKEN } from '../support/github/bench.ts';
import { requestFaults, responseFaults } from '../support/github/conformance.ts';

/**
 * The emulation is held to what GitHub really answered, as @octokit/fixtures recorded it, where the recordings and the
 * operations that we use overlap. Of a recording every field must be there, with a value of the same kind.
 */
interface Recording {
  method: string;
  path: string;
  body: unknown;
  status: number;
  response: unknown;
  headers: Record<string, string>;
}

function recordings(scenario: string): Recording[] {
  const place = `@octokit/fixtures/scenarios/api.github.com/${scenario}/normalized-fixture.json`;
  const index = fileURLToPath(import.meta.resolve('@octokit/fixtures'));
  const file = index.replace(/index\.js$/, place.slice('@octokit/fixtures/'.length));
  const all: Recording[] = JSON.parse(readFileSync(file, 'utf8'));
  return all;
}

/** What our operations were recorded doing. `put`: their paths, as the emulation has them. */
const OVERLAP = [
  ['get-repository', 'GET', /^\/repos\/[^/]+\/[^/]+$/],
  ['add-labels-to-issue', 'POST', /\/labels$/],
  ['create-status', 'POST', /\/statuses\//],
  ['create-status', 'GET', /\/commits\/[^/]+\/statuses/],
] as const;

/** Fields that GitHub had when it was recorded, and has not described since. */
const GONE = new Set(['allow_forking', 'temp_clone_token', 'organization']);

let bench: GitHubBench;
let commit: string;

beforeEach(async () => {
  bench = await startGitHubBench();
  commit = bench.push();
  await bench.forge.ensurePullRequest(DRAFT);
});
afterEach(() => bench.close());

async function ask(recording: Recording): Promise<Response> {
  const path = recording.path
    .replace(/^\/repos\/[^/]+\/[^/]+/, '/repos/acme/plan')
    .replace(/0{39}\d/, commit);
  return fetch(`${bench.github.url}${path}`, {
    method: recording.method,
    headers: { authorization: `token ${TOKEN}`, 'user-agent': 'test' },
    ...(recording.body ? { body: JSON.stringify(recording.body) } : {}),
  });
}

/** Paths of the fields of a value with the kind of each; of a list, those of its first entry. */
function kinds(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return kinds(value[0], `${path}[]`);
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, each]) => kinds(each, `${path}.${key}`));
}

describe.each(OVERLAP)('%s: %s %s', (scenario, method, pattern) => {
  const found = recordings(scenario).filter(
    (one) => one.method.toUpperCase() === method && pattern.test(one.path),
  );

  test('was recorded, and the description allows it', () => {
    expect(found.length).toBeGreaterThan(0);
    for (const { path, body, status, response } of found) {
      const [place = '', query = ''] = path.split('?');
      const search = new URLSearchParams(query);
      expect(requestFaults(method, place, search, body || undefined)).toEqual([]);
      // The recording is older than the field.
      const faults = responseFaults(method, place, status, response);
      expect(faults.filter((fault) => !fault.includes("'has_discussions'"))).toEqual([]);
    }
  });

  test('is answered with all that was recorded', async () => {
    for (const recording of found) {
      if (method === 'GET') {
        const status = { context: 'example/1', state: 'success', description: 'ok' } as const;
        await bench.forge.setCommitStatus(commit, { ...status, url: 'https://t.example' });
      }
      const answer = await ask(recording);
      expect(answer.status).toBe(recording.status);
      const given = new Set(kinds(await answer.json()));
      // What is null in one may have a value in the other.
      const names = new Set([...given].map((kind) => kind.replace(/: .*$/, '')));
      const missing = kinds(recording.response).filter((kind) => {
        const [name = '', type] = kind.split(': ');
        if ([...GONE].some((gone) => name.startsWith(`.${gone}`))) return false;
        return type === 'object'
          ? ![...names].some((one) => one.startsWith(name))
          : !given.has(kind);
      });
      expect(missing).toEqual([]);
      for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) {
        expect(answer.headers.has(name)).toBe(name in recording.headers);
      }
    }
  });
});

test('a renamed repository answers as it was recorded to', async () => {
  const [moved] = recordings('rename-repository').filter(
    (one) => one.method === 'get' && one.status === 301,
  );
  bench.github.fail({
    instead: () => Response.json(moved!.response, { status: 301, headers: { location: 'x' } }),
  });
  await expect(bench.forge.getPullRequest(1)).rejects.toThrow('set its new name');
});

function relations(link: string): (string | undefined)[] {
  return [...link.matchAll(/rel="(\w+)"/g)].map(([, name]) => name);
}

test('pages are linked as they were recorded', async () => {
  const [first] = recordings('paginate-issues').filter((one) => one.headers['link']);
  for (let i = 0; i < 4; i += 1) bench.github.comment(1, 'olga', `Comment ${i}`);
  const answer = await fetch(
    `${bench.github.url}/repos/acme/plan/issues/1/comments?per_page=3&page=1`,
    { headers: { authorization: `token ${TOKEN}`, 'user-agent': 'test' } },
  );
  expect(relations(answer.headers.get('link')!)).toEqual(relations(first!.headers['link']!));
});
