import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestService } from '../support/service.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(pairPlan);
  service = await TestService.start(world);
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

test('the edits of a site stay in its observed history, whatever was decided on them', async () => {
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Gone fishing');
  const closed = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${closed.id}/close`);
  await service.ended(closed.id, 'closed');
  await service.synced();
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Back at noon');
  const merged = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${merged.id}/merge`);
  await service.ended(merged.id, 'merged');
  await service.synced();
  const history = await world.bare('sites', 'log', '-p', 'refs/sites/lisbon/observed');
  expect(history.includes('+motd: Gone fishing')).toBe(true);
  expect(history.includes('+motd: Back at noon')).toBe(true);
});
