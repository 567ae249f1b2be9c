import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { DriftLoop } from '../../src/drift/drift-loop.ts';
import { SiteStore } from '../../src/git/site-store.ts';
import { RENDERER_VERSION } from '../../src/model/manifest.ts';
import { treeDigest } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { WorkingCopies } from '../../src/runner/working-copy/working-copies.ts';
import type { Store } from '../../src/store/store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { git } from '../support/git.ts';
import { planFiles } from '../support/plan-files.ts';
import { FakeDriver, TestService } from '../support/service.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { World } from '../support/world.ts';

/**
 * Law 12, one state at a time: each test makes what a kill at a certain moment leaves behind, and holds the next
 * controller to what must come of it.
 */

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(pairPlan);
  service = await TestService.start(world);
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

const MOTD = 'group_vars/all.yml';
const QUIET = { log: createLogger({ level: 'silent', format: 'json' }), now: Date.now };

/** Ends the controller, changes what it left, and starts another one. */
async function restart(change: (store: Store) => Promise<void> = async () => {}): Promise<void> {
  await service.stop();
  await withStore(world, change);
  service = await TestService.start(world, { driver: new FakeDriver() });
}

/** Edits two files of lisbon while nobody looks, so that it is one edit. */
async function editTwo(): Promise<void> {
  await restart(async () => {
    await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Gone fishing');
    await world.edit('lisbon', 'base/files/ntp.conf', '192.0.2.1', '192.0.2.9');
  });
}

test('the edits of a site stay in its observed history, whatever was decided on them', async () => {
  await editTwo();
  const closed = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${closed.id}/close`);
  await service.ended(closed.id, 'closed');
  await service.synced();
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Back at noon');
  const merged = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${merged.id}/merge`);
  await service.ended(merged.id, 'merged');
  await service.synced();
  await service.stop();
  await expectSound(world);
  const history = await world.bare('sites', 'log', '-p', 'refs/sites/lisbon/observed');
  const lines = ['+motd: Gone fishing', '+server 192.0.2.9 iburst', '+motd: Back at noon'];
  expect(lines.filter((line) => !history.includes(line))).toEqual([]);
});

test('an edit that was recorded and not judged yet is proposed', async () => {
  await service.stop();
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  await withTrees(async (store, trees) => {
    const directory = join(world.data, 'sites');
    const copies = new WorkingCopies({ directory, store, trees, ...QUIET, userName: String });
    expect(await copies.observe('lisbon')).toBe(true);
  });
  service = await TestService.start(world);
  expect((await service.proposal('lisbon')).title).toContain('Hello');
});

test('with the plan’s repository gone, sites are kept true to the plan in force', async () => {
  await restart();
  await world.moveOrigin('away');
  await restart();
  expect((await service.api('POST', '/sites/lisbon/retry')).status).toBe(200);
  await service.until('it is applied', () => service.driver.requests.length > 0);
  expect(service.driver.requests[0]?.playbooks).toEqual(['base/playbooks/site.yml']);
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  await service.until('the edit is worked out', async () => {
    const [proposal] = await service.store.proposals.list({ limit: 10 });
    return proposal?.state === 'pending';
  });
  await world.moveOrigin('back');
  await service.proposal('lisbon');
});

test('a revision that was cut off as it came into force leaves no site behind', async () => {
  const { desiredDigest } = await service.site('lisbon');
  await restart(async (store) => {
    const other = (await store.sites.get('porto'))!;
    await store.plan.update({ evaluatingRevision: 'f00d'.padEnd(40, '0') });
    await store.sites.update('lisbon', {
      desiredCommit: other.desiredCommit,
      desiredDigest: other.desiredDigest,
      desiredRevision: 'f00d'.padEnd(40, '0'),
    });
  });
  await service.until('it is what the plan in force says', async () => {
    const row = await service.site('lisbon');
    return row.desiredDigest === desiredDigest && row.state === 'synced';
  });
  expect(service.driver.requests.filter(({ tree }) => !tree.has('inventory.yml'))).toEqual([]);
  expect(await world.readSite('lisbon', 'base/files/ntp.conf')).toContain('The clock of lisbon');
});

test('a tree is applied with the playbooks of its own revision', async () => {
  const before = (await service.store.plan.get()).goodRevision;
  const revision = await world.commit('Add a playbook', {
    'stacks/base/stack.yaml': `apiVersion: trueup/v1
kind: Stack
playbooks: [playbooks/site.yml, playbooks/more.yml]
`,
    'stacks/base/playbooks/more.yml': '- { hosts: all, gather_facts: false, tasks: [] }\n',
  });
  await service.synced(revision);
  await restart(async (store) => {
    await store.plan.update({ goodRevision: before, evaluatingRevision: revision });
    await store.sites.update('lisbon', { appliedCommit: null, appliedDigest: null });
  });
  await service.synced(revision);
  await service.until('it is applied', () => service.driver.requests.length > 0);
  expect(service.driver.requests.map(({ playbooks }) => playbooks)).toEqual([
    ['base/playbooks/site.yml', 'base/playbooks/more.yml'],
  ]);
});

