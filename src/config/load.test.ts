import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { InvalidInput, messageOf, UserError } from '../model/errors.ts';
import { loadConfig } from './load.ts';
import type { ConfigInput } from './schema.ts';

const MINIMAL = { TRUEUP_PLAN_URL: 'https://git.example/plan.git' };
const TOKEN = 'a-token-of-our-own-0123';

/** A folder with these files; gone when the test is over. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** What is wrong with a file, line by line, without its folder. */
async function faults(options: {
  yaml?: string;
  env?: NodeJS.ProcessEnv;
  overrides?: ConfigInput;
}): Promise<string[]> {
  const { yaml, env = MINIMAL, overrides } = options;
  const folder = folderOf(yaml === undefined ? {} : { 'trueup.yaml': yaml });
  const file = yaml === undefined ? undefined : join(folder, 'trueup.yaml');
  const loading = loadConfig({ file, env, overrides });
  const error: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(InvalidInput);
  return messageOf(error).replaceAll(`${folder}/`, '').split('\n');
}

test('only the plan has no default', async () => {
  expect(await faults({ env: {} })).toEqual([
    'plan.url is missing (set it in the file, or set TRUEUP_PLAN_URL)',
  ]);
  const config = await loadConfig({ env: MINIMAL });
  expect(config).toEqual({
    dataDir: join(process.cwd(), 'trueup-data'),
    plan: {
      url: 'https://git.example/plan.git',
      branch: 'main',
      path: '',
      pollInterval: 60_000,
      maxRemoved: 20,
      allowedSigners: '',
      openpgpHome: '',
    },
    forge: {
      type: 'local',
      github: {
        repository: '',
        baseUrl: 'https://api.github.com',
        tokenFile: '',
        app: { id: '', privateKeyFile: '' },
        webhookSecretFile: '',
        writesPerMinute: 60,
      },
      gitea: { repository: '', baseUrl: '', tokenFile: '', webhookSecretFile: '' },
    },
    server: { host: '127.0.0.1', port: 7440, tokenFile: '', publicUrl: '' },
    runner: {
      concurrency: expect.any(Number),
      timeout: 1_800_000,
      ansiblePlaybook: '',
      vaultPasswordFile: '',
    },
    drift: {
      settle: 300,
      compareInterval: 30_000,
      maxWatched: 250,
      gather: 300,
      maxOpenProposals: 50,
      maxProposalsPerHour: 30,
      windows: '',
      timeZone: 'UTC',
    },
    preview: { timeout: 60_000, checkSites: 10 },
    agents: {
      codeLifetime: 3_600_000,
      lateAfter: 900_000,
      bundleDays: 90,
      bundleCacheMib: 512,
      maxReturnMib: 64,
    },
    metrics: { perSite: 'auto', perSiteLimit: 2_000, access: 'open' },
    log: { level: 'info', format: 'auto' },
  });
  expect(config.runner.concurrency % 4).toBe(0);
});

test('variables win over the file, options over both; empty ones count as not set', async () => {
  const folder = folderOf({
    'trueup.yaml': 'plan: { url: /from/file, branch: file }\nserver:\n  port: 1\n  host: file\n',
  });
  const config = await loadConfig({
    file: join(folder, 'trueup.yaml'),
    env: {
      TRUEUP_SERVER_PORT: '2',
      TRUEUP_SERVER_HOST: '',
      TRUEUP_PLAN_BRANCH: 'variable',
      TRUEUP_METRICS_PER_SITE_LIMIT: '7',
      TRUEUP_TOKEN: 'of the command line',
      PATH: '/bin',
    },
    overrides: { server: { port: 3 }, plan: { branch: undefined } },
  });
  expect(config.server).toMatchObject({ port: 3, host: 'file' });
  expect(config.plan).toMatchObject({ url: '/from/file', branch: 'variable' });
  expect(config.metrics.perSiteLimit).toBe(7);
});

