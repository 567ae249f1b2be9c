import { expect, onTestFinished, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { AgentWorld, byAgent, NTP } from '../support/agent-world.ts';
import { Link } from '../support/link.ts';

/** Law 7 where nobody sees anybody: the same edit at sites that are cut off is one decision. */

const ALL = 'group_vars/all.yml';
const CLOCK = [NTP, '192.0.2.1', '192.0.2.9'] as const;
const MOTD = [ALL, 'motd: Welcome', 'motd: Bem-vindo'] as const;
const SITES = ['lisbon', 'porto'];

const LISBON = [
  [CLOCK, { author: 'nadia', words: 'The old clock died' }],
  [MOTD, { author: 'nadia', words: 'Greet people in their language' }],
] as const;
const PORTO = [
  [MOTD, { author: 'omar', words: 'Nobody here reads English' }],
  [CLOCK, { author: 'rita', words: 'Lisbon said this clock is better' }],
] as const;

test('the same edits at two sites that were cut off: one proposal each, in the words of both', async () => {
  const lisbon = await AgentWorld.start((files) => ({
    ...files,
    'sites/porto.yaml': byAgent(files['sites/porto.yaml']!),
  }));
  const { service, world } = lisbon;
  const porto = lisbon.beside('porto');
  const links: Link[] = [];
  for (const all of [lisbon, porto]) {
    const link = await Link.to(service.url);
    onTestFinished(() => link.close());
    await all.enrol(link.url);
    await all.open();
    links.push(link);
  }
  await Promise.all([lisbon.synced(), porto.synced()]);

  for (const link of links) link.cut();
  for (const [[path, what, by], said] of LISBON) await lisbon.say(path, what, by, said);
  for (const [[path, what, by], said] of PORTO) await porto.say(path, what, by, said);
  expect(await service.store.drifts.list({ limit: 9 })).toEqual([]);
  for (const link of links) link.mend();

  const clock = await proposed('192.0.2.9');
  const motd = await proposed('Bem-vindo');
  expect(await service.store.proposals.list({ limit: 9 })).toHaveLength(2);
  for (const [{ body }, has, hasNot] of [
    [
      clock,
      ['nadia', 'The old clock died', 'rita', 'Lisbon said this'],
      ['omar', 'their language'],
    ],
    [motd, ['nadia', 'in their language', 'omar', 'Nobody here reads'], ['rita', 'Lisbon said']],
  ] as const) {
    expect(body).toContain('2 sites were edited alike');
    expect(body).toContain('`lisbon`, `porto`');
    for (const text of has) expect(body).toContain(text);
    for (const text of hasNot) expect(body).not.toContain(text);
  }

  expect((await service.api('POST', `/proposals/${clock.id}/merge`, {})).status).toBe(200);
  await service.ended(clock.id, 'merged');
  await lisbon.until('the other proposal is proved on top of it', async () => {
    const { goodRevision } = await service.store.plan.get();
    const row = await proposed('Bem-vindo');
    return row.id === motd.id && row.result.revision === goodRevision;
  });
  expect((await service.api('POST', `/proposals/${motd.id}/close`, {})).status).toBe(200);
  await service.ended(motd.id, 'closed');
  await Promise.all([lisbon.synced(), porto.synced()]);

  expect(await world.planFile('layers/common.yaml')).toContain('clock: 192.0.2.9');
  for (const all of [lisbon, porto]) {
    expect(await all.read(NTP)).toContain('server 192.0.2.9');
    expect(await all.read(ALL)).toContain('motd: Welcome');
    expect(all.driver.applied(all.site, NTP)).toContain('server 192.0.2.9');
    expect(all.driver.applied(all.site, ALL)).toContain('motd: Welcome');
  }
  const drifts = await service.store.drifts.list({ limit: 9 });
  expect(
    drifts.map(({ site, paths, status }) => `${site} ${paths[0]} ${status}`).toSorted(),
  ).toEqual([
    `lisbon ${NTP} adopted`,
    `lisbon ${ALL} rejected`,
    `porto ${NTP} adopted`,
    `porto ${ALL} rejected`,
  ]);
  expect(await service.store.pulls.list({ limit: 9 })).toHaveLength(2);

  /** Waits until the one proposal about a text explains both sites on the forge. */
  function proposed(text: string): Promise<ProposalRow> {
    return lisbon.until(`${text} is proposed for both sites`, async () => {
      const rows = await service.store.proposals.list({ state: 'open', limit: 9 });
      const [row, ...more] = rows.filter(({ title }) => title.includes(text));
      if (!row || more.length > 0) return false;
      const pull = await service.store.pulls.get(row.number!);
      const same = row.result.sites?.join() === SITES.join();
      return same && pull?.head === row.commit && pull.body === row.body && row;
    });
  }
});
