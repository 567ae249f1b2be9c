import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { AgentWorld, NTP } from '../support/agent-world.ts';
import { pairPlan } from '../support/world-plan.ts';

test('an agent enrols, applies what is desired, and the centre hears of it', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  expect((await stat(join(all.data, 'key'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(all.data, 'identity.json'))).mode & 0o777).toBe(0o600);
  await all.open();
  await all.synced();
  expect(await all.read(NTP)).toContain('server 192.0.2.1');
  expect(all.driver.requests[0]).toMatchObject({
    kind: 'apply',
    playbooks: ['base/playbooks/site.yml'],
  });
  const [run] = await all.service.store.runs.list({ site: 'lisbon', limit: 1 });
  expect(run).toMatchObject({ site: 'lisbon', kind: 'apply', result: 'success' });

  await all.world.commit('Another clock', {
    'layers/common.yaml': pairPlan(all.world.hosts)['layers/common.yaml']!.replace(
      '192.0.2.1',
      '192.0.2.2',
    ),
  });
  all.service.look();
  await all.until('the new clock is applied', () =>
    all.driver.applied('lisbon', NTP)?.includes('192.0.2.2'),
  );
  await all.synced();
});

test('an edit made at the site comes back in its author’s words; merged, it ends there', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  await all.say(NTP, '192.0.2.1', '192.0.2.9', { words: 'The old clock died', author: 'nadia' });
  const proposal = await all.service.proposal('lisbon');
  expect(proposal.body).toContain('The old clock died');
  expect(proposal.body).toContain('nadia');
  await all.service.api('POST', `/proposals/${proposal.id}/merge`, {});
  await all.service.ended(proposal.id, 'merged');
  await all.synced();
  expect(await all.read(NTP)).toContain('192.0.2.9');
});

test('an edit that is rejected goes back at the site, and one made since lives on', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  await all.say(NTP, '192.0.2.1', '192.0.2.9', { words: 'First' });
  const first = await all.service.proposal('lisbon');
  await all.say('group_vars/all.yml', 'motd: Welcome', 'motd: Bem-vindo', { words: 'Second' });
  const second = await all.service.proposal('lisbon', [first.id]);
  expect(second.body).toContain('Second');
  await all.service.api('POST', `/proposals/${first.id}/close`, {});
  await all.until('the first edit is gone', async () =>
    (await all.read(NTP)).includes('192.0.2.1'),
  );
  expect(await all.read('group_vars/all.yml')).toContain('motd: Bem-vindo');
  await all.service.api('POST', `/proposals/${second.id}/merge`, {});
  await all.synced();
  expect(await all.read('group_vars/all.yml')).toContain('motd: Bem-vindo');
});

test('an apply that is asked for while another is under way waits for its turn', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  const ended = Promise.withResolvers<'success'>();
  all.driver.ends.set('lisbon', ended.promise);
  await all.open();
  await all.until('the first apply is under way', () => all.driver.requests.length === 1);
  const asked = all.agent!.apply();
  await all.agent!.view();
  expect(all.driver.requests).toHaveLength(1);
  ended.resolve('success');
  await asked;
  await all.synced();
  // Neither took the other one for cut off.
  expect(all.lines.filter((line) => line.includes('was cut off'))).toEqual([]);
  const runs = await all.agent!.store.runs.list({ site: 'lisbon', limit: 10 });
  expect(runs.map(({ result }) => result)).toEqual(['success', 'success']);
});
