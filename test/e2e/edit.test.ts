import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestService } from '../support/service.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const MOTD = ['group_vars/all.yml', 'motd: Welcome', 'motd: Hello'] as const;
/** What the log tells of an edit, in this order. */
const SEQUENCE = [
  'recorded an edit made at the site',
  'the site was edited',
  'worked out the plan edit',
  'opened a proposal',
];

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(pairPlan);
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

/** The messages of the sequence, as the log has them. */
function told(): string[] {
  return service.lines
    .map((line): { message: string } => JSON.parse(line))
    .map(({ message }) => message)
    .filter((message) => SEQUENCE.includes(message));
}

test('Record before overwrite: an edit is recorded, then judged, then proposed, once', async () => {
  // No timed look comes to help: the file events alone must do.
  service = await TestService.start(world, { config: { drift: { compareInterval: '1d' } } });
  await service.synced();
  await world.edit('lisbon', ...MOTD);
  const proposal = await service.proposal('lisbon');
  expect(told()).toEqual(SEQUENCE);
  const drift = await service.store.drifts.get(proposal.driftId);
  const edit = await world.bare('sites', 'show', drift!.observedCommit);
  expect(edit).toContain('+motd: Hello');
  expect(edit).toContain('Edit group_vars/all.yml at lisbon');
});

test('Level-triggered: an edit that no event tells of is found by the timed look', async () => {
  // Events are never quiet for so long.
  service = await TestService.start(world, { config: { drift: { settle: '1d' } } });
  await service.synced();
  await world.edit('lisbon', ...MOTD);
  await service.proposal('lisbon');
  expect(told()).toEqual(SEQUENCE);
});
