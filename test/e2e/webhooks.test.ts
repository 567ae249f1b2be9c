import { afterEach, beforeEach, expect, test } from 'vitest';

import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import { type Delivery, sign } from '../support/github/webhooks.ts';
import { seededRandom } from '../support/random.ts';
import { TestService } from '../support/service.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const SECRET = 'a-secret-shared-with-the-forge';
const MOTD = ['group_vars/all.yml', 'motd: Welcome'] as const;

let github: FakeGitHub;
let world: World;
let service: TestService;

beforeEach(async () => {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
  world = await World.create(pairPlan, { origin: github.gitDirectory, force: true });
});
afterEach(async () => {
  await service.stop();
  await world.remove();
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

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

test(
  'law 8: lost, doubled, late, out of order and forged, they lead to the same end',
  {
    timeout: 60_000,
  },
  async () => {
    await start('1s');
    const random = seededRandom('webhooks');
    const kept: Delivery[] = [];
    const ping = sign('ping', '{}', SECRET);
    github.hook({ url: '', secret: SECRET }, (delivery) => void kept.push(delivery));
    const post = async ({ headers, body }: Pick<Delivery, 'headers' | 'body'>): Promise<number> => {
      const init = { method: 'POST', headers, body };
      return (await fetch(`${service.url}/webhooks/github`, init)).status;
    };
    /** Sends some of what was kept, in any order, some of it twice; and what nobody has signed. */
    const storm = async (): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        const delivery = kept[Math.floor(random() * kept.length)];
        expect([200, 202]).toContain(await post(delivery ?? ping));
      }
      const lie = { repository: { full_name: 'acme/plan' }, ref: 'refs/heads/main', after: '0' };
      const forged = sign('push', JSON.stringify(lie), 'not-the-secret-at-all');
      expect(await post(forged)).toBe(403);
    };

    await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
    await world.edit('porto', ...MOTD, 'motd: Gone fishing');
    const merged = await service.proposal('lisbon');
    const closed = await service.proposal('porto');
    await storm();
    github.closePull(closed.number!, 'olga');
    github.mergePull(merged.number!, 'olga');
    await storm();
    const last = github.repository.commit('main', { 'layers/note.yaml': 'note: 2\n' });
    await github.notice();
    await storm();
    await service.ended(closed.id, 'closed');
    await service.ended(merged.id, 'merged');
    await service.synced(last);

    expect(await world.readSite('lisbon', 'group_vars/all.yml')).toContain('motd: Back at noon');
    expect(await world.readSite('porto', 'group_vars/all.yml')).toContain('motd: Welcome');
    const ends = github.pulls.map(({ merge, state }) => `${state} ${merge !== null}`);
    expect(ends.toSorted()).toEqual(['closed false', 'closed true']);
  },
);

test('law 8: without any webhook it is the same, later', async () => {
  await start('1s', undefined);
  const commit = await world.commit('Greet', { 'layers/note.yaml': 'note: 1\n' });
  await service.until('the push is found', async () => (await revision()) === commit);
  await world.edit('lisbon', ...MOTD, 'motd: Back at noon');
  const proposal = await service.proposal('lisbon');
  github.mergePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'merged');
  expect(await counted()).toEqual([]);
});
