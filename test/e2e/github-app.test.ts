import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { secretForms } from '../../src/model/redact.ts';
import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import { canMakeCertificates, makeCertificate } from '../support/own-authority.ts';
import { lastLines, ServiceProcess, TOKEN } from '../support/service-process.ts';
import { skipFor } from '../support/tools.ts';
import { eventually } from '../support/wait.ts';
import { makeHosts, pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

/** A controller that is a GitHub App, in front of an Enterprise server whose certificate only its owner has signed. */

const ALL = 'group_vars/all.yml';
const NEVER = 1_000_000_000;
const WITHOUT = canMakeCertificates() ? undefined : 'openssl is missing, which makes certificates';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const Sites = z.object({ items: z.array(z.object({ state: z.string() })) });

let folder: string;
let github: FakeGitHub;
let world: World;
let controller: ServiceProcess;
let api: string;
/** The command line of every git that the controller has started. */
let gitCalls: string;

beforeAll(async () => {
  if (WITHOUT !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'trueup-app-'));
  const tls = makeCertificate(folder);
  github = await startGitHub({
    owner: 'acme',
    repo: 'plan',
    // Nobody is told this one: there is no way in but by the app.
    token: randomUUID(),
    apiPath: '/api/v3',
    app: { id: 'Iv23liTest', publicKey },
    tls,
  });
  github.state.account = 'trueup-test[bot]';
  world = await World.create(pairPlan, { origin: github.gitDirectory, force: true });
  await makeHosts(world);
  const privateKeyFile = join(folder, 'app.pem');
  await writeFile(privateKeyFile, privateKey, { mode: 0o600 });
  gitCalls = join(folder, 'git-calls');
  const app = { id: 'Iv23liTest', privateKeyFile };
  controller = await ServiceProcess.start(world, {
    dieAt: NEVER,
    config: {
      plan: { url: github.gitUrl },
      forge: {
        type: 'github',
        github: { repository: 'acme/plan', baseUrl: github.url, app, writesPerMinute: 60_000 },
      },
    },
    env: {
      NODE_EXTRA_CA_CERTS: tls.authority,
      GIT_SSL_CAINFO: tls.authority,
      PATH: `${await listeningGit()}:${process.env['PATH']}`,
    },
  });
  api = `${await controller.listening}/api/v1`;
});
afterAll(async () => {
  if (WITHOUT !== undefined) return;
  await controller.kill('group');
  await world.remove();
  await github.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

/** A folder with a git that writes down how it was called, and then is git. */
async function listeningGit(): Promise<string> {
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${gitCalls}'\nexec '${real}' "$@"\n`;
  await writeFile(join(bin, 'git'), script, { mode: 0o755 });
  return bin;
}

async function until<T>(what: string, look: () => T | undefined | false | Promise<T>): Promise<T> {
  return eventually(what, look, { tell: () => lastLines(world, 15) });
}

function synced(): Promise<boolean> {
  return until('all is applied', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { items } = Sites.parse(await (await fetch(`${api}/sites`, { headers })).json());
    if (items.length === 2 && items.every(({ state }) => state === 'synced')) return true;
    throw new Error(items.map(({ state }) => state).join());
  });
}

function tokensMade(): string[] {
  return [...github.state.app.tokens.keys()];
}

function asked(from = 0): { status: number; password: string; name: string; url: string }[] {
  return github.gitRequests.slice(from);
}

/** Law 11: no token shows in a command line, the log, or what the forge was told. */
function expectNothingTold(): void {
  const secrets = [...tokensMade(), privateKey.split('\n')[1]!];
  const forms = secrets.flatMap((secret) => [
    ...secretForms(secret),
    ...secretForms(`x-access-token:${secret}`),
  ]);
  const calls = readFileSync(gitCalls, 'utf8');
  expect(calls).toContain('fetch');
  const log = readFileSync(join(world.root, 'controller.log'), 'utf8');
  const told = JSON.stringify([github.pulls, github.comments, github.statuses]);
  for (const form of forms) {
    for (const text of [calls, log, told]) expect(text.includes(form)).toBe(false);
  }
}

test('an app fetches the plan, pushes its proposals, and takes a new token for one that is no good any more', async (context) => {
  skipFor(context, WITHOUT);
  await synced();
  const [first, ...none] = tokensMade();
  expect(none).toEqual([]);
  expect(first).toMatch(/^ghs_/);
  await world.edit('lisbon', ALL, 'motd: Welcome', 'motd: Hello');
  const pull = await until('it is proposed', () => github.pulls[0]);
  expect(pull.user).toBe('trueup-test[bot]');
  expect(github.repository.branchCommit(pull.branch)).toBe(pull.head);
  expect(asked().some(({ url }) => url.endsWith('/git-receive-pack'))).toBe(true);
  for (const one of asked()) {
    expect(one).toMatchObject({ name: 'x-access-token', password: first, status: 200 });
  }

  // It ends early, as when somebody suspends the app and takes that back.
  github.state.app.tokens.set(first!, 0);
  const from = github.gitRequests.length;
  const commit = await world.commit('Another clock', {
    'layers/common.yaml': (await world.planFile('layers/common.yaml')).replace('.2.1', '.2.9'),
  });
  await until('that is fetched', () =>
    github.statuses.some((status) => status.commit === commit && status.state === 'success'),
  );
  await world.edit('porto', ALL, 'motd: Welcome', 'motd: Hi');
  await until('another is proposed', () => github.pulls[1]);
  // One new token, for the API and git alike; the old one is not sent again once it was refused.
  const [, second, ...more] = tokensMade();
  expect(more).toEqual([]);
  const passwords = asked(from).map(({ password }) => password);
  expect(passwords.lastIndexOf(first!)).toBeLessThan(passwords.indexOf(second!));
  expect(new Set(passwords.slice(passwords.indexOf(second!)))).toEqual(new Set([second]));
  for (const { status, password } of asked(from)) {
    expect(status).toBe(password === second ? 200 : 401);
  }
  github.mergePull(pull.number);
  await until('the plan has learnt it', async () => {
    const file = await world.readSite('lisbon', 'base/files/ntp.conf');
    const text = await world.readSite('lisbon', ALL);
    return file.includes('192.0.2.9') && text.includes('motd: Hello');
  });
  expectNothingTold();
});

test('while GitHub gives the app no token, that is said; once it does, all goes on', async (context) => {
  skipFor(context, WITHOUT);
  await until('there is a token', () => tokensMade().length > 0);
  const before = tokensMade().length;
  const { publicKey: known } = github.state.app;
  github.state.app.publicKey = '';
  for (const token of tokensMade()) github.state.app.tokens.set(token, 0);
  await until('it is told', async () => {
    const lines = await lastLines(world);
    return lines.some((line) => line.includes('GitHub gives the app no token for acme/plan'));
  });
  expect(tokensMade()).toHaveLength(before);
  github.state.app.publicKey = known;
  await world.pull();
  const commit = await world.commit('A note', { 'layers/note.yaml': 'note: 1\n' });
  await until('it goes on by itself', () =>
    github.statuses.some((status) => status.commit === commit && status.state === 'success'),
  );
  expect(tokensMade()).toHaveLength(before + 1);
  expectNothingTold();
});
