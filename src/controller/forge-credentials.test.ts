import { expect, test } from 'vitest';

import { loadConfig } from '../config/load.ts';
import type { ConfigInput } from '../config/schema.ts';
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