test('refs that did not follow the database are brought after it', async () => {
  await service.stop();
  const { desired, applied } = await refs();
  expect(desired).toBe(applied);
  for (const ref of ['desired', 'observed', 'applied']) {
    await world.bare('sites', 'update-ref', '-d', `refs/sites/lisbon/${ref}`);
  }
  service = await TestService.start(world);
  expect(await refs()).toEqual({ desired, observed: desired, applied });

  async function refs(): Promise<Record<string, string>> {
    const format = '--format=%(refname:lstrip=3) %(objectname)';
    const lines = await world.bare('sites', 'for-each-ref', format, 'refs/sites/lisbon');
    return Object.fromEntries(lines.split('\n').map((line) => line.split(' ')));
  }
});

test('a pull request that was opened in the last moment is closed if the site was brought back', async () => {
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  const { id, number } = await service.proposal('lisbon');
  await restart(async (store) => {
    await store.proposals.update(id, { state: 'pending', number: null, url: null, openedAt: null });
    await world.edit('lisbon', MOTD, 'motd: Hello', 'motd: Welcome');
  });
  const ended = await service.ended(id, 'obsolete');
  expect(ended.number).toBe(number);
  expect(await service.store.pulls.get(number!)).toMatchObject({ state: 'closed' });
  const comments = await service.store.pulls.comments(number!);
  expect(comments.filter(({ marker }) => marker === 'ended')).toMatchObject([
    { body: expect.stringContaining('brought back by hand') },
  ]);
  await service.synced();
});

