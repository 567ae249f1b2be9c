import { expect, test } from 'vitest';

import { AgentWorld, NTP } from '../support/agent-world.ts';

/** When an agent applies: its policy, which is the site's own matter. */

const DAY = 24 * 60 * 60_000;
const ALL = 'group_vars/all.yml';

/** What was applied of the clock, oldest first. */
function clocks({ driver }: AgentWorld): (string | undefined)[] {
  return (
    driver.requests
      // Not those that only ask whether the hosts answer.
      .filter(({ playbooks }) => playbooks.includes('base/playbooks/site.yml'))
      .map(({ tree }) => /server (\S+)/.exec(tree.get(NTP)!.content.toString())?.[1])
  );
}

/** Waits until the tree of the plan of now is here, and the agent says what it waits for. */
async function waits(all: AgentWorld, words: string): Promise<void> {
  await all.until(`it waits: ${words}`, async () => {
    const { status } = await all.agent!.view();
    const row = await all.agent!.store.sites.get('lisbon');
    return status?.applied?.commit !== status?.desired && row?.message?.includes(words);
  });
}

test('manual: what is new is brought in and told, and applied when somebody says so', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open({ apply: { policy: 'manual' } });
  await waits(all, '`trueup agent apply` applies it');
  expect(clocks(all)).toEqual([]);
  await all.agent!.apply();
  await all.synced();
  expect(clocks(all)).toEqual(['192.0.2.1']);

  await all.planClock('192.0.2.7');
  await all.until('it is here', async () => (await all.read(NTP)).includes('192.0.2.7'));
  await waits(all, '`trueup agent apply` applies it');
  // Edits are recorded and told all the same.
  await all.say(ALL, 'motd: Welcome', 'motd: Closed', { words: 'Stocktaking' });
  const { body } = await all.service.proposal('lisbon');
  expect(body).toContain('Stocktaking');
  expect(clocks(all)).toEqual(['192.0.2.1']);
  await all.agent!.apply();
  expect(clocks(all)).toEqual(['192.0.2.1', '192.0.2.7']);
});

test('window: what is new waits for its time of the week, by the clock of the site', async () => {
  const all = await AgentWorld.start();
  const later = new Date(Date.now() + 3 * DAY);
  const day = later.toUTCString().slice(0, 3).toLowerCase();
  const windows = `${day} 00:00-24:00`;
  await all.enrol();
  await all.open({ apply: { policy: 'window', windows, timeZone: 'UTC' } });
  await waits(all, `waits for its window (${windows} UTC)`);
  expect(clocks(all)).toEqual([]);
  // Its time has come.
  all.ahead = 3 * DAY;
  await all.agent!.work.handle('lisbon');
  await all.synced();
  expect(clocks(all)).toEqual(['192.0.2.1']);
});
