import { afterEach, beforeEach, expect, test } from 'vitest';

import { type FakeGitea, startGitea } from '../support/gitea/server.ts';
import { TestService } from '../support/service.ts';
import { pairPlan } from '../support/world-plan.ts';
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
