import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { SiteStore } from '../../src/git/site-store.ts';
import { WorkingCopies } from '../../src/runner/working-copy/working-copies.ts';
import type { DriftRow, ProposalRow } from '../../src/store/rows.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { TestService } from '../support/service.ts';
import { editAll, regionPlan } from '../support/world-fleet.ts';
import { pairPlan } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { World } from '../support/world.ts';

/** Several edits at one site: each is a drift and a proposal of its own, with its own end. */

const ALL = 'group_vars/all.yml';
const NTP = 'base/files/ntp.conf';
const MOTD = [ALL, 'motd: Welcome', 'motd: Hello'] as const;
const CLOCK = [NTP, '192.0.2.1', '192.0.2.9'] as const;

let world: World;
let service: TestService;

afterEach(async () => {
  await service.stop();
  await world.remove();
});

async function begin(plan = pairPlan): Promise<void> {
  world = await World.create(plan);
  service = await TestService.start(world);
  await service.synced();
}

/** Records what stands at lisbon as somebody's edit, with words, while no controller runs. */
async function record(author: string, words: string): Promise<void> {
  await withStore(world, async (store) => {
    const trees = await SiteStore.open({ directory: join(world.data, 'sites.git') });
    const copies = new WorkingCopies({
      directory: join(world.data, 'sites'),
      store,
      trees,
      log: createLogger({ level: 'silent', format: 'json' }),
      now: Date.now,
      userName: String,
    });
    expect(await copies.observe('lisbon', { author, words })).toBe(true);
    await trees.close();
  });
}

async function restart(while_: () => Promise<void>): Promise<void> {
  await service.stop();
  await while_();
  service = await TestService.start(world);
}

/** The open drift of a site at a path. */
function drift(site: string, path: string): Promise<DriftRow> {
  return service.until(`a drift of ${path} at ${site} has a proposal`, async () => {
    const open = await service.store.drifts.open(site);
    return open.find(({ paths, proposalId }) => proposalId !== null && paths[0] === path);
  });
}

/** The proposal for the edit of a path, once its pull request is what was worked out. */
function proposed(path: string, sites: readonly string[] = ['lisbon']): Promise<ProposalRow> {
  return service.until(`${path} at ${sites.join(', ')} is proposed`, async () => {
    for (const row of await service.store.proposals.list({ state: 'open', limit: 9 })) {
      const drifts = await service.store.drifts.ofProposal(row.id);
      const pull = await service.store.pulls.get(row.number!);
      const explained = row.result.sites?.join() === [...sites].toSorted().join();
      if (explained && drifts[0]?.paths[0] === path && pull?.head === row.commit) return row;
    }
    return undefined;
  });
}

async function pullOf({ number }: ProposalRow): Promise<unknown> {
  const { title, body, head } = (await service.store.pulls.get(number!))!;
  return { title, body, head };
}

test('two operators, two places: two proposals in their words, one merged and one closed', async () => {
  await begin();
  await restart(async () => {
    await world.edit('lisbon', ...MOTD);
    await record('ana', 'The till staff asked for it');
  });
  const first = await proposed(ALL);
  const shown = await pullOf(first);
  await restart(async () => {
    await world.edit('lisbon', ...CLOCK);
    await record('bruno', 'The old clock is five minutes slow');
  });
  const second = await proposed(NTP);
  // The first is not touched by it.
  expect(await proposed(ALL)).toMatchObject({ id: first.id, commit: first.commit });
  expect(await pullOf(first)).toEqual(shown);
  for (const [{ body }, has, hasNot] of [
    [first, ['`ana`', 'The till staff asked for it', '+motd: Hello'], ['bruno', '192.0.2.9']],
    [second, ['`bruno`', 'five minutes slow', '+server 192.0.2.9'], ['ana', 'motd: Hello']],
  ] as const) {
    for (const text of has) expect(body).toContain(text);
    for (const text of hasNot) expect(body).not.toContain(text);
  }
  const { body: site } = await service.api('GET', '/sites/lisbon');
  expect(site.openDrifts).toMatchObject([
    { author: 'ana', message: 'The till staff asked for it', paths: [ALL] },
    { author: 'bruno', message: 'The old clock is five minutes slow', paths: [NTP] },
  ]);
  // Git's times are whole seconds, and a second is long enough for both.
  expect(site.openDrifts[0].detectedAt <= site.openDrifts[1].detectedAt).toBe(true);

  await service.api('POST', `/proposals/${first.id}/merge`);
  await service.ended(first.id, 'merged');
  await service.until('the second is proved on top of it', async () => {
    const row = await service.store.proposals.get(second.id);
    const { goodRevision } = await service.store.plan.get();
    return row?.result.revision === goodRevision && row.result.proposals[0]?.verified;
  });
  expect(await proposed(NTP)).toMatchObject({ id: second.id, number: second.number });
  expect(await world.planFile('sites/lisbon.yaml')).toContain('Hello');
  expect(await world.readSite('lisbon', NTP)).toContain('192.0.2.9');

  await service.api('POST', `/proposals/${second.id}/close`);
  await service.ended(second.id, 'closed');
  await service.synced();
  expect(await world.readSite('lisbon', NTP)).toContain('192.0.2.1 ');
  expect(await world.readSite('lisbon', ALL)).toContain('motd: Hello');
  expect((await service.store.drifts.list({ limit: 9 })).map(({ status }) => status)).toEqual([
    'rejected',
    'adopted',
  ]);
  await service.stop();
  await expectSound(world);
});

