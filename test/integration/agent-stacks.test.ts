import { expect, onTestFinished, test } from 'vitest';

import { AgentWorld, byAgent } from '../support/agent-world.ts';
import { GATHERED, GatheringDriver } from '../support/gathering-driver.ts';
import { git } from '../support/git.ts';
import { Link } from '../support/link.ts';
import { stacksPlan } from '../support/stacks-plan.ts';

/** What an agent gathers at its site reaches the site of another one, by way of the centre. */

const CONF = 'compute/files/agent.conf';

test('a value gathered by one agent is in the bundle of those that import it, and nowhere else (law 10)', async () => {
  const driver = new GatheringDriver();
  const madrid = await AgentWorld.start(
    () => ({
      ...stacksPlan,
      'sites/madrid-01.yaml': byAgent(stacksPlan['sites/madrid-01.yaml']!),
      'sites/lisbon-07.yaml': byAgent(stacksPlan['sites/lisbon-07.yaml']!),
    }),
    { site: 'madrid-01', driver },
  );
  const lisbon = madrid.beside('lisbon-07');
  const { service } = madrid;
  const link = await Link.to(service.url);
  onTestFinished(() => link.close());

  // Nothing is desired of what waits for a value: its agent has nothing to fetch yet.
  await lisbon.enrol();
  await lisbon.open();
  const waiting = await lisbon.until('lisbon is said to wait', async () => {
    const row = await service.site('lisbon-07');
    return row.waitsFor !== null && row;
  });
  expect(waiting).toMatchObject({ desiredCommit: null, generation: 0 });
  expect(waiting.waitsFor).toContain('madrid-01');

  await madrid.enrol(link.url);
  await madrid.open();
  await Promise.all([madrid.synced(), lisbon.synced()]);
  expect(await lisbon.read(CONF)).toBe('api=192.0.2.10:6443\nCA of madrid-01 in madrid\n');
  expect(lisbon.driver.applied('lisbon-07', CONF)).toBe(await lisbon.read(CONF));

  // It is the return bundle that brings it: while madrid is cut off, nobody else hears of it.
  const before = await generations();
  link.cut();
  driver.values = { ...GATHERED, api_vip: '192.0.2.11', unwanted: 'another-unwanted-value' };
  await madrid.agent!.apply();
  await madrid.until('madrid owes its report', async () => {
    const { owed } = await madrid.agent!.view();
    return owed > 0;
  });
  expect(await generations()).toEqual(before);
  link.mend();
  await lisbon.until('lisbon has applied the new value', () =>
    lisbon.driver.applied('lisbon-07', CONF)?.startsWith('api=192.0.2.11:'),
  );
  await Promise.all([madrid.synced(), lisbon.synced(), service.synced()]);
  // Porto imports it as well, and no agent delivers there.
  expect(service.driver.applied('porto-01', CONF)).toMatch(/^api=192\.0\.2\.11:/);
  expect(await generations()).toEqual({
    ...before,
    'lisbon-07': before['lisbon-07']! + 1,
    'porto-01': before['porto-01']! + 1,
  });

  // Every object that was ever sent to the site, or made there.
  const there = await everything(lisbon);
  expect(there).toContain('api=192.0.2.11:6443');
  expect(there).toContain('$ANSIBLE_VAULT;1.1;AES256');
  for (const other of ['never-imported', 'unwanted', 'region_name', 'porto', 'faro'])
    expect([other, there.includes(other)]).toEqual([other, false]);
  const exporter = await everything(madrid);
  expect(exporter).toContain('CA of madrid-01');
  for (const other of ['lisbon', 'porto', 'faro', 'agent.conf'])
    expect([other, exporter.includes(other)]).toEqual([other, false]);

  async function generations(): Promise<Record<string, number>> {
    const rows = await service.store.sites.list({ limit: 10 });
    return Object.fromEntries(rows.map(({ name, generation }) => [name, generation]));
  }
});

/** The contents of all objects in a site's own repository. */
function everything({ data }: AgentWorld): Promise<string> {
  return git(`${data}/sites.git`, 'cat-file', '--batch', '--batch-all-objects');
}
