import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { secretForms } from '../../src/model/redact.ts';
import { badGateway, cutAnswer, type Fault, lostAnswer } from '../support/github/faults.ts';
import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import { TestService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const MOTD = ['group_vars/all.yml', 'motd: Welcome'] as const;

let github: FakeGitHub;
let world: World;
let service: TestService;

beforeEach(async () => {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
  // The operator works on the repository itself; the controller comes over HTTP, with its token.
  world = await World.create(pairPlan, { origin: github.gitDirectory, force: true });
  service = await start(TOKEN);
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

function start(token: string): Promise<TestService> {
  const repository = { repository: 'acme/plan', baseUrl: github.url, token };
  return TestService.start(world, {
    config: { plan: { url: github.gitUrl }, forge: { type: 'github', github: repository } },
  });
}

test('a proposal is a branch and a pull request; merged there, the plan has learnt', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const proposal = await service.proposal('lisbon');
  const [pull] = github.pulls;
  expect(github.pulls).toHaveLength(1);
  expect(pull).toMatchObject({ number: proposal.number, base: 'main', state: 'open' });
  expect(pull!.body).toContain('Rendered again with this change');
  const pushed = await world.bare('origin', 'show', `${proposal.branch}:sites/lisbon.yaml`);
  expect(pushed).toContain('Back at noon');

  github.mergePull(pull!.number, 'olga');
  await service.ended(proposal.id, 'merged');
  await service.synced();
  expect(await world.planFile('sites/lisbon.yaml')).toContain('Back at noon');
  expect(await world.readSite('lisbon', 'group_vars/all.yml')).toContain('motd: Back at noon');
  expect((await service.store.drifts.open('lisbon')).length).toBe(0);
});

test('closed there, the site goes back to the plan', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Gone fishing');
  const proposal = await service.proposal('lisbon');
  github.closePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'closed');
  await service.synced();
  expect(await world.readSite('lisbon', 'group_vars/all.yml')).toContain('motd: Welcome');
});

test('undone at the site, the pull request is closed with a word why', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const proposal = await service.proposal('lisbon');
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Back at noon', 'motd: Welcome');
  await service.ended(proposal.id, 'obsolete');
  expect(github.pulls[0]!.state).toBe('closed');
  expect(github.comments.map(({ body }) => body).join()).toContain('brought back by hand');
});

test('decided with our own command, GitHub hears of it', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const proposal = await service.proposal('lisbon');
  expect((await service.api('POST', `/proposals/${proposal.id}/merge`)).status).toBe(200);
  await service.ended(proposal.id, 'merged');
  expect(github.pulls[0]).toMatchObject({ state: 'closed', merge: { by: 'trueup-bot' } });
});

test.each<[string, Fault, RegExp]>([
  ['a lost answer to opening', lostAnswer, /^POST .*\/pulls$/],
  ['half an answer to opening', cutAnswer, /^POST .*\/pulls$/],
  ['a bad gateway before opening', badGateway(), /^POST .*\/pulls$/],
  ['a bad gateway before looking', badGateway(), /^GET .*\/pulls/],
])('One decision: %s doubles nothing', async (_name, fault, on) => {
  github.fail(fault, { on, times: 2 });
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const { id } = await service.proposal('lisbon');
  expect(github.pulls).toHaveLength(1);
  github.fail(fault, { on: /^GET .*\/pulls/, times: 2 });
  github.mergePull(1, 'olga');
  await service.ended(id, 'merged');
  expect(await world.bare('origin', 'rev-list', '--count', '--merges', 'main')).toBe('1');
});

test('a revision’s commit gets a status, good or bad', async () => {
  const good = await world.bare('origin', 'rev-parse', 'main');
  const bad = await world.commit('Break the plan', { 'plan.yaml': 'kind: [\n' });
  service.look();
  const told = await eventually('the bad one has its status', () =>
    github.statuses.find(({ commit }) => commit === bad),
  );
  expect(told).toMatchObject({ context: 'trueup/render', state: 'failure' });
  expect(told.description).toContain('plan.yaml:');
  expect(github.statuses.find(({ commit }) => commit === good)?.state).toBe('success');
});

test('Secrets stay secret: the token shows in no log line, no file and no pull request', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  await service.proposal('lisbon');
  const forms = [...secretForms(TOKEN), ...secretForms(`x-access-token:${TOKEN}`)];
  const shown = (text: string) => forms.some((form) => text.includes(form));
  expect(service.lines.filter(shown)).toEqual([]);
  expect(shown(JSON.stringify([github.pulls, github.comments, github.statuses]))).toBe(false);
  const entries = await readdir(world.data, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(20);
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    if (shown(await readFile(path, 'latin1'))) throw new Error(`${path} holds the token`);
  }
});

test('Secrets stay secret: a token that is refused is told without it', async () => {
  await service.stop();
  const refused = TOKEN.replaceAll('0', '9');
  service = await start(refused);
  const told = await service.until('the refusal is told', () =>
    service.lines.find((line) => line.includes('refuses our credentials')),
  );
  expect(told).toContain('check the token');
  expect(service.lines.filter((line) => line.includes(refused))).toEqual([]);
});
