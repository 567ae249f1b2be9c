import { expect, test } from 'vitest';

import { startAgentSites } from '../support/agent-sites.ts';

const NTP = 'base/files/ntp.conf';

test('an edit at a cut-off site is judged against the plan of today, and its decision gets there', async () => {
  const all = await startAgentSites();
  const { service, world } = all;
  const agent = await all.enrol('lisbon');
  const first = await agent.pull();
  const edited = await agent.side.edit(NTP, 'iburst', 'iburst prefer', 'The clock is off');

  // Meanwhile the plan moves on.
  for (const motd of ['Hola']) {
    await world.commit(`Say ${motd}`, {
      'layers/common.yaml':
        (await world.planFile('layers/common.yaml')).replace(/motd: .*/, `motd: ${motd}`) + '\n',
    });
    service.look();
    await service.until('it is desired', async () => {
      const tree = await world.bare(
        'sites',
        'show',
        'refs/sites/lisbon/desired:group_vars/all.yml',
      );
      return tree.includes(`motd: ${motd}`);
    });
  }
  expect(await agent.push()).toMatchObject({ accepted: true, observed: edited, generation: 2 });
  const proposal = await service.proposal('lisbon');
  expect(proposal.body).toContain('The clock is off');
  expect(proposal.result.proposals[0]?.explains).toContain(NTP);
  const row = await service.site('lisbon');
  expect(row.baseCommit).toBe(row.desiredCommit);
  expect(await service.store.agents.get('lisbon')).toMatchObject({ observed: edited, base: first });
  expect(await world.bare('sites', 'rev-parse', 'refs/sites/lisbon/observed^')).toBe(edited);

  // It is rejected: what is desired is issued once more, and says so.
  await service.service.controller.decisions.close(proposal.id, 'Dora');
  const decided = await service.until('the decision is on its way', async () => {
    const { generation, desiredCommit } = await service.site('lisbon');
    return generation === 3 && desiredCommit;
  });
  const message = await world.bare('sites', 'log', '-1', '--format=%B', decided!);
  const [, named, , fingerprint] = /^Decided: (\S+) (rejected) (\S+)$/m.exec(message) ?? [];
  expect([message.match(/Generation: (\d+)/)![1], fingerprint]).toEqual([
    '3',
    proposal.fingerprint,
  ]);
  // What it names comes with it, and takes back that edit and no more.
  expect(await agent.pull()).toBe(decided);
  expect(await agent.side.git('diff', '--stat', `${named}^`, named!)).toContain('1 file changed');
  expect(await agent.side.git('show', `${named}:${NTP}`)).toContain('iburst prefer');
  expect(await agent.side.git('merge-base', '--is-ancestor', `${named}^`, first)).toBe('');
  const site = (await service.api('GET', '/sites/lisbon')).body;
  expect(site.agent).toMatchObject({ carried: 1, lag: 2 });
});

test('a decision is told with every desired tree until the site has it', async () => {
  const all = await startAgentSites();
  const { service, world } = all;
  const agent = await all.enrol('lisbon');
  await agent.pull();
  await agent.side.edit(NTP, 'iburst', 'iburst prefer');
  await agent.push();
  const proposal = await service.proposal('lisbon');
  await service.service.controller.decisions.close(proposal.id, 'Dora');
  const decided = await service.until('the decision is on its way', async () => {
    const { generation, desiredCommit } = await service.site('lisbon');
    return generation === 2 && desiredCommit;
  });
  const message = await world.bare('sites', 'log', '-1', '--format=%B', decided!);
  const [, named] = /^Decided: (\S+) rejected/m.exec(message) ?? [];

  // A plan that moves on before the site has heard of it tells it again.
  await world.commit('Say more', {
    'layers/common.yaml':
      (await world.planFile('layers/common.yaml')).replace(/motd: .*/, 'motd: Ciao') + '\n',
  });
  service.look();
  const fifth = await service.until('it is desired', async () => {
    const { generation, desiredCommit } = await service.site('lisbon');
    return generation === 3 && desiredCommit;
  });
  expect(await world.bare('sites', 'log', '-1', '--format=%B', fifth!)).toContain(
    `Decided: ${named} rejected`,
  );

  // The site has it: it is told no more.
  await agent.pull();
  const obeyed = await agent.side.obey();
  const status = { applied: { commit: fifth!, digest: 'd', at: 2_000 } };
  expect(await agent.push({ status })).toMatchObject({ observed: obeyed });
  await service.until(
    'it is synced',
    async () => (await service.site('lisbon')).state === 'synced',
  );
  expect(await service.site('lisbon')).toMatchObject({ appliedCommit: fifth, hold: null });
  expect(await service.store.agents.unconfirmed('lisbon')).toEqual([]);
  await world.commit('Say less', {
    'layers/common.yaml':
      (await world.planFile('layers/common.yaml')).replace(/motd: .*/, 'motd: Oi') + '\n',
  });
  service.look();
  const sixth = await service.until('it is desired', async () => {
    const { generation, desiredCommit } = await service.site('lisbon');
    return generation === 4 && desiredCommit;
  });
  expect(await world.bare('sites', 'log', '-1', '--format=%B', sixth!)).not.toContain('Decided:');
  expect((await service.store.proposals.list({ limit: 10 })).map(({ state }) => state)).toEqual([
    'closed',
  ]);
});

