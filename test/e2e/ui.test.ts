import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, expect, onTestFinished, test } from 'vitest';

import { ensureUi } from '../../scripts/ensure-ui.ts';
import { UI_FOLDER } from '../../src/cli/ui-folder.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { readUi } from '../../src/server/ui.ts';
import type { ProposalRow } from '../../src/store/rows.ts';
import { OPERATOR, seed, startApi } from '../support/api.ts';
import { needBrowser, openPage, screenshot } from '../support/browser.ts';
import { TestService } from '../support/service.ts';
import { COMMIT, drift, preview, proposal, site } from '../support/store.ts';
import { World } from '../support/world.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/edge');
const MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>';

beforeAll(ensureUi);

async function examplePlan(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(EXAMPLE, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(EXAMPLE.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

/** A controller with the web UI on the example plan, all of it applied. */
async function startExample(config: ConfigInput = {}) {
  const world = await World.create(await examplePlan());
  onTestFinished(() => world.remove());
  const service = await TestService.start(world, { ui: UI_FOLDER, config });
  onTestFinished(() => service.stop());
  await service.synced();
  return { world, service };
}

/** A server with the web UI on a store alone. */
async function startPages() {
  const ui = await readUi(UI_FOLDER);
  return startApi({ ui: ui! });
}

test('an edit appears as it is made, is explained, and is merged in the browser', async (context) => {
  const browser = await needBrowser(context);
  const { world, service } = await startExample();
  const page = await openPage(browser, service.url);
  const row = page.locator('[role=row]', { hasText: 'lisbon-07' });
  await page.getByText('4 of 4 sites').waitFor();
  expect(await page.locator('.space [role=row]').count()).toBe(4);
  expect(await row.textContent()).toContain('synced');

  // Nobody reloads the page.
  await world.edit('lisbon-07', 'group_vars/all.yml', '10.20.7.1', '10.20.7.9');
  await row.getByText('drifted').waitFor();
  await service.proposal('lisbon-07');
  await screenshot(page, 'fleet');

  await row.getByRole('link').click();
  await page.getByRole('heading', { name: 'An edit waits for a decision' }).waitFor();
  const found = page.getByLabel('Differences at lisbon-07');
  await found.getByText('10.20.7.9').waitFor();
  await page.getByLabel('Change of sites/lisbon-07.yaml').getByText('10.20.7.9').waitFor();
  await found.getByRole('button').filter({ hasText: '10.20.7.1' }).first().click();
  const explained = page.getByLabel('Explained');
  await explained.getByText('sites/lisbon-07.yaml:').first().waitFor();
  await explained.scrollIntoViewIfNeeded();
  await screenshot(page, 'site');

  await page.locator('.proposed').getByRole('link').first().click();
  const merge = page.getByRole('button', { name: 'Merge' });
  await merge.waitFor();
  expect(await merge.isDisabled()).toBe(true);
  await page.getByLabel('Token').fill(service.service.token.reveal());
  await page.getByRole('button', { name: 'Use' }).click();
  await screenshot(page, 'proposal');
  await merge.click();
  await page.getByText('Merged: the plan has learnt it.').waitFor();
  await page.getByRole('link', { name: 'Fleet' }).click();
  await row.getByText('synced').waitFor();
  expect(await world.planFile('sites/lisbon-07.yaml')).toContain('10.20.7.9');

  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('operator').first().waitFor();
  await screenshot(page, 'audit');
});

test('a proposal that is closed brings the site back, and what waited has its turn', async (context) => {
  const browser = await needBrowser(context);
  const { world, service } = await startExample({ drift: { maxOpenProposals: 1 } });
  const before = await world.readSite('porto-03', 'group_vars/all.yml');
  await world.edit('porto-03', 'group_vars/all.yml', /^motd: .*$/m, 'motd: Gone fishing');
  await service.proposal('porto-03');
  const page = await openPage(browser, `${service.url}/proposals`);
  await page.getByLabel('Token').fill(service.service.token.reveal());
  await page.getByLabel('Token').press('Enter');
  await page.locator('table').getByRole('link').waitFor();

  // Beyond the limits an edit waits, and the page says so by itself.
  await world.edit('paris-02', 'group_vars/all.yml', /^motd: .*$/m, 'motd: Fermé');
  const waits = page.locator('tr', { hasText: 'paris-02' });
  await waits.getByText('drift.maxOpenProposals: 1').waitFor();
  expect(await waits.textContent()).toContain('group_vars/all.yml');
  await page.getByRole('heading', { name: 'Edits without a proposal so far' }).waitFor();
  await screenshot(page, 'proposals');
  await page.locator('table').getByRole('link').click();
  await page.getByRole('button', { name: 'Close: the site goes back' }).click();
  await page.getByText('Closed: the site goes back to the plan.').waitFor();
  await service.until('the site is as before', async () => {
    return (await service.site('porto-03')).state === 'synced';
  });
  await page.getByRole('link', { name: 'Proposals' }).click();
  await page
    .locator('table')
    .getByRole('link', { name: /paris-02/ })
    .waitFor();
  expect(await world.readSite('porto-03', 'group_vars/all.yml')).toBe(before);
  // The token is this tab's alone.
  expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
});

test('a file’s lines, and values by their names, are explained', async (context) => {
  const browser = await needBrowser(context);
  const { service } = await startExample();
  const page = await openPage(browser, `${service.url}/sites/paris-02`, {
    expected: /404 \(Not Found\)/,
  });
  await page.getByLabel('Show a file').selectOption('base/files/chrony.conf');
  await page.getByLabel('base/files/chrony.conf').getByText('iburst').first().click();
  const explained = page.getByLabel('Explained');
  await explained.getByText('ntp_servers').first().waitFor();
  await explained.getByText('stacks/base/templates/chrony.conf.j2').first().waitFor();
  expect(await explained.textContent()).toContain('layers/region/eu-west.yaml:3');
  await screenshot(page, 'explain');
  await page.getByLabel('Explain a value').fill('timezone');
  await page.getByLabel('Explain a value').press('Enter');
  await explained.getByText('layers/region/eu-west.yaml').first().waitFor();
  await page.getByLabel('Explain a value').fill('timezon');
  await page.getByLabel('Explain a value').press('Enter');
  await explained.getByText('did you mean').waitFor();
});

test('ten thousand sites scroll, with few rows in the document', async (context) => {
  const browser = await needBrowser(context);
  const api = await startPages();
  const names = Array.from({ length: 10_000 }, (_, i) => `site-${String(i).padStart(5, '0')}`);
  await api.store.sites.upsertMany(names.map((name) => site(name)));
  const page = await openPage(browser, api.url);
  await page.getByText('10000 of 10000 sites').waitFor();
  const rows = page.locator('.space [role=row]');
  expect(await rows.count()).toBeLessThan(60);
  const grid = page.getByRole('grid');
  expect(await grid.getAttribute('aria-rowcount')).toBe('10001');
  await grid.evaluate((element) => element.scrollTo(0, 5_000 * 36));
  await page.getByRole('link', { name: 'site-05003' }).waitFor();
  expect(await rows.count()).toBeLessThan(60);

  // With the keyboard alone.
  await grid.focus();
  await page.keyboard.press('End');
  await page.getByRole('link', { name: 'site-09999' }).waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'site-09998' }).waitFor();
  await page.goBack();

  await page.getByLabel('Filter').fill('site-0123');
  await page.getByText('10 of 10000 sites').waitFor();
  expect(await rows.count()).toBe(10);
  await api.store.sites.update('site-01234', { hold: 'two edits of one line' });
  await page.locator('[role=row]', { hasText: 'site-01234' }).getByText('held').waitFor();
});

test('markup in names and texts is text', async (context) => {
  const browser = await needBrowser(context);
  const api = await startPages();
  await seed(api.store);
  await api.store.sites.upsertMany([
    site('madrid-01', { hold: MARKUP, message: MARKUP, labels: { [MARKUP]: MARKUP } }),
  ]);
  await api.store.drifts.insertIfAbsent(
    drift('edit-2', { site: 'madrid-01', paths: [MARKUP], author: MARKUP, message: MARKUP }),
  );
  await api.store.proposals.insertIfAbsent(
    proposal('proposal-2', {
      driftId: 'edit-2',
      site: 'madrid-01',
      title: MARKUP,
      body: MARKUP,
      branch: MARKUP,
      result: {
        site: 'madrid-01',
        revision: COMMIT,
        proposals: [
          {
            kind: 'param',
            placement: 'site',
            title: MARKUP,
            edits: [{ file: MARKUP, mode: '100644', patch: `-${MARKUP}\n+${MARKUP}\n` }],
            explains: [MARKUP],
            blastRadius: [{ site: MARKUP, files: [MARKUP] }],
            verified: true,
            notes: [MARKUP],
          },
        ],
        unexplained: [{ path: MARKUP, reason: MARKUP }],
      },
    }),
  );
  await api.store.proposals.update('proposal-2', {
    state: 'open',
    number: 8,
    url: 'javascript:alert(3)',
  });
  const hostile = preview(13);
  await api.store.previews.put(
    { ...hostile, title: MARKUP, author: MARKUP, url: 'javascript:alert(4)' },
    new Map(),
  );
  await api.store.revisions.record({
    revision: 'e'.repeat(40),
    subject: MARKUP,
    author: MARKUP,
    committedAt: 5_000,
    seenAt: 6_000,
    result: 'held',
    changedSites: 0,
    completedAt: null,
  });
  await api.store.plan.update({ heldRevision: 'e'.repeat(40), heldReason: MARKUP });
  await api.store.audit.append({
    at: 6_000,
    actor: MARKUP,
    action: 'proposal.merged',
    subject: MARKUP,
    detail: { proposal: 'proposal-2', number: 8, title: MARKUP, [MARKUP]: MARKUP },
  });
  const page = await openPage(browser, `${api.url}/sites/madrid-01`, {
    expected: /404 \(Not Found\)/,
  });
  const lists = ['/', '/proposals', '/previews', '/revisions', '/audit'];
  for (const path of [...lists, '/sites/madrid-01', '/proposals/8', '/previews/13']) {
    await page.goto(`${api.url}${path}`);
    await page.getByText('<img src=x').first().waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
  }
});

/** A change of one file of the plan. */
function planChange(file: string): ProposalRow['result']['proposals'][number] {
  return {
    kind: 'param',
    placement: 'site',
    title: `motd in ${file}`,
    edits: [{ file, mode: '100644', patch: '-motd: a\n+motd: b\n' }],
    explains: ['group_vars/all.yml'],
    blastRadius: [],
    verified: true,
    notes: [],
  };
}

test('another way is chosen; what is proved no longer is told, and cannot be merged there', async (context) => {
  const browser = await needBrowser(context);
  const api = await startPages();
  await seed(api.store);
  const result = { site: 'madrid-01', revision: COMMIT, adopted: 2, unexplained: [] };
  const proposals = ['sites/one.yaml', 'sites/two.yaml', 'layers/three.yaml'].map(planChange);
  await api.store.proposals.insertIfAbsent(
    proposal('proposal-3', { site: 'madrid-01', result: { ...result, proposals } }),
  );
  await api.store.proposals.update('proposal-3', { state: 'open', number: 9 });
  const page = await openPage(browser, `${api.url}/proposals/9`);
  await page.getByLabel('Token').fill(OPERATOR);
  await page.getByLabel('Token').press('Enter');
  // All that a merge makes is in sight, and what it does not make is folded away.
  const merge = page.getByRole('button', { name: 'Merge' });
  await page.getByLabel('Change of sites/two.yaml').waitFor();
  expect(await page.getByLabel('Change of layers/three.yaml').isVisible()).toBe(false);
  expect(await merge.isDisabled()).toBe(false);
  await page.getByRole('button', { name: 'Take this' }).click();
  await page.getByText('Chosen: its branch follows.').waitFor();
  expect(api.decided).toEqual(['choose 2 of proposal-3 by operator']);

  const unexplained = [{ path: 'group_vars/all.yml', reason: 'a secret was changed' }];
  await api.store.proposals.update('proposal-3', {
    result: { ...result, adopted: 0, proposals: [], unexplained },
  });
  await page.getByText('The plan has moved on').waitFor();
  await page.getByText('a secret was changed').waitFor();
  expect(await merge.isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: 'Close' }).isDisabled()).toBe(false);
});

