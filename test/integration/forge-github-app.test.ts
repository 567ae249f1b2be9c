import { generateKeyPairSync } from 'node:crypto';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { ForgeUnavailable } from '../../src/forge/errors.ts';
import { appJwt, AppToken, type AppTokenOptions } from '../../src/forge/github/app-token.ts';
import { GitHubForge } from '../../src/forge/github/github-forge.ts';
import { Stalled } from '../../src/model/errors.ts';
import { DRAFT, TOKEN } from '../support/github/bench.ts';
import { badGateway, refused } from '../support/github/faults.ts';
import { startGitHub, type FakeGitHub } from '../support/github/server.ts';

const MINUTE = 60_000;
const pem = { type: 'pkcs1', format: 'pem' } as const;
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: pem,
});
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem);

let github: FakeGitHub;
let now: number;

beforeEach(async () => {
  const app = { id: 'Iv23liTest', publicKey };
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN, app });
  now = 0;
});
afterEach(async () => {
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

function appToken(change: Partial<AppTokenOptions> = {}): AppToken {
  return new AppToken({
    appId: 'Iv23liTest',
    privateKey: async () => privateKey,
    repository: { owner: 'acme', repo: 'plan' },
    baseUrl: github.url,
    now: () => now,
    ...change,
  });
}

function made(): number {
  return github.requests.filter(({ path }) => path.endsWith('/access_tokens')).length;
}

test('an app has short-lived tokens, made once and renewed before their end', async () => {
  const app = appToken();
  const all = await Promise.all([app.token(), app.token(), app.token()]);
  expect(new Set(all).size).toBe(1);
  expect(all[0]).toMatch(/^ghs_/);
  now = 49 * MINUTE;
  expect(await app.token()).toBe(all[0]);
  expect(made()).toBe(1);
  now = 51 * MINUTE;
  expect(await app.token()).not.toBe(all[0]);
  expect(made()).toBe(2);
});

test('a wrong clock of ours makes no difference to when a token is renewed', async () => {
  const app = appToken({ wallClock: () => Date.now() - 30_000 });
  const first = await app.token();
  now = 45 * MINUTE;
  expect(await app.token()).toBe(first);
});

test('while GitHub is away, a token serves until it ends', async () => {
  const app = appToken();
  const first = await app.token();
  now = 55 * MINUTE;
  github.fail(badGateway(), { times: 20 });
  expect(await app.token()).toBe(first);
  now = 59.5 * MINUTE;
  await expect(app.token()).rejects.toThrow(ForgeUnavailable);
});

test('the forge works with an app, and replaces a token that was revoked', async () => {
  const app = appToken();
  const forge = new GitHubForge({
    repository: 'acme/plan',
    baseUrl: github.url,
    token: (rejected) => app.token(rejected),
    account: () => app.login(),
    writesPerMinute: 60_000,
  });
  github.repository.commit(DRAFT.branch, { 'a.yaml': 'a: 1\n' });
  expect(await forge.ensurePullRequest(DRAFT)).toMatchObject({ number: 1 });
  github.state.app.tokens.clear();
  github.state.account = 'trueup-test[bot]';
  await forge.ensureComment(1, 'preview', 'One');
  await forge.ensureComment(1, 'preview', 'Two');
  expect(made()).toBe(2);
  expect(github.comments.map(({ body }) => body)).toEqual(['<!-- trueup:preview -->\nTwo']);
  expect(await forge.listComments(1)).toMatchObject([
    { author: 'trueup-test[bot]', marker: 'preview' },
  ]);
});

test('a new token that is rejected as well is told: no third one is made', async () => {
  const app = appToken();
  const forge = new GitHubForge({
    repository: 'acme/plan',
    baseUrl: github.url,
    token: (rejected) => app.token(rejected),
  });
  github.fail(refused(401, 'Bad credentials'), { on: /\/pulls\/1$/, times: 9 });
  await expect(forge.getPullRequest(1)).rejects.toThrow(Stalled);
  expect(made()).toBe(2);
  expect(github.requests.filter(({ path }) => path.endsWith('/pulls/1'))).toHaveLength(2);
});

test.each<[string, Partial<AppTokenOptions>, RegExp]>([
  ['an unknown app', { appId: '1' }, /check the app's id and private key/],
  ['another key', { privateKey: async () => other }, /check the app's id and private key/],
  ['no key', { privateKey: async () => 'ghp_not_a_key' }, /must be the PEM file/],
  ['a clock that is wrong', { wallClock: () => 0 }, /this machine's clock/],
  ['an unknown installation', { installationId: 1 }, /is installed for the repository/],
])('law 11: %s is told without the key', async (_name, change, words) => {
  const failed = appToken(change).token();
  await expect(failed).rejects.toThrow(Stalled);
  await expect(failed).rejects.toThrow(words);
  const error: unknown = await failed.catch((thrown: unknown) => thrown);
  expect(JSON.stringify([error, String(error)])).not.toMatch(/MII|ghp_|eyJ/);
});

test('the token of the app is as RFC 7519 has it', () => {
  const [head, claims] = appJwt('17', privateKey, 1_700_000_000_999).split('.');
  expect(JSON.parse(Buffer.from(head!, 'base64url').toString())).toEqual({
    alg: 'RS256',
    typ: 'JWT',
  });
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toEqual({
    iat: 1_699_999_940,
    exp: 1_700_000_480,
    iss: '17',
  });
});