test('half of a way back is completed, and taken for no edit', async () => {
  await editTwo();
  const { id, driftId } = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${id}/close`);
  await service.ended(id, 'closed');
  await service.synced();
  // Killed after the first of two files was written.
  await restart(async (store) => {
    const edit = (await store.drifts.get(driftId))!.observedCommit;
    await store.sites.update('lisbon', { writingFrom: edit });
    await world.edit('lisbon', 'base/files/ntp.conf', '192.0.2.1', '192.0.2.9');
  });
  await service.until('it is completed', async () => {
    return (await service.site('lisbon')).writingFrom === null;
  });
  expect(await world.readSite('lisbon', 'base/files/ntp.conf')).toContain('192.0.2.1 ');
  await service.synced();
  await service.stop();
  await expectSound(world);
  await withStore(world, async (store) => {
    expect(await store.drifts.list({ limit: 10 })).toHaveLength(1);
  });
});

test('an edit made where a tree was half written is kept as one', async () => {
  await editTwo();
  const { id, driftId } = await service.proposal('lisbon');
  await service.api('POST', `/proposals/${id}/close`);
  await service.ended(id, 'closed');
  await service.synced();
  await restart(async (store) => {
    const edit = (await store.drifts.get(driftId))!.observedCommit;
    await store.sites.update('lisbon', { writingFrom: edit });
    await world.edit('lisbon', 'base/files/ntp.conf', '192.0.2.1', '192.0.2.9');
    await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  });
  const proposal = await service.proposal('lisbon');
  expect(proposal.title).toContain('Hello');
  expect((await service.store.drifts.get(proposal.driftId))!.paths).toEqual([MOTD]);
});

test('what was applied with an edit in it is applied again when the edit is taken back', async () => {
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  const { id } = await service.proposal('lisbon');
  const runs = service.driver.requests.length;
  await world.commit('Burst no more', {
    'stacks/base/templates/ntp.conf.j2': 'server {{ clock }}\n',
  });
  service.look();
  await service.until('both are applied', () => service.driver.requests.length === runs + 2);
  expect(service.driver.applied('lisbon', MOTD)).toContain('motd: Hello');
  await world.edit('lisbon', MOTD, 'motd: Hello', 'motd: Welcome');
  await service.until('it is applied again', () => service.driver.requests.length === runs + 3);
  expect(service.driver.applied('lisbon', MOTD)).toContain('motd: Welcome');
  await service.ended(id, 'obsolete');
  await service.synced();
});

test('One decision: one that comes while an edit is looked at leads to no second drift', async () => {
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  const { driftId } = await service.proposal('lisbon');
  await service.stop();
  await withTrees(async (store, trees) => {
    const { plan } = loadPlan(planFiles(pairPlan(world.hosts)));
    const { goodRevision } = await store.plan.get();
    const readTree = trees.readTree.bind(trees);
    trees.readTree = async (commit) => {
      await store.drifts.decide(driftId, 'rejected', 'olga', 1);
      return readTree(commit);
    };
    const loop = new DriftLoop({
      store,
      trees,
      plan: () => ({ revision: goodRevision!, plan: plan! }),
      metrics: createMetrics({ perSite: 'auto', perSiteLimit: 10 }),
      onProposal: () => undefined,
      onGroup: () => undefined,
      onRevert: () => undefined,
      ...QUIET,
    });
    await loop.handle('lisbon');
    await loop.handle('lisbon');
    expect(await store.drifts.list({ limit: 10 })).toHaveLength(1);
  });
});

test('One decision: one that comes while the plan’s changes are brought in is carried out', async () => {
  await world.edit('lisbon', MOTD, 'motd: Welcome', 'motd: Hello');
  const { driftId } = await service.proposal('lisbon');
  await service.stop();
  await withTrees(async (store, trees) => {
    const { desiredCommit } = (await store.sites.get('lisbon'))!;
    const files = new Map(await trees.readTree(desiredCommit!));
    files.set('NEWS', { mode: '100644', content: Buffer.from('A new revision.\n') });
    const author = { name: 'Test', email: 'test@example.org' };
    const spec = {
      site: 'lisbon',
      files,
      parents: [desiredCommit!],
      message: 'New',
      author,
      time: 1,
    };
    const [commit] = await trees.writeCommits([spec]);
    await store.sites.update('lisbon', {
      desiredCommit: commit!,
      desiredDigest: treeDigest(files),
    });

    const write = trees.writeCommits.bind(trees);
    trees.writeCommits = async (commits) => {
      await store.drifts.decide(driftId, 'rejected', 'olga', 1);
      return write(commits);
    };
    const directory = join(world.data, 'sites');
    const copies = new WorkingCopies({ directory, store, trees, ...QUIET, userName: String });
    await copies.bringIn('lisbon');
    await copies.bringIn('lisbon');
  });
  expect(await world.readSite('lisbon', MOTD)).toContain('motd: Welcome');
  expect(await world.readSite('lisbon', 'NEWS')).toBe('A new revision.\n');
});

test('after a restart nothing is rendered again, and only what a commit since then changes', async () => {
  const before = await service.synced();
  await restart();
  // A second look is only taken when what the first one asked for is done.
  await fetchedAfter(await fetchedAfter(Date.now()));
  expect(await renderedSince()).toBe(0);
  expect(await service.synced()).toMatchObject(
    before.map(({ desiredCommit, generation }) => ({ desiredCommit, generation })),
  );

  await service.stop();
  const revision = await world.commit('Move the door', {
    'sites/porto.yaml': site('porto', { door: 'north' }),
  });
  service = await TestService.start(world, { driver: new FakeDriver() });
  await service.synced(revision);
  expect(await renderedSince()).toBe(1);
});

/** When the plan was looked at next after a moment. */
function fetchedAfter(moment: number): Promise<number> {
  return service.until('the plan is looked at', async () => {
    const { fetchedAt } = await service.store.plan.get();
    return fetchedAt !== null && fetchedAt > moment && fetchedAt;
  });
}

/** How many sites this controller has rendered since it started. */
async function renderedSince(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const counts = [...text.matchAll(/^trueup_rendered_sites_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

test('another version of the renderer renders every site again, though the plan is as it was', async () => {
  const [before] = await service.synced();
  const { desiredDigest, desiredCommit } = before!;
  await restart(async (store) => {
    // What the version before has made: another tree.
    await git(join(world.data, 'sites.git'), 'config', 'trueup.renderer', '0');
    await store.sites.update(before!.name, { desiredDigest: 'an older tree' });
  });
  const after = await service.until('it is rendered again', async () => {
    const row = await service.site(before!.name);
    return row.desiredDigest === desiredDigest && row;
  });
  expect(after.desiredCommit).not.toBe(desiredCommit);
  expect(after.generation).toBe(before!.generation + 1);
  await service.synced();
  const rendered = service.lines.filter((line) => line.includes('the renderer is a new one'));
  expect(rendered).toHaveLength(1);
  expect(await git(join(world.data, 'sites.git'), 'config', 'trueup.renderer')).toBe(
    RENDERER_VERSION,
  );

  await restart();
  await service.synced();
  expect(service.lines.join('\n')).not.toContain('the renderer is a new one');
  expect((await service.site(before!.name)).generation).toBe(after.generation);
});

/** Works on what a controller that has ended left behind. */
async function withTrees(work: (store: Store, trees: SiteStore) => Promise<void>): Promise<void> {
  await withStore(world, async (store) => {
    const trees = await SiteStore.open({ directory: join(world.data, 'sites.git') });
    await work(store, trees);
    await trees.close();
  });
}
