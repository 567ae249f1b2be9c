import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { slowTemplates } from '../support/hostile-plans.ts';
import { TestService } from '../support/service.ts';
import { PAIR, pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const ALL = 'group_vars/all.yml';
const MOTD = [ALL, 'motd: Welcome'] as const;
const COMMON = 'layers/common.yaml';

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

async function edited(text = 'motd: Hello'): Promise<ProposalRow> {
  await world.edit('lisbon', ...MOTD, text);
  return service.proposal('lisbon');
}

/** Waits until the pull request's branch and text are what was worked out last. */
function caughtUp(
  id: string,
  fits: (row: ProposalRow) => boolean = () => true,
): Promise<ProposalRow> {
  return service.until('the pull request has caught up', async () => {
    const row = (await service.store.proposals.get(id))!;
    const pull = await service.store.pulls.get(row.number!);
    return fits(row) && pull?.head === row.commit && pull.body === row.body && row;
  });
}

test('the text tells a reviewer all at a glance, and how to decide', async () => {
  const { body } = await edited();
  for (const part of [
    '**`lisbon` was edited.**',
    '| where | 1 site: `lisbon` |',
    '| plan edit | `sites/lisbon.yaml` |',
    '| proof | rendered again: matches byte for byte |',
    '| also changes | no other site |',
    '-motd: Welcome\n+motd: Hello',
    'Rendered again with this change: `lisbon` matches byte for byte at `group_vars/all.yml`.',
    '- [x] <!-- trueup:choose',
    '- [ ] <!-- trueup:choose',
    '`layers/common.yaml`, 2 sites',
    '- **Merge**: the plan learns the edit',
    '- **Close**: `lisbon` goes back',
    '`trueup proposals merge NUMBER`',
  ])
    expect(body).toContain(part);
});

test('an alternative that is chosen takes the place of what was recommended', async () => {
  const proposal = await edited();
  const chosen = await choose(proposal.id, 2);
  expect(chosen.status).toBe(200);
  const row = await caughtUp(
    proposal.id,
    ({ choice, basis }) => choice !== null && basis !== proposal.basis,
  );
  expect(row.number).toBe(proposal.number);
  expect(await world.bare('origin', 'show', `${row.branch}:${COMMON}`)).toContain('motd: Hello');
  expect(row.body).toContain('**1 site where nobody made this edit**: `porto`');
  expect((await choose(proposal.id, 9)).status).toBe(409);

  // And back: the options have changed places.
  const back = row.result.proposals.findIndex(({ placement }) => placement === 'site') + 1;
  expect((await choose(proposal.id, back)).status).toBe(200);
  const again = await caughtUp(proposal.id, ({ basis }) => basis !== row.basis);
  expect(again.result.proposals[0]?.edits.map(({ file }) => file)).toEqual(['sites/lisbon.yaml']);
});

function choose(id: string, option: number): Promise<{ status: number }> {
  return service.api('POST', `/proposals/${id}/choose`, { option });
}

test('a box that is ticked in the pull request chooses', async () => {
  const proposal = await edited();
  const body = proposal.body.replace('- [ ]', '- [x]');
  await service.store.pulls.update(proposal.number!, { body: `${body}\nI prefer this. — Olga\n` });
  await service.until('it is chosen', async () => {
    const row = await service.store.proposals.get(proposal.id);
    return row?.choice?.includes(COMMON) && row.basis !== proposal.basis;
  });
  const pull = await service.until('the boxes follow', async () => {
    const one = await service.store.pulls.get(proposal.number!);
    return one?.body.includes('**1 site where nobody') && one;
  });
  expect(pull.body.match(/- \[x\]/g)).toHaveLength(1);
  expect(pull.body).toContain('I prefer this. — Olga');
});

test('somebody’s commits on the branch are never overwritten: a comment says what they do', async () => {
  const proposal = await edited();
  await world.git('fetch', '-q', 'origin');
  await world.git('checkout', '-q', '-b', 'theirs', `origin/${proposal.branch}`);
  const theirs = await world.commit(
    'Reword',
    {
      'sites/lisbon.yaml': (await world.planFile('sites/lisbon.yaml')).replace(
        '{}',
        '{"motd":"Hi"}',
      ),
    },
    proposal.branch,
  );
  const comment = await service.until('they are told', async () => {
    const comments = await service.store.pulls.comments(proposal.number!);
    return comments.find(({ marker }) => marker === 'branch');
  });
  expect(comment.body).toContain('would not be as found there');
  // The plan moves, and the proposal would be made anew.
  await world.git('checkout', '-q', 'main');
  const moved = await world.commit('Another message', {
    'sites/porto.yaml': `${await world.planFile('sites/porto.yaml')}\n# moved\n`,
  });
  service.look();
  await service.until('that is in force', async () => {
    return (await service.store.plan.get()).goodRevision === moved;
  });
  expect(await world.bare('origin', 'rev-parse', proposal.branch)).toBe(theirs);
  expect((await choose(proposal.id, 2)).status).toBe(409);
  // What they made of it is what is merged.
  expect((await service.api('POST', `/proposals/${proposal.id}/merge`)).status).toBe(200);
  await service.ended(proposal.id, 'merged');
  expect(await world.planFile('sites/lisbon.yaml')).toContain('Hi');
});

test('what somebody’s commits do is worked out apart, and where it cannot be the comment says why', async () => {
  await service.stop();
  service = await TestService.start(world, { config: { preview: { timeout: '3s' } } });
  const proposal = await edited();
  await world.git('fetch', '-q', 'origin');
  await world.git('checkout', '-q', '-b', 'theirs', `origin/${proposal.branch}`);
  const told = (what: string) =>
    service.until(`they are told: ${what}`, async () => {
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
      const comments = await service.store.pulls.comments(proposal.number!);
      return comments.find(({ marker, body }) => marker === 'branch' && body.includes(what));
    });
  const slow = slowTemplates('base');
  await world.commit('Take for ever', slow, proposal.branch);
  expect((await told('cannot be rendered')).body).toContain('took longer than 3 s and was ended');
  const broken = { 'stacks/base/templates/slow-0.j2': '{% if %}' };
  await world.commit(
    'Forget what',
    {
      ...Object.fromEntries(Object.keys(slow).map((path) => [path, null])),
      ...broken,
    },
    proposal.branch,
  );
  expect((await told('would not be valid')).body).toContain('slow-0.j2:1:');
  const good = { 'stacks/base/templates/slow-0.j2': null, 'sites/porto.yaml': null };
  await world.commit('Take it back', good, proposal.branch);
  await told('1 site as found, byte for byte');
});

test('with its label it is left alone until the label is gone', async () => {
  const proposal = await edited();
  await service.store.pulls.update(proposal.number!, { labels: ['trueup', 'trueup/hold'] });
  await service.until(
    'that is seen',
    async () => (await service.store.proposals.get(proposal.id))?.held,
  );
  await world.edit('lisbon', ALL, 'motd: Hello', 'motd: Welcome');
  await service.until('the edit is undone', async () => {
    const [drift] = await service.store.drifts.list({ limit: 1 });
    return drift?.status === 'reverted';
  });
  expect((await service.store.proposals.get(proposal.id))?.state).toBe('open');
  await service.store.pulls.update(proposal.number!, { labels: ['trueup'] });
  await service.ended(proposal.id, 'obsolete');
});

test('opened again after it was closed: it is followed to its new end', async () => {
  const proposal = await edited();
  await service.api('POST', `/proposals/${proposal.id}/close`);
  await service.ended(proposal.id, 'closed');
  await service.synced();
  await service.store.pulls.update(proposal.number!, { state: 'open' });
  await service.stop();
  service = await TestService.start(world);
  await service.until('it is open again', async () => {
    return (await service.store.proposals.get(proposal.id))?.state === 'open';
  });
  expect(JSON.stringify(await service.store.pulls.comments(proposal.number!))).toContain(
    'Opened again',
  );
  expect((await service.api('POST', `/proposals/${proposal.id}/merge`)).status).toBe(200);
  await service.ended(proposal.id, 'merged');
  await service.synced();
  expect(await world.readSite('lisbon', ALL)).toContain('motd: Hello');
});

test('what is proved no longer once the plan has moved says so, and is not merged until it is again', async () => {
  const proposal = await edited();
  // What was edited is a secret from now on: no plan edit may tell it.
  await world.commit('Keep messages to ourselves', {
    'stacks/base/schema.json': '{"properties":{"motd":{"x-secret":true}}}',
  });
  const row = await caughtUp(proposal.id, ({ body }) => !body.includes('**Merge**'));
  expect(row).toMatchObject({ number: proposal.number, state: 'open' });
  expect(row.body).toContain('| proof | **none any more** |');
  expect(row.body).toContain('a secret was changed at the site');
  expect(row.body).toContain('**Close**');
  for (const told of [row.body, row.title]) expect(told).not.toMatch(/Hello|Welcome/);
  const refused = await service.api('POST', `/proposals/${proposal.id}/merge`);
  expect(refused.status).toBe(409);
  expect(refused.body.detail).toContain('the plan has moved on');
  expect(await world.planFile('sites/lisbon.yaml')).not.toContain('Hello');
  expect(await world.readSite('lisbon', ALL)).toContain('motd: Hello');
  const lost = (await service.store.pulls.get(row.number!))!.head;
  expect(await proofAt(lost)).toMatchObject({ state: 'failure' });

  // The plan takes it back, and the same pull request is proved again.
  await world.commit('Tell messages again', { 'stacks/base/schema.json': '{}' });
  const again = await caughtUp(proposal.id, ({ body }) => body.includes('**Merge**'));
  expect(again.body).toContain('| proof | rendered again: matches byte for byte |');
  expect((await proofAt(again.commit!))?.state).not.toBe('failure');
  expect((await service.api('POST', `/proposals/${proposal.id}/merge`)).status).toBe(200);
  await service.ended(proposal.id, 'merged');
});

test('a group that is proved no longer says so for all its sites, and goes back as one', async () => {
  for (const name of PAIR) await world.edit(name, ...MOTD, 'motd: Hello');
  const proposal = await service.until('both are proposed as one', async () => {
    const open = await service.store.proposals.list({ state: 'open', limit: 9 });
    const both = open.find(({ result }) => result.sites?.length === 2);
    return open.length === 1 && both;
  });
  await world.commit('Keep messages to ourselves', {
    'stacks/base/schema.json': '{"properties":{"motd":{"x-secret":true}}}',
  });
  const row = await caughtUp(proposal.id, ({ body }) => !body.includes('**Merge**'));
  expect(row.body).toContain('2 sites: `lisbon`, `porto`');
  expect(row.title).not.toMatch(/Hello|Welcome/);
  expect(await proofAt(row.commit!)).toMatchObject({ state: 'failure' });
  expect((await service.api('POST', `/proposals/${row.id}/merge`)).status).toBe(409);
  expect((await service.api('POST', `/proposals/${row.id}/close`)).status).toBe(200);
  await service.ended(row.id, 'closed');
  await service.synced();
  for (const name of PAIR) expect(await world.readSite(name, ALL)).toContain('motd: Welcome');
});

async function proofAt(commit: string): Promise<{ state: string } | undefined> {
  const told = await service.store.pulls.statuses(commit);
  return told.find(({ context }) => context === 'trueup/proof');
}

test('its branch deleted by hand: closed, and the site goes back', async () => {
  const proposal = await edited();
  await world.git('push', '-q', 'origin', `:refs/heads/${proposal.branch}`);
  const row = await service.ended(proposal.id, 'closed');
  expect(row.closeReason).toBe('its branch was deleted');
  await service.synced();
  expect(await world.readSite('lisbon', ALL)).toContain('motd: Welcome');
});

test('what is too much at once waits its turn, and says so', async () => {
  await service.stop();
  service = await TestService.start(world, { config: { drift: { maxOpenProposals: 1 } } });
  const first = await edited();
  await world.edit('porto', ALL, 'clock: 192.0.2.1', 'clock: 192.0.2.7');
  const waiting = await service.until('the second waits', async () => {
    const { body } = await service.api('GET', '/waiting');
    return body.items.length === 1 && body.items[0];
  });
  expect(waiting).toMatchObject({ sites: ['porto'], paths: [ALL] });
  expect(waiting.why).toContain('drift.maxOpenProposals: 1');
  await service.until('the site says so', async () => {
    return (await service.site('porto')).message.includes('its proposal waits');
  });
  await service.api('POST', `/proposals/${first.id}/merge`);
  await service.ended(first.id, 'merged');
  await service.proposal('porto');
});

test('outside of its times nothing is proposed; within them what waited is', async () => {
  await service.stop();
  const day = new Date(Date.now() + 3 * 24 * 3_600_000).toUTCString().slice(0, 3).toLowerCase();
  const start = (windows: string) => TestService.start(world, { config: { drift: { windows } } });
  service = await start(`${day} 00:00-24:00`);
  await world.edit('lisbon', ...MOTD, 'motd: Hello');
  await service.until('the edit waits', async () => {
    const [item] = (await service.api('GET', '/waiting')).body.items;
    return item?.why?.includes('drift.windows');
  });
  await service.until('the site says so', async () => {
    return (await service.site('lisbon')).message.includes('no proposals are made at this time');
  });
  expect(await service.store.proposals.list({ limit: 1 })).toEqual([]);
  await service.stop();
  service = await start('00:00-24:00');
  await service.proposal('lisbon');
});

test('what the plan lets pass is merged by itself, exactly as it was proved', async () => {
  const revision = await world.commit('Let messages pass', {
    'plan.yaml': `${await world.planFile('plan.yaml')}\ndrift:\n  autoMerge: [{ paths: [group_vars/all.yml], maxLines: 2 }]\n`,
  });
  await service.synced(revision);
  await world.edit('lisbon', ...MOTD, 'motd: Hello');
  await service.until('the plan has learnt it', async () =>
    (await world.planFile('sites/lisbon.yaml')).includes('Hello'),
  );
  const [proposal] = await service.store.proposals.list({ limit: 1 });
  const ended = await service.ended(proposal!.id, 'merged');
  expect(ended.decidedBy).toBe('drift policy of the plan');
  expect(await world.bare('origin', 'rev-parse', 'main^2')).toBe(ended.commit);
  // Two values are more lines than the rule allows.
  await world.edit('porto', ALL, /motd: .*\nclock: .*/, 'motd: Hi\nclock: 192.0.2.3');
  const other = await service.proposal('porto');
  await service.until('it was looked at again', async () => {
    const rows = await service.store.audit.list(20);
    return rows.some(({ detail }) => detail['proposal'] === other.id);
  });
  expect((await service.store.proposals.get(other.id))?.state).toBe('open');
});
