import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Forge } from '../../src/forge/forge.ts';
import { LiveRepository } from '../support/live/repository.ts';
import { LIVE_TARGETS } from '../support/live/target.ts';
import { TestService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

// A service far away, which may ask us to slow down.
const patience = 150_000;
const timeout = 600_000;

for (const [name, target] of LIVE_TARGETS) {
  describe.skipIf(!target)(`a live ${name} (TRUEUP_LIVE_${name.toUpperCase()}_…)`, () => {
    const branches: string[] = [];
    let live: LiveRepository;
    let forge: Forge;
    let world: World;
    let service: TestService;

    beforeAll(async () => {
      live = new LiveRepository(target!);
      forge = target!.forge(live.base);
      // Only the sites' side of it is used: the plan is in the live repository.
      world = await World.create(pairPlan);
      live.commit(live.base, pairPlan(world.hosts));
      service = await TestService.start(world, {
        config: { plan: { url: target!.gitUrl, branch: live.base }, forge: target!.setting },
      });
      await patiently('the plan is applied', () => service.synced());
    }, timeout);
    afterAll(async () => {
      await service?.stop();
      await world?.remove();
      live?.remove(...branches);
    }, timeout);

    /** Edits the message at lisbon; no other run has the same edit, and so no other run's proposal is found. */
    async function edit(words: string): Promise<{ id: string; number: number; text: string }> {
      const text = `motd: ${words} ${live.run}`;
      await world.edit('lisbon', 'group_vars/all.yml', /motd: .*/, text);
      const proposal = await patiently('it is proposed', () => service.proposal('lisbon'));
      branches.push(proposal.branch);
      return { id: proposal.id, number: proposal.number!, text };
    }

    test('an edit is a pull request; merged there, the plan has learnt', { timeout }, async () => {
      const { id, number, text } = await edit('Back at noon');
      const pull = (await forge.getPullRequest(number))!;
      expect(pull).toMatchObject({ state: 'open', base: live.base });
      expect(pull.body).toContain('Rendered again with this change');
      await forge.mergePullRequest(number, pull.head, 'a live test');
      await patiently('it has ended', () => service.ended(id, 'merged'));
      const merged = live.branchCommit(live.base);
      await patiently('the merge is applied', () => service.synced(merged));
      expect(live.git('show', `${live.base}:sites/lisbon.yaml`)).toContain(text.slice(6));
      expect(await world.readSite('lisbon', 'group_vars/all.yml')).toContain(text);
      expect(await service.store.drifts.open('lisbon')).toEqual([]);
    });

    test('closed there, the site goes back to the plan', { timeout }, async () => {
      const before = await world.readSite('lisbon', 'group_vars/all.yml');
      const { id, number, text } = await edit('Gone fishing');
      await target!.ask('PATCH', `/pulls/${number}`, { state: 'closed' });
      await patiently('it has ended', () => service.ended(id, 'closed'));
      await patiently('the site is back', () => service.synced());
      const after = await world.readSite('lisbon', 'group_vars/all.yml');
      expect(after).toBe(before);
      expect(after).not.toContain(text);
    });

    test('a pull request of a person gets one comment and a status', { timeout }, async () => {
      const branch = `clock-${live.run}`;
      const push = (clock: string): string =>
        live.commit(branch, { 'sites/porto.yaml': site('porto', { clock }) });
      push('192.0.2.7');
      const draft = { head: branch, base: live.base, title: 'Another clock' };
      const { number }: { number: number } = await target!.ask('POST', '/pulls', draft);
      for (const clock of ['192.0.2.9', '192.0.2.8']) {
        const head = push(clock);
        const comments = await patiently(`${head} is previewed`, async () => {
          const now = await forge.listComments(number);
          return now.some(({ body }) => body.includes(`+server ${clock} iburst`)) && now;
        });
        expect(comments).toMatchObject([{ marker: 'preview' }]);
        const status = await patiently(`${head} has its status`, async () => {
          const all: { context: string; description: string }[] = await target!.ask(
            'GET',
            `/commits/${head}/statuses`,
          );
          return all.find(({ context }) => context === 'trueup/render');
        });
        expect(status.description).toBe('1 of 2 sites change');
      }
      await target!.ask('PATCH', `/pulls/${number}`, { state: 'closed' });
    });

    test('the token shows in no line of the log', () => {
      expect(service.lines.length).toBeGreaterThan(0);
      expect(service.lines.filter((line) => line.includes(target!.token))).toEqual([]);
    });
  });
}

function patiently<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  return eventually(what, look, { patience });
}