test('where plan and site changed the same line, that is shown, proposed and decided', async () => {
  const all = await startAgentSites();
  const { service, world } = all;
  const agent = await all.enrol('porto');
  await agent.pull();
  await agent.side.edit(NTP, '192.0.2.1', '192.0.2.7', 'Nearer');
  await world.commit('Another clock', {
    'layers/common.yaml':
      (await world.planFile('layers/common.yaml')).replace('clock: 192.0.2.1', 'clock: 192.0.2.9') +
      '\n',
  });
  service.look();
  await service.until('it is desired', async () => (await service.site('porto')).generation === 2);
  await agent.push();
  const proposal = await service.proposal('porto');
  const held = await service.site('porto');
  expect(held.hold).toContain(`the same lines of ${NTP}`);
  const { body } = await service.api('GET', '/sites/porto');
  expect(body.agent.conflicts).toContain(NTP);
  expect(await (await fetch(`${service.url}/metrics`)).text()).toContain(
    'trueup_agent_conflict_sites 1',
  );
  await service.service.controller.decisions.close(proposal.id, 'Dora');
  await service.until('the decision is on its way', async () => {
    const row = await service.site('porto');
    return row.generation === 3 && row.hold === null && row;
  });
  const row = await service.site('porto');
  expect(row.observedDigest).toBe(row.desiredDigest);
});

test('a controller that is killed between its steps issues a decision once', async () => {
  const all = await startAgentSites();
  const agent = await all.enrol('lisbon');
  await agent.pull();
  await agent.side.edit(NTP, 'iburst', 'iburst prefer');
  await agent.push();
  const proposal = await all.service.proposal('lisbon');
  await all.service.stop();
  // Decided, and nothing more: what follows is found out anew.
  const service = await all.restart();
  const { store } = service;
  const [drift] = await store.drifts.ofProposal(proposal.id);
  await store.drifts.decide(drift!.id, 'rejected', 'Dora', 5_000);
  await all.restart();
  await all.service.until('it is issued', async () => {
    const { generation } = await all.service.site('lisbon');
    return generation === 2;
  });
  await all.restart();
  await all.service.until('all is calm', async () => (await all.service.site('lisbon')).message);
  expect((await all.service.site('lisbon')).generation).toBe(2);
  expect(await all.service.store.agents.unconfirmed('lisbon')).toHaveLength(1);
});

test('what an agent did is told like any other run, and lands once', async () => {
  const all = await startAgentSites();
  const { service } = all;
  const agent = await all.enrol('lisbon');
  const desired = await agent.pull();
  const run = (id: string, result: 'success' | 'failed') => ({
    id,
    cause: 'the window began',
    commit: desired,
    desired,
    revision: 'f'.repeat(40),
    report: {
      kind: 'apply' as const,
      driver: 'ansible',
      site: 'porto',
      digest: 'd'.repeat(64),
      startedAt: 1_000,
      endedAt: 2_000,
      result,
      reason: result === 'failed' ? 'no power' : '',
      hosts: { lisbon: { ok: 1, changed: 1, failed: 0, unreachable: 0, skipped: 0 } },
      tasks: [],
    },
  });
  const failed = await agent.push({ runs: [run('one', 'failed')], status: { failed: true } });
  expect(failed.reports).toEqual(['one']);
  await service.until('it failed', async () => (await service.site('lisbon')).state === 'failed');
  const applied = { commit: desired, digest: 'd'.repeat(64), at: 2_000 };
  const answer = await agent.push({ runs: [run('two', 'success')], status: { applied } });
  expect(answer.reports.toSorted()).toEqual(['one', 'two']);
  await service.until(
    'it is synced',
    async () => (await service.site('lisbon')).state === 'synced',
  );
  const { body } = await service.api('GET', '/sites/lisbon/runs');
  expect(
    body.items.map(({ id, site }: { id: string; site: string }) => [id, site]).toSorted(),
  ).toEqual([
    ['lisbon:one', 'lisbon'],
    ['lisbon:two', 'lisbon'],
  ]);
  expect((await service.api('GET', '/runs/lisbon:two')).status).toBe(200);
  expect((await service.api('GET', '/sites/porto/runs')).body.items).toEqual([]);
});
