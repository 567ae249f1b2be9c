import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { loadConfig } from '../config/load.ts';
import type { ConfigInput } from '../config/schema.ts';
import { gitEnvironment } from '../git/environment.ts';
import { GitError, presentable } from '../git/errors.ts';
import { parseRemote, remoteFailure, remoteSettings, secretsOf } from '../git/remote.ts';
import { createForgeCredentials } from './forge-credentials.ts';

const TOKEN = 'a-token-of-the-forge';

async function credentials(url: string, forge: ConfigInput['forge']) {
  const secrets: string[] = [];
  const config = await loadConfig({ env: {}, overrides: { plan: { url }, forge } });
  const made = createForgeCredentials({ config, onSecret: (text) => void secrets.push(text) });
  return { made, secrets };
}

const ofGitHub: ConfigInput['forge'] = {
  type: 'github',
  github: { repository: 'acme/plan', token: TOKEN },
};

test.each<[string, string, ConfigInput['forge'], boolean]>([
  ['github.com', 'https://github.com/acme/plan.git', ofGitHub, true],
  ['another host', 'https://git.example.com/acme/plan.git', ofGitHub, false],
  ['a host of a like name', 'https://github.com.example.org/acme/plan.git', ofGitHub, false],
  ['another port', 'https://github.com:8443/acme/plan.git', ofGitHub, false],
  ['SSH', 'git@github.com:acme/plan.git', ofGitHub, false],
  ['a folder', '/srv/plan.git', ofGitHub, false],
  [
    'an Enterprise server',
    'https://git.acme.example/acme/plan.git',
    {
      type: 'github',
      github: {
        repository: 'acme/plan',
        token: TOKEN,
        baseUrl: 'https://git.acme.example/api/v3',
      },
    },
    true,
  ],
  [
    'Gitea',
    'https://git.acme.example/acme/plan.git',
    {
      type: 'gitea',
      gitea: { repository: 'acme/plan', token: TOKEN, baseUrl: 'https://git.acme.example' },
    },
    true,
  ],
  [
    'GitHub, with the local forge',
    'https://github.com/acme/plan.git',
    { github: { token: TOKEN } },
    true,
  ],
  [
    'another host, with the local forge',
    'https://git.example.com/acme/plan.git',
    { github: { token: TOKEN } },
    false,
  ],
])('law 11: over git, the token goes to the forge alone: %s', async (_name, url, forge, sent) => {
  const { made } = await credentials(url, forge);
  expect(await made.gitToken()).toBe(sent ? TOKEN : undefined);
});

test('law 11: a secret is told to the log before it is used', async () => {
  const webhookSecret = 'a-secret-of-the-webhooks';
  const forge = { ...ofGitHub, gitea: { webhookSecret } };
  const { made, secrets } = await credentials('/srv/plan.git', forge);
  expect(secrets).toEqual([]);
  expect(await made.token()).toBe(TOKEN);
  expect(await made.webhookSecret('gitea')).toBe(webhookSecret);
  expect(await made.webhookSecret('github')).toBeUndefined();
  expect(secrets).toEqual([TOKEN, webhookSecret]);
});

describe('the token of an app', () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  let made: string[];
  let server: Server;
  let host: string;

  // As much of GitHub as makes tokens.
  beforeEach(async () => {
    made = [];
    server = createServer((_request, response) => {
      const token = `ghs_${String(made.length + 1).padStart(36, '0')}`;
      made.push(token);
      const expires = new Date(Date.now() + 3_600_000).toISOString();
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ token, expires_at: expires }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    host = typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  function ofApp(url: string) {
    const app = { id: 'Iv23liTest', installationId: 1, privateKey };
    const github = { repository: 'acme/plan', baseUrl: `http://${host}/api/v3`, app };
    return credentials(url, { type: 'github', github });
  }

  test('law 11: over git, it goes to the forge alone', async () => {
    const urls = [
      'https://github.com/acme/plan.git',
      `http://${host}0/acme/plan.git`,
      `http://localhost:${host.split(':')[1]}/acme/plan.git`,
      `git@${host.split(':')[0]}:acme/plan.git`,
      '/srv/plan.git',
    ];
    for (const url of urls) {
      const { made: other } = await ofApp(url);
      expect(await other.gitToken()).toBeUndefined();
      expect(await other.gitToken('ghs_rejected')).toBeUndefined();
    }
    // It is not even asked for.
    expect(made).toEqual([]);
    const { made: own } = await ofApp(`http://${host}/acme/plan.git`);
    expect(await own.gitToken()).toBe(made[0]);
  });

  test('law 11: each new one is told to the log before it is used, as is the key', async () => {
    const { made: own, secrets } = await ofApp(`http://${host}/acme/plan.git`);
    const first = await own.gitToken();
    expect(first).toMatch(/^ghs_/);
    expect(await own.token()).toBe(first);
    const second = await own.gitToken(first);
    expect([first, second]).toEqual(made);
    expect(await own.token(first)).toBe(second);
    expect(made).toHaveLength(2);
    expect(new Set(secrets)).toEqual(new Set([privateKey, first, second]));
  });

  test('law 11: over git it stands in no argument, and in no error', async () => {
    const url = `http://${host}/acme/plan.git`;
    const token = (await (await ofApp(url)).made.gitToken())!;
    const remote = parseRemote(url);
    const spellings = secretsOf({ token });
    expect(spellings).toContain(Buffer.from(`x-access-token:${token}`).toString('base64'));
    // Settings go by the environment: see `gitEnvironment`.
    const env = gitEnvironment(remoteSettings(remote, { token }));
    const holders = Object.entries(env).filter(([, value]) =>
      spellings.some((spelling) => value.includes(spelling)),
    );
    expect(holders.map(([name]) => name)).toEqual([
      expect.stringMatching(/^GIT_CONFIG_VALUE_\d+$/),
    ]);
    const words = presentable(`fatal: unable to access: ${spellings.join(' ')}`, spellings);
    const error = remoteFailure(new GitError('fetch', 128, `${words} error: 401`), remote);
    for (const spelling of spellings) expect(String(error)).not.toContain(spelling);
  });
});