test('every fault is told at once, each where it was made', async () => {
  const yaml = `dataDri: x
plan:
  url: https://bob:hunter22@git.example/x.git
  pollInterval: 60
  brnach: x
  path: ../x
forge:
  type: gitlab
server:
  port: abc
  token: [a]
log: debug
runner:
  timeout: 5 minutes
  concurrency: 0
port: 5
drift: { settle: 1e3, compareInterval: 999ms, maxOpenProposals: 1.5 }
`;
  const env = {
    TRUEUP_SERVER_PORT: '99999',
    TRUEUP_PLAN_POLL_INTERVALL: '5s',
    TRUEUP_METRICS_PER_SITE: 'maybe',
  };
  const form = 'must be a duration with a unit, like 500ms, 30s, 5m, 1h or 7d';
  expect(await faults({ yaml, env })).toEqual([
    'trueup.yaml:1:1: "dataDri" is not a setting (did you mean "dataDir"?)',
    'trueup.yaml:3:3: plan.url must not hold a password: use forge.github.tokenFile, SSH keys or a git credential helper',
    `trueup.yaml:4:3: plan.pollInterval ${form}, not 60`,
    'trueup.yaml:5:3: "brnach" is not a setting of plan (did you mean "branch"?)',
    'trueup.yaml:6:3: plan.path contains ".."',
    'trueup.yaml:8:3: forge.type must be local, github or gitea, not "gitlab"',
    'trueup.yaml:11:3: server.token must be text, not a list',
    'trueup.yaml:12:1: log must be a section, not "debug"',
    `trueup.yaml:14:3: runner.timeout ${form}, not "5 minutes"`,
    'trueup.yaml:15:3: runner.concurrency must be at least 1, not 0',
    'trueup.yaml:16:1: "port" is not a setting (did you mean "server.port"?)',
    `trueup.yaml:17:10: drift.settle ${form}, not 1000`,
    'trueup.yaml:17:23: drift.compareInterval must be at least 1s',
    'trueup.yaml:17:47: drift.maxOpenProposals must be a whole number, not 1.5',
    'TRUEUP_SERVER_PORT: server.port must be at most 65535, not 99999',
    'TRUEUP_METRICS_PER_SITE: metrics.perSite must be auto, on or off, not "maybe"',
    'the environment variable TRUEUP_PLAN_POLL_INTERVALL is no setting (did you mean TRUEUP_PLAN_POLL_INTERVAL?)',
  ]);
});

test.each([
  ['plan: {url: a', 'trueup.yaml:1:14: '],
  ['plan:\n  url: a\n  url: b\n', 'trueup.yaml:3:3: Map keys must be unique'],
  ['- a\n', 'trueup.yaml:1:1: the configuration must be a map of settings'],
  ['just text', 'trueup.yaml:1:1: the configuration must be a map of settings'],
  ['a: 1\n---\nb: 2\n', 'trueup.yaml:2:1: '],
  ['? [a]\n: b\n', 'trueup.yaml:1:3: '],
  ['a: *nowhere\n', 'trueup.yaml:1:4: '],
  ['a: !secret x\n', 'trueup.yaml:1:4: '],
])('what is no YAML map is refused with its position: %j', async (yaml, expected) => {
  expect((await faults({ yaml }))[0]).toContain(expected);
});

test('an empty file, and empty sections, say nothing', async () => {
  for (const text of ['', '# nothing\n', 'plan:\nserver:\n  port:\n  host: null\n']) {
    const file = join(folderOf({ 'trueup.yaml': text }), 'trueup.yaml');
    expect((await loadConfig({ file, env: MINIMAL })).server.port).toBe(7440);
  }
});