test('the same edit at three sites is one proposal, whatever else was edited at one of them', async () => {
  await begin(regionPlan);
  const sites = ['lisbon', 'porto', 'faro'];
  await world.edit('lisbon', ...CLOCK);
  const other = await proposed(NTP);
  await editAll(world, sites, ...MOTD);
  const group = await proposed(ALL, sites);
  expect(group.body).toContain('3 sites were edited alike');
  expect(await proposed(NTP)).toMatchObject({ id: other.id, commit: other.commit });

  // Undone at that site: it leaves the group, and what else was edited there waits on.
  await world.edit('lisbon', ALL, 'motd: Hello', 'motd: Welcome');
  expect((await proposed(ALL, ['porto', 'faro'])).id).toBe(group.id);
  const [undone] = (await service.store.drifts.list({ site: 'lisbon', limit: 9 })).filter(
    ({ paths }) => paths[0] === ALL,
  );
  expect(undone?.status).toBe('reverted');
  expect((await drift('lisbon', NTP)).proposalId).toBe(other.id);
  expect(await pullOf(other)).toMatchObject({ head: other.commit, body: other.body });
});

test('one that the plan has overtaken ends as adopted, and the other waits on', async () => {
  await begin();
  await world.edit('lisbon', ...MOTD);
  const first = await proposed(ALL);
  await world.edit('lisbon', ...CLOCK);
  const second = await proposed(NTP);
  const text = await world.planFile('sites/lisbon.yaml');
  await world.commit('Greet in Lisbon', {
    'sites/lisbon.yaml': text.replace('params: {}', 'params: { motd: Hello }'),
  });
  service.look();
  const ended = await service.ended(first.id, 'obsolete');
  expect(ended.closeReason).toBe('the plan says the same already');
  expect(await service.store.pulls.get(first.number!)).toMatchObject({ state: 'closed' });
  expect(await service.store.drifts.get(first.driftId)).toMatchObject({
    status: 'adopted',
    decidedBy: 'the plan',
  });
  expect(await service.store.proposals.get(second.id)).toMatchObject({ state: 'open' });
  expect((await service.store.drifts.open('lisbon')).map(({ id }) => id)).toEqual([second.driftId]);
});

test('Record before overwrite: a decision takes its own edit back, and none that was made since', async () => {
  await begin();
  await world.edit('lisbon', ...MOTD);
  const first = await proposed(ALL);
  await restart(async () => {
    await world.edit('lisbon', ...CLOCK);
    // Decided while nobody of us looks, who has not seen the second edit either.
    await withStore(world, (store) => store.drifts.decide(first.driftId, 'rejected', 'olga', 1));
  });
  await proposed(NTP);
  expect(await world.readSite('lisbon', ALL)).toContain('motd: Welcome');
  expect(await world.readSite('lisbon', NTP)).toContain('192.0.2.9');
  expect(await service.store.drifts.get(first.driftId)).toMatchObject({ carriedOut: true });
});

test('an edit that is changed further takes the place of what it was, and only of that', async () => {
  await begin();
  await world.edit('lisbon', ...CLOCK);
  const other = await proposed(NTP);
  await world.edit('lisbon', ...MOTD);
  const first = await proposed(ALL);
  await world.edit('lisbon', ALL, 'motd: Hello', 'motd: Hello again');
  const ended = await service.ended(first.id, 'obsolete');
  expect(ended.closeReason).toBe('a newer edit at the site took its place');
  expect((await proposed(ALL)).title).toContain('Hello again');
  expect(await service.store.proposals.get(other.id)).toMatchObject({
    state: 'open',
    commit: other.commit,
  });
});
