import { beforeAll, expect, test } from 'vitest';

import { ensureUi } from '../../scripts/ensure-ui.ts';
import { UI_FOLDER } from '../../src/cli/ui-folder.ts';
import { readUi } from '../../src/server/ui.ts';
import type { SiteAgent } from '../../src/server/wire-site-agent.ts';
import { startAgentSites } from '../support/agent-sites.ts';
import { noAgents, startApi } from '../support/api.ts';
import { needBrowser, openPage, screenshot } from '../support/browser.ts';
import { site } from '../support/store.ts';

/** What the pages tell of sites that agents deliver to. */

const NTP = 'base/files/ntp.conf';

beforeAll(ensureUi);

test('how an agent does stands on its site’s page, and is told anew as it changes', async (context) => {
  const browser = await needBrowser(context);
  const { service, world, enrol } = await startAgentSites({ ui: UI_FOLDER });
  const agent = await enrol('lisbon');
  await agent.pull();
  await agent.side.edit(NTP, '192.0.2.1', '192.0.2.7', 'A clock that is nearer');
  const layer = await world.planFile('layers/common.yaml');
  await world.commit('Another clock', {
    'layers/common.yaml': `${layer.replace('clock: 192.0.2.1', 'clock: 192.0.2.9')}\n`,
  });
  service.look();
  await service.until('it is desired', async () => (await service.site('lisbon')).generation === 2);
  await agent.push({
    status: {
      guard: 'went back to the last good tree: lisbon did not answer',
      message: 'generation 1 is here and waits for its window (22:00-04:00 UTC)',
    },
  });
  await agent.nudge(`?owed=3&now=${Date.now() - 120_000}`);
  await service.proposal('lisbon');

  const page = await openPage(browser, service.url);
  const row = (name: string) => page.locator('[role=row]', { hasText: name });
  await row('lisbon').getByText('connected').waitFor();
  await row('lisbon').getByText('held').waitFor();
  expect(await row('porto').getByText('never').first().getAttribute('title')).toBe(
    'never heard of',
  );
  await page.getByLabel('Filter').fill('agent=never');
  await page.getByText('1 of 2 sites').waitFor();
  expect(await row('lisbon').count()).toBe(0);
  await page.getByLabel('Filter').fill('');

  await row('lisbon').getByRole('link').click();
  const told = page.getByRole('list', { name: 'Agent' }).getByRole('listitem');
  await page.getByRole('heading', { name: 'Agent' }).waitFor();
  expect(await told.allTextContents()).toEqual([
    '✓ connected',
    '✗ 1 desired tree behind',
    '✗ owes 3 commits and reports',
    '✗ guard: went back to the last good tree: lisbon did not answer',
    `✗ plan and site disagree in ${NTP}`,
  ]);
  const card = page.locator('section', { has: page.getByRole('heading', { name: 'Agent' }) });
  await card.getByText('waits for its window').waitFor();
  expect(await card.textContent()).toMatch(/Clock1[12]\d s behind/);
  await page.locator('.proposed').getByRole('link').first().waitFor();
  await screenshot(page, 'agent');

  // The site takes what the plan has. Nobody reloads the page.
  await agent.nudge('?owed=0');
  await agent.pull();
  await agent.side.obey();
  await agent.push({ status: { generation: 2 } });
  await expect
    .poll(() => told.allTextContents(), { timeout: 60_000 })
    .toEqual(['✓ connected', '✓ has what is desired', '✓ owes nothing']);
});

test('an agent that falls silent turns late in the fleet, though nothing else changes', async (context) => {
  const browser = await needBrowser(context);
  const ui = await readUi(UI_FOLDER);
  const contacts = new Map<string, SiteAgent['contact']>([
    ['lisbon-07', 'connected'],
    ['madrid-01', 'connected'],
  ]);
  const views: ReturnType<typeof noAgents>['views'] = async (rows) =>
    new Map(
      rows.flatMap(({ name }) => {
        const contact = contacts.get(name);
        return contact ? [[name, { ...CALM, contact }]] : [];
      }),
    );
  const api = await startApi({ ui: ui!, agents: { ...noAgents(), views } });
  await api.store.sites.upsertMany([site('paris-02')]);
  const page = await openPage(browser, api.url);
  await page.getByText('1 of 1 sites').waitFor();
  // Where no site has one, the list says nothing of agents.
  const columns = page.getByRole('columnheader');
  expect(await columns.allTextContents()).not.toContain('Agent');

  await page.clock.install();
  await page.reload();
  const delivery = 'agent' as const;
  await api.store.sites.upsertMany([
    site('lisbon-07', { delivery }),
    site('madrid-01', { delivery }),
  ]);
  const late = page.locator('[role=gridcell]', { hasText: 'late' });
  await page.locator('[role=gridcell]', { hasText: 'connected' }).nth(1).waitFor();
  expect(await columns.allTextContents()).toContain('Agent');
  expect(await late.count()).toBe(0);

  contacts.set('madrid-01', 'late');
  await page.clock.fastForward(120_000);
  await late.waitFor();
  await page.getByLabel('Filter').fill('late');
  await page.getByText('1 of 3 sites').waitFor();
  await page.getByRole('link', { name: 'madrid-01' }).waitFor();
});

const CALM: SiteAgent = {
  contact: 'connected',
  enrolled: true,
  key: null,
  lastContactAt: '2026-11-23T09:30:00.000Z',
  lastReturnAt: null,
  generation: 0,
  lag: 0,
  owed: null,
  carried: 0,
  conflicts: [],
  clockSkew: null,
  hold: null,
  guard: null,
  message: '',
  version: null,
};