test('a file that cannot be read is one clear error', async () => {
  const folder = folderOf({
    'large.yaml': '#'.repeat(2 * 1024 * 1024),
    'latin1.yaml': '',
    'bomb.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]\n`)
      .join('')}`,
  });
  writeFileSync(join(folder, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0xe4]));
  for (const [name, fault] of [
    ['none.yaml', 'ENOENT'],
    ['', 'EISDIR'],
    ['large.yaml', 'larger than 1024 KiB'],
    ['latin1.yaml', 'not valid'],
    ['bomb.yaml', 'alias'],
  ]) {
    const loading = loadConfig({ file: join(folder, name!), env: MINIMAL });
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(fault);
  }
});

test('durations', async () => {
  for (const [text, ms] of Object.entries({
    '1s': 1_000,
    '1500ms': 1_500,
    '1.5s': 1_500,
    '5m': 300_000,
    '2h': 7_200_000,
    '7d': 604_800_000,
  })) {
    const config = await loadConfig({ env: { ...MINIMAL, TRUEUP_PLAN_POLL_INTERVAL: text } });
    expect(config.plan.pollInterval).toBe(ms);
  }
  for (const text of ['30', '-1s', '1 s', '1w', 's', '1S', '', '1e3s', '0x1s', '99d']) {
    const overrides = { drift: { settle: text } };
    const [fault] = await faults({ overrides });
    expect(fault).toMatch(/^drift\.settle must be (?:a duration|at most 24d)/);
  }
});

test('where git would run a program or be led astray, the address of the plan is refused', async () => {
  for (const url of [
    '',
    '-u./pwn',
    '--upload-pack=touch /tmp/pwned',
    'ext::sh -c id',
    'https://user:hunter22@git.example/plan.git',
    'ftp://git.example/plan.git',
  ]) {
    const [fault] = await faults({ overrides: { plan: { url } } });
    expect(fault).toMatch(/^plan\.url (?:must|is empty)/);
    expect(fault).not.toContain('hunter22');
  }
  for (const url of [
    'ssh://git@git.example/plan.git',
    'git@git.example:acme/plan.git',
    'https://token@git.example/plan.git',
    'file:///srv/plan.git',
    '/srv/plan.git',
  ]) {
    const config = await loadConfig({ env: {}, overrides: { plan: { url } } });
    expect(config.plan.url).toBe(url);
  }
});

test.each([
  ['plan', 'branch', ['-x', 'a..b', 'a b', 'x.lock', 'a//b', '/a', 'a/', '@{u}', 'a\nb', '']],
  ['plan', 'path', ['/etc', 'a/../b', '.git', 'a\0b', '-x']],
  ['server', 'publicUrl', ['trueup.example.com', 'javascript:alert(1)', 'https://a:b@c']],
  ['server', 'host', ['']],
  ['server', 'token', ['too-short', '']],
  ['server', 'port', [-1, 65_536, 1.5, '80']],
  ['log', 'level', ['loud', 5]],
] as const)('%s.%s is checked', async (section, name, values) => {
  for (const value of values) {
    const [fault] = await faults({ overrides: { [section]: { [name]: value } } });
    expect(fault).toMatch(new RegExp(`^${section}\\.${name} `));
  }
});

test('GitHub needs a repository and a token', async () => {
  const forge = { type: 'github' as const };
  expect(await faults({ overrides: { forge } })).toEqual([
    'forge.github.repository is needed where forge.type is github',
    'forge.github.tokenFile is needed where forge.type is github (or forge.github.token)',
  ]);
  expect(
    await faults({ overrides: { forge: { ...forge, github: { repository: 'x', token: TOKEN } } } }),
  ).toEqual(['forge.github.repository must be owner/name, like acme/edge-plan']);
  const { github } = (
    await loadConfig({
      env: { ...MINIMAL, TRUEUP_FORGE_TYPE: 'github', TRUEUP_FORGE_GITHUB_TOKEN: TOKEN },
      overrides: { forge: { github: { repository: 'acme/edge-plan' } } },
    })
  ).forge;
  expect(github.token?.reveal()).toBe(TOKEN);
});

test('Gitea needs a repository, an address and a token', async () => {
  const forge = { type: 'gitea' as const };
  expect(await faults({ overrides: { forge } })).toEqual([
    'forge.gitea.repository is needed where forge.type is gitea',
    'forge.gitea.baseUrl is needed where forge.type is gitea',
    'forge.gitea.tokenFile is needed where forge.type is gitea (or forge.gitea.token)',
  ]);
  const gitea = { repository: 'acme/edge-plan', baseUrl: 'git.example', token: TOKEN };
  expect(await faults({ overrides: { forge: { ...forge, gitea } } })).toEqual([
    'forge.gitea.baseUrl must be an https or http address',
  ]);
});

function forge(app: object, more: object = {}): ConfigInput {
  return { forge: { type: 'github', github: { repository: 'acme/edge-plan', app, ...more } } };
}

test('a GitHub App needs its key, and stands in the place of a token', async () => {
  expect(await faults({ overrides: forge({ id: '17' }) })).toEqual([
    'forge.github.app.privateKeyFile is needed where forge.type is github',
  ]);
  const folder = folderOf({ 'key.pem': '-----BEGIN KEY-----\n', hook: 'a-secret-of-webhooks' });
  const privateKeyFile = join(folder, 'key.pem');
  expect(
    await faults({ overrides: forge({ id: '17', privateKeyFile }, { token: TOKEN }) }),
  ).toEqual(['forge.github.tokenFile set this or forge.github.app, not both']);
  const webhookSecretFile = join(folder, 'hook');
  const overrides = forge({ id: 17, privateKeyFile }, { webhookSecretFile });
  expect(await faults({ overrides: forge({ id: 'a b', privateKeyFile }) })).toEqual([
    'forge.github.app.id must be the id or client id of a GitHub App, not "a b"',
  ]);
  const { github } = (await loadConfig({ env: MINIMAL, overrides })).forge;
  expect(github.app.id).toBe('17');
  expect(github.app.privateKey?.reveal()).toBe('-----BEGIN KEY-----');
  expect(github.webhookSecret?.reveal()).toBe('a-secret-of-webhooks');
});

test('law 11: a fault does not show the secret that it is about', async () => {
  const yaml =
    'plan: { url: x }\nforge:\n  github: { webhookSecret: too-short, token: as-short, app: { privateKey: [7] } }\n';
  const told = await faults({ yaml });
  expect(told).toHaveLength(3);
  expect(told.join()).not.toMatch(/too-short|as-short|\b7\b/);
});

test('a token may be in a file; whichever was given last counts', async () => {
  const folder = folderOf({
    'trueup.yaml': 'server:\n  tokenFile: token\nplan: { url: plan }\n',
    token: `${TOKEN}\n`,
    other: 'another-token-of-ours',
    empty: '\n',
  });
  const file = join(folder, 'trueup.yaml');
  const tokenOf = async (env: NodeJS.ProcessEnv, overrides?: ConfigInput) =>
    (await loadConfig({ file, env, overrides })).server.token?.reveal();
  expect(await tokenOf({})).toBe(TOKEN);
  expect(await tokenOf({ TRUEUP_SERVER_TOKEN: 'from-the-variable' })).toBe('from-the-variable');
  expect(
    await tokenOf(
      { TRUEUP_SERVER_TOKEN: 'from-the-variable' },
      { server: { tokenFile: join(folder, 'other') } },
    ),
  ).toBe('another-token-of-ours');

  const both = { server: { token: TOKEN, tokenFile: join(folder, 'other') } };
  expect(await faults({ overrides: both })).toEqual([
    'server.tokenFile: set this or server.token, not both',
  ]);
  for (const name of ['empty', 'missing']) {
    const tokenFile = join(folder, name);
    const [fault] = await faults({ overrides: { server: { tokenFile } } });
    expect(fault).toMatch(/^server\.tokenFile: (?:cannot read )?the secret .*(?:empty|ENOENT)/);
  }
  const unused = { forge: { github: { tokenFile: join(folder, 'missing') } } };
  expect((await loadConfig({ env: MINIMAL, overrides: unused })).forge.type).toBe('local');
});

test('paths are relative to the file that they stand in, or to the current folder', async () => {
  const folder = folderOf({
    'trueup.yaml':
      'dataDir: data\nplan: { url: ../plan }\nrunner: { ansiblePlaybook: bin/ansible-playbook }\n',
  });
  const file = join(folder, 'trueup.yaml');
  const config = await loadConfig({
    file,
    env: { TRUEUP_RUNNER_VAULT_PASSWORD_FILE: 'vault-password' },
  });
  expect(config.dataDir).toBe(join(folder, 'data'));
  expect(config.plan.url).toBe(join(tmpdir(), 'plan'));
  expect(config.runner).toMatchObject({
    ansiblePlaybook: join(folder, 'bin/ansible-playbook'),
    vaultPasswordFile: join(process.cwd(), 'vault-password'),
  });
  const bare = await loadConfig({
    file,
    env: {},
    overrides: { runner: { ansiblePlaybook: 'ansible-playbook' } },
  });
  expect(bare.runner.ansiblePlaybook).toBe('ansible-playbook');
});

test('law 11: nothing prints a secret by accident', async () => {
  const config = await loadConfig({ env: { ...MINIMAL, TRUEUP_SERVER_TOKEN: TOKEN } });
  const { token } = config.server;
  for (const text of [
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true, getters: true }),
    String(token),
    inspect(token, { showHidden: true }),
    JSON.stringify(Object.entries(token ?? {})),
  ]) {
    expect(text).not.toContain(TOKEN);
  }
  expect(JSON.stringify(config.server)).toContain('"token":"•••"');
  expect(token?.reveal()).toBe(TOKEN);
  expect(await faults({ env: { ...MINIMAL, TRUEUP_SERVER_TOKEN: 'short-secret' } })).toEqual([
    'TRUEUP_SERVER_TOKEN: server.token is too short: it must have at least 16 characters',
  ]);
});

test('names that JavaScript gives to every object are unknown like any other', async () => {
  const yaml = '__proto__: { port: 1 }\nserver: { constructor: 1, toString: 2 }\n';
  expect(await faults({ yaml })).toEqual([
    'trueup.yaml:1:1: "__proto__" is not a setting',
    'trueup.yaml:2:11: "constructor" is not a setting of server',
    'trueup.yaml:2:27: "toString" is not a setting of server',
  ]);
});