test('previews are shown, also in the dark', async (context) => {
  const browser = await needBrowser(context);
  const api = await startPages();
  const title = 'Move the south to Madeira time';
  const { report } = preview(14);
  const [file] = report.groups[0]!.files;
  const patch =
    '@@ -9,3 +9,3 @@\n domain: example.com\n-timezone: Europe/Lisbon\n+timezone: Atlantic/Madeira\n motd: Welcome\n';
  const groups = [{ sites: ['lisbon-07', 'porto-03'], files: [{ ...file!, patch }] }];
  await api.store.previews.put(
    preview(14, {
      title,
      updatedAt: Date.UTC(2026, 10, 23, 9, 30),
      report: { ...report, total: 4, changed: 2, groups },
    }),
    new Map(),
  );
  const page = await openPage(browser, `${api.url}/previews`, { dark: true });
  await page.getByRole('link', { name: title }).waitFor();
  await screenshot(page, 'previews');
  await page.getByRole('link', { name: title }).click();
  await page.getByText('Atlantic/Madeira').waitFor();
  await screenshot(page, 'preview');
  const colours = await page.evaluate('getComputedStyle(document.documentElement).color');
  expect(colours).toBe('rgb(228, 235, 232)');
});

test('a held revision is confirmed in the browser, and a check run is asked for', async (context) => {
  const browser = await needBrowser(context);
  const api = await startPages();
  await seed(api.store);
  const held = 'f'.repeat(40);
  const at = Date.UTC(2026, 10, 23, 9, 30);
  const about = { author: 'olga', committedAt: at, seenAt: at + 1_000, completedAt: null };
  await api.store.revisions.record({
    ...about,
    revision: held,
    subject: 'Take the south away',
    result: 'held',
    changedSites: 0,
  });
  await api.store.plan.update({
    headRevision: held,
    heldRevision: held,
    heldReason: 'removes 3 of 4 sites',
  });
  await api.store.previews.put(preview(15), new Map());
  const page = await openPage(browser, `${api.url}/revisions`);
  await page.getByText('It removes 3 of 4 sites.').waitFor();
  await page.getByText('Take the south away').waitFor();
  const confirm = page.getByRole('button', { name: 'Confirm' });
  expect(await confirm.isDisabled()).toBe(true);
  await page.getByLabel('Token').fill(OPERATOR);
  await page.getByLabel('Token').press('Enter');
  await screenshot(page, 'revisions');
  await confirm.focus();
  await page.keyboard.press('Enter');
  await page.getByText('Confirmed: it comes into force now.').waitFor();
  await page.goto(`${api.url}/previews/15`);
  await page.getByRole('button', { name: 'Check it at hosts' }).click();
  await expect
    .poll(() => api.decided, { timeout: 60_000 })
    .toEqual([`confirm ${held} by operator`, `check 15 at ${COMMIT} by operator`]);
});

test('where reading needs a token the page asks for it, and shows everything once it has it', async (context) => {
  const browser = await needBrowser(context);
  const ui = await readUi(UI_FOLDER);
  const api = await startApi({ ui: ui!, host: '0.0.0.0' });
  await seed(api.store);
  const page = await openPage(browser, api.url, { expected: /401 \(Unauthorized\)/ });
  await page.getByText('reading needs a token').waitFor();
  await page.getByLabel('Token').fill('wrong');
  await page.getByLabel('Token').press('Enter');
  await page.getByText('the token is unknown or was revoked').first().waitFor();
  await page.getByRole('button', { name: 'Forget the token' }).click();
  await page.getByLabel('Token').fill(OPERATOR);
  await page.getByLabel('Token').press('Enter');
  await page.getByRole('link', { name: 'lisbon-07' }).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  expect(await page.getByText('reading needs a token').count()).toBe(0);
});
