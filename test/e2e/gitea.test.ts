import { afterEach, beforeEach, expect, test } from 'vitest';

import { GiteaForge } from '../../src/forge/gitea/gitea-forge.ts';
import type { PreviewRow } from '../../src/store/rows.ts';
import { type FakeGitea, startGitea } from '../support/gitea/server.ts';
import { TestService } from '../support/service.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const TOKEN = '0123456789abcdef0123456789abcdef01234567';
const MOTD = ['group_vars/all.yml', 'motd: Welcome'] as const;

let gitea: FakeGitea;
let world: World;
let service: TestService;

beforeEach(async () => {
  gitea = await startGitea({ owner: 'acme', repo: 'plan', token: TOKEN });
  world = await World.create(pairPlan, { origin: gitea.gitDirectory, force: true });
  const access = { repository: 'acme/plan', baseUrl: gitea.url, token: TOKEN };
  service = await TestService.start(world, {
    config: { plan: { url: gitea.gitUrl }, forge: { type: 'gitea', gitea: access } },
  });
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
  await gitea.close();
  if (gitea.violations.length > 0) throw new Error(gitea.violations.join('\n'));
});

test('merged on Gitea, the plan has learnt', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const proposal = await service.proposal('lisbon');
  gitea.mergePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'merged');
  expect(await world.planFile('sites/lisbon.yaml')).toContain('Back at noon');
  expect(service.lines.filter((line) => line.includes(TOKEN))).toEqual([]);
});

test('closed on Gitea, the site goes back to the plan', async () => {
  await world.edit('lisbon', ...MOTD, 'motd: Gone fishing');
  const proposal = await service.proposal('lisbon');
  gitea.closePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'closed');
  await service.synced();
  expect(await world.readSite('lisbon', 'group_vars/all.yml')).toContain('motd: Welcome');
});

test('a pull request on Gitea is previewed, checked, and shown anew as it and the plan move', async () => {
  gitea.state.permissions.set('olga', 'write').set('rita', 'read');
  const first = await push({ 'sites/porto.yaml': site('porto', { clock: '192.0.2.9' }) });
  const forge = new GiteaForge({
    repository: 'acme/plan',
    token: () => TOKEN,
    baseUrl: gitea.url,
    base: 'main',
  });
  const draft = { branch: 'clock', base: 'main', title: 'Clock', body: '', labels: [] };
  const { number } = await forge.ensurePullRequest(draft);
  await previewed(number, first);
  expect(status(first)).toMatchObject({ status: 'success', description: '1 of 2 sites change' });
  expect(comments(number)).toEqual([expect.stringContaining('+server 192.0.2.9 iburst')]);

  const head = await push({ 'sites/porto.yaml': site('porto', { clock: '192.0.2.8' }) });
  await previewed(number, head);
  expect(comments(number)).toEqual([expect.stringContaining('+server 192.0.2.8 iburst')]);

  const checks = () => service.driver.requests.filter(({ kind }) => kind === 'check');
  gitea.comment(number, 'rita', '/trueup check');
  gitea.comment(number, 'olga', '/trueup check');
  await service.until('it is checked', () => {
    service.service.controller.nudge({ pullRequest: number });
    return status(head, 'trueup/check')?.status === 'success';
  });
  expect(checks().map(({ site: at }) => at)).toEqual(['porto']);

  // What is shown is the result of merging it into the plan of now.
  const template = 'stacks/base/templates/ntp.conf.j2';
  const moved = await world.commit('Wait less', {
    [template]: (await world.planFile(template)).replace('iburst', 'iburst minpoll 4'),
  });
  await service.synced(moved);
  await previewed(number, head, moved);
  expect(comments(number)).toEqual([expect.stringContaining('+server 192.0.2.8 iburst minpoll 4')]);

  gitea.mergePull(number, 'olga');
  const merge = gitea.repository.branches().get('main')!;
  await service.synced(merge);
  const review = await service.until('it is compared', async () => {
    return (await service.store.revisions.get(merge))?.review;
  });
  expect(review).toEqual({ pulls: [number], same: 1, different: 0, examples: [] });
});

test('a proposal on Gitea is chosen otherwise, follows the plan, and is merged', async () => {
  gitea.state.permissions.set('olga', 'write');
  await world.edit('lisbon', ...MOTD, 'motd: Hello');
  const { id, number, branch } = await service.proposal('lisbon');
  gitea.comment(number!, 'olga', '/trueup choose 2');
  const chosen = await service.until('it is chosen', async () => {
    service.service.controller.nudge({ pullRequest: number! });
    const row = (await service.store.proposals.get(id))!;
    const text = await world.bare('origin', 'show', `${branch}:layers/common.yaml`);
    return text.includes('motd: Hello') && row;
  });
  const common = await world.planFile('layers/common.yaml');
  const moved = await world.commit('Another clock', {
    'layers/common.yaml': common.replace('192.0.2.1', '192.0.2.2'),
  });
  service.look();
  const row = await service.until('it follows the plan', async () => {
    const now = (await service.store.proposals.get(id))!;
    const head = await world.bare('origin', 'rev-parse', branch);
    return now.baseRevision === moved && now.commit === head && now;
  });
  expect(row).toMatchObject({ number, choice: chosen.choice });
  expect(row.body).toContain('rendered again: matches byte for byte');
  expect(await world.bare('origin', 'merge-base', 'main', branch)).toBe(moved);
  expect(gitea.state.pulls).toHaveLength(1);
  gitea.mergePull(number!, 'olga');
  await service.ended(id, 'merged');
  await service.synced();
  expect(await world.readSite('porto', 'group_vars/all.yml')).toContain('motd: Hello');
});

/** Puts one more commit on the branch `clock`, which starts at `main`. Returns it. */
async function push(files: Record<string, string>): Promise<string> {
  const known = await world.bare('origin', 'branch', '--list', 'clock');
  await world.git('fetch', '-q', 'origin');
  await world.git('checkout', '-q', '--detach', `origin/${known ? 'clock' : 'main'}`);
  const commit = await world.commit('Change the clock', files, 'clock');
  await world.git('checkout', '-q', 'main');
  return commit;
}

/** Waits until a pull request is shown at a commit, and a commit of the plan, and Gitea was told so. */
function previewed(number: number, head: string, base?: string): Promise<PreviewRow> {
  service.service.controller.nudge({ pullRequest: number });
  return service.until(`#${number} is previewed at ${head}`, async () => {
    const row = await service.store.previews.get(number);
    const meant = row?.head === head && (base === undefined || row.baseCommit === base);
    return meant && row.told !== null && row;
  });
}

/** The newest status of a commit. */
function status(commit: string, context = 'trueup/render') {
  return gitea.state.statuses.findLast((one) => one.commit === commit && one.context === context);
}

/** Our comments on a pull request. */
function comments(number: number): string[] {
  return gitea.state.comments
    .filter(({ pull, body }) => pull === number && body.startsWith('<!-- trueup:preview -->'))
    .map(({ body }) => body);
}
