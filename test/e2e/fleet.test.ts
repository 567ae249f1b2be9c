import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { TestService } from '../support/service.ts';
import { editAll, regionPlan, SOUTH, WEST } from '../support/world-fleet.ts';
import { expectSound } from '../support/world-state.ts';
import { World } from '../support/world.ts';

const ALL = 'group_vars/all.yml';
const MOTD = [ALL, 'motd: Welcome', 'motd: Hello'] as const;
const BACK = [ALL, 'motd: Hello', 'motd: Welcome'] as const;
const LAYER = 'layers/region/south.yaml';

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(regionPlan);
  service = await TestService.start(world);
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

/** Waits until a proposal explains these sites on the forge. */
function explains(sites: readonly string[], known: readonly string[] = []): Promise<ProposalRow> {
  return service.until(`one proposal explains ${sites.join(', ')}`, async () => {
    const [row, ...more] = (await service.store.proposals.list({ limit: 50 })).filter(
      ({ id, state }) => state === 'open' && !known.includes(id),
    );
    if (!row || more.length > 0) return false;
    const pull = await service.store.pulls.get(row.number!);
    const same = row.result.sites?.join() === [...sites].toSorted().join();
    // The forge has it all: branch and text.
    return same && pull?.head === row.commit && pull.body === row.body && row;
  });
}

test('One decision: the same edit at all sites of a region is one proposal in its layer', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  expect(await world.bare('origin', 'show', `${proposal.branch}:${LAYER}`)).toContain(
    'motd: Hello',
  );
  expect(proposal.body).toContain('4 sites were edited alike');
  expect(proposal.body).toContain('no other site');
  for (const site of SOUTH) {
    const [drift] = await service.store.drifts.open(site);
    expect(drift?.proposalId).toBe(proposal.id);
  }

  expect((await service.api('POST', `/proposals/${proposal.id}/merge`)).status).toBe(200);
  await service.ended(proposal.id, 'merged');
  await service.synced();
  expect(await world.planFile(LAYER)).toContain('motd: Hello');
  const drifts = await service.store.drifts.list({ limit: 50 });
  expect(drifts.map(({ status }) => status)).toEqual(SOUTH.map(() => 'adopted'));
  for (const site of WEST) expect(await world.readSite(site, ALL)).toContain('motd: Welcome');
  await service.stop();
  await expectSound(world);
});

test('a further site joins, and one that reverts leaves', async () => {
  await world.edit('lisbon', ...MOTD);
  const first = await explains(['lisbon']);
  expect(first.result.proposals[0]?.edits.map(({ file }) => file)).toEqual(['sites/lisbon.yaml']);
  await editAll(world, ['porto', 'faro'], ...MOTD);
  const three = await explains(['lisbon', 'porto', 'faro']);
  expect(three).toMatchObject({ id: first.id, number: first.number, branch: first.branch });
  expect(three.body).toContain('`faro`, `lisbon`, `porto`');
  await world.edit('lisbon', ...BACK);
  const two = await explains(['faro', 'porto']);
  expect(two.id).toBe(first.id);
  expect(two.body).not.toContain('lisbon');
  await editAll(world, ['faro', 'porto'], ...BACK);
  await service.ended(first.id, 'obsolete');
  const comments = await service.store.pulls.comments(first.number!);
  expect(comments.filter(({ marker }) => marker === 'ended')).toMatchObject([
    { body: expect.stringContaining('brought back by hand') },
  ]);
  expect(await service.store.pulls.list({ limit: 9 })).toHaveLength(1);
});

test('closed, every site goes back; the same edit made again is a new proposal', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  expect((await service.api('POST', `/proposals/${proposal.id}/close`)).status).toBe(200);
  await service.ended(proposal.id, 'closed');
  await service.synced();
  for (const site of SOUTH) expect(await world.readSite(site, ALL)).toContain('motd: Welcome');

  await editAll(world, SOUTH, ...MOTD);
  const again = await explains(SOUTH, [proposal.id]);
  expect(again.branch).not.toBe(proposal.branch);
});

test('One decision: after a restart the same proposal goes on', async () => {
  await editAll(world, ['lisbon', 'porto'], ...MOTD);
  const before = await explains(['lisbon', 'porto']);
  await service.stop();
  await editAll(world, ['faro', 'evora'], ...MOTD);
  service = await TestService.start(world);
  const after = await explains(SOUTH);
  expect(after).toMatchObject({ id: before.id, number: before.number });
  expect(await service.store.pulls.list({ limit: 9 })).toHaveLength(1);
});

test('a site that joins after what was merged is not decided with it', async () => {
  await editAll(world, ['lisbon', 'porto'], ...MOTD);
  const proposal = await explains(['lisbon', 'porto']);
  await service.stop();
  // Merged as it stands, while nobody of us looks; and then the edit is made at one more site.
  await world.git('fetch', '-q', 'origin');
  await world.git('merge', '-q', '--no-ff', '-m', 'Take it', `origin/${proposal.branch}`);
  await world.push();
  await world.edit('sintra', ...MOTD);
  service = await TestService.start(world);
  await service.ended(proposal.id, 'merged');
  const other = await explains(['sintra'], [proposal.id]);
  expect(other.id).not.toBe(proposal.id);
  expect(await world.readSite('sintra', ALL)).toContain('motd: Hello');
});

test('the plan moves: the proposal follows, proved anew', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const before = await explains(SOUTH);
  const head = await world.commit('Greet otherwise', { [LAYER]: 'greeting: Boa tarde\nvlan: 7\n' });
  const after = await service.until('it is made anew', async () => {
    const row = await explains(SOUTH);
    return row.commit !== before.commit && row;
  });
  expect(after).toMatchObject({ id: before.id, number: before.number, baseRevision: head });
  expect(await world.bare('origin', 'merge-base', 'main', after.branch)).toBe(head);
  const merged = await world.bare('origin', 'show', `${after.branch}:${LAYER}`);
  expect(merged).toBe('greeting: Boa tarde\nvlan: 7\nmotd: Hello');
  // A commit that changes nothing of what it is about moves no branch.
  const other = await world.commit('Say more', { 'README.md': 'Our plan.\n' });
  await service.until('that is in force', async () => {
    return (await service.store.plan.get()).goodRevision === other;
  });
  expect((await explains(SOUTH)).commit).toBe(after.commit);
});
