import { afterEach, beforeEach, expect, test } from 'vitest';

import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import { type Delivery, sign } from '../support/github/webhooks.ts';
import { seededRandom } from '../support/random.ts';
import { TestService } from '../support/service.ts';
import { PAIR, pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const SECRET = 'a-secret-shared-with-the-forge';
const MOTD = ['group_vars/all.yml', 'motd: Welcome'] as const;

let github: FakeGitHub;
let world: World;
let service: TestService;

async function setUp(): Promise<void> {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
  world = await World.create(pairPlan, { origin: github.gitDirectory, force: true });
}

async function tearDown(): Promise<void> {
  await service.stop();
  await world.remove();
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
}

beforeEach(setUp);
afterEach(tearDown);

async function start(pollInterval: string, webhookSecret = SECRET): Promise<void> {
  const access = { repository: 'acme/plan', baseUrl: github.url, token: TOKEN, webhookSecret };
  service = await TestService.start(world, {
    config: {
      plan: { url: github.gitUrl, pollInterval },
      forge: { type: 'github', github: access },
    },
  });
  await service.synced();
}

async function revision(): Promise<string | null> {
  return (await service.store.plan.get()).goodRevision;
}

async function counted(): Promise<string[]> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('trueup_webhooks_total{'));
}

test('told by webhooks of a push, the controller need not ask', async () => {
  await start('24h');
  github.hook({ url: `${service.url}/webhooks/github`, secret: SECRET });
  const commit = await world.commit('Greet', { 'layers/note.yaml': 'note: 1\n' });
  await github.notice();
  await service.until('the push is followed', async () => (await revision()) === commit);
  expect(await counted()).toEqual([
    'trueup_webhooks_total{forge="github",event="push",result="accepted"} 1',
  ]);
});

test('told by webhooks of a decision, the controller need not ask', async () => {
  await start('24h');
  github.hook({ url: `${service.url}/webhooks/github`, secret: SECRET });
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  await world.edit('porto', ...MOTD, 'motd: Gone fishing');
  const merged = await service.proposal('lisbon');
  const closed = await service.proposal('porto');
  github.closePull(closed.number!, 'olga');
  await service.ended(closed.id, 'closed');
  github.mergePull(merged.number!, 'olga');
  await service.ended(merged.id, 'merged');
  expect((await counted()).join()).toContain('event="pull_request",result="accepted"');
});

/** Sends a webhook; gives the answer's status. */
async function post({ headers, body }: Pick<Delivery, 'headers' | 'body'>): Promise<number> {
  const init = { method: 'POST', headers, body };
  return (await fetch(`${service.url}/webhooks/github`, init)).status;
}

/** All that edits, decisions and a push have led to, in the plan, at the sites and on the forge; the same each time. */
async function endState(last: string): Promise<Record<string, unknown>> {
  const { store } = service;
  const files = await world.bare('origin', 'ls-tree', '-r', '--name-only', 'main');
  const drifts = await store.drifts.list({ limit: 9 });
  const proposals = await store.proposals.list({ limit: 9 });
  const copies = await Promise.all(
    PAIR.flatMap((name) =>
      [MOTD[0], 'base/files/ntp.conf'].map((file) => world.readSite(name, file)),
    ),
  );
  return {
    plan: [files, await Promise.all(PAIR.map((name) => world.planFile(`sites/${name}.yaml`)))],
    copies: copies.map((text) => text.replaceAll(world.root, '…')),
    sites: (await store.sites.list({ limit: 9 })).map(({ name, state, hold }) => [
      name,
      state,
      hold,
    ]),
    drifts: drifts
      .map(({ site, status, decidedBy }) => [site, status, decidedBy].join())
      .toSorted(),
    proposals: proposals.map(({ site, state, title }) => [site, state, title].join()).toSorted(),
    pulls: github.pulls
      .map(({ title, state, merge, labels }) => [title, state, merge?.by, ...labels].join())
      .toSorted(),
    comments: github.comments.map(({ body }) => body),
    merges: await world.bare('origin', 'rev-list', '--count', '--merges', 'main'),
    statuses: github.statuses
      .filter(({ commit }) => commit === last)
      .map(({ context, state }) => [context, state]),
  };
}

/** Edits at two sites, one merged and one closed, and a push; `meanwhile` comes between all of it. */
async function story(meanwhile: () => Promise<void>): Promise<Record<string, unknown>> {
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  await world.edit('porto', ...MOTD, 'motd: Gone fishing');
  const merged = await service.proposal('lisbon');
  const closed = await service.proposal('porto');
  await meanwhile();
  github.closePull(closed.number!, 'olga');
  github.mergePull(merged.number!, 'olga');
  await meanwhile();
  const last = github.repository.commit('main', { 'layers/note.yaml': 'note: 2\n' });
  await github.notice();
  await meanwhile();
  await service.ended(closed.id, 'closed');
  await service.ended(merged.id, 'merged');
  await service.synced(last);
  await service.until('the last commit has its status', () =>
    github.statuses.some(({ commit }) => commit === last),
  );
  return endState(last);
}

test(
  'law 8: lost, doubled, late, out of order, forged and far too large, they lead to the same end as none',
  { timeout: 90_000 },
  async () => {
    await start('1s', undefined);
    const quiet = await story(async () => {});
    expect(await counted()).toEqual([]);
    expect(quiet).toMatchObject({
      drifts: ['lisbon,adopted,olga', 'porto,rejected,olga'],
      comments: [],
      merges: '1',
      statuses: [['trueup/render', 'success']],
    });
    expect(quiet['copies']).toEqual([
      expect.stringContaining('motd: Back at noon\n'),
      expect.any(String),
      expect.stringContaining('motd: Welcome\n'),
      expect.any(String),
    ]);
    await tearDown();

    await setUp();
    await start('1s');
    const random = seededRandom('webhooks');
    const kept: Delivery[] = [];
    const ping = sign('ping', '{}', SECRET);
    github.hook({ url: '', secret: SECRET }, (delivery) => void kept.push(delivery));
    const lie = { repository: { full_name: 'acme/plan' }, ref: 'refs/heads/main', after: '0' };
    const forged = sign('push', JSON.stringify(lie), 'not-the-secret-at-all');
    const huge = sign('push', JSON.stringify({ ...lie, pad: 'x'.repeat(10 * 2 ** 20) }), SECRET);
    /** Sends some of what was kept, in any order, some of it twice; what nobody has signed; and too much. */
    const storm = async (): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        const delivery = kept[Math.floor(random() * kept.length)];
        expect([200, 202]).toContain(await post(delivery ?? ping));
      }
      expect(await post(forged)).toBe(403);
      // Refused before it is read: who still sends may find the connection closed.
      expect([413, 0]).toContain(await post(huge).catch(() => 0));
    };
    expect(await story(storm)).toEqual(quiet);
    const told = (await counted()).join('\n');
    for (const [event, result] of [
      ['pull_request', 'accepted'],
      ['push', 'refused'],
      ['push', 'too-large'],
    ])
      expect(told).toContain(`event="${event}",result="${result}"`);
  },
);
