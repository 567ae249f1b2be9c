import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { SiteStore } from '../../src/git/site-store.ts';
import type { ProposalRow, SiteRow } from '../../src/store/rows.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { commandLines } from './ansible.ts';
import type { World } from './world.ts';

/** Reads what a controller that has ended left in the world's data. */
export async function withStore<T>(world: World, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ file: join(world.data, 'trueup.sqlite') });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/**
 * Holds what a controller that has ended left behind to what must be so after any story, whatever happened to the
 * controller: nothing half done, git and database of one mind, and each drift decided once (laws 6, 7 and 12).
 */
export async function expectSound(world: World): Promise<void> {
  await withStore(world, async (store) => {
    const plan = await store.plan.get();
    const head = await world.bare('origin', 'rev-parse', 'main');
    expect(plan).toMatchObject({
      headRevision: head,
      goodRevision: head,
      evaluatingRevision: null,
    });
    const sites = await store.sites.list({ limit: 500 });
    for (const site of sites) {
      expect(site).toMatchObject({
        state: 'synced',
        hold: null,
        writingFrom: null,
        applyForced: false,
        baseCommit: site.desiredCommit,
        appliedCommit: site.desiredCommit,
        observedDigest: site.desiredDigest,
        appliedDigest: site.desiredDigest,
      });
    }
    expect(await store.runs.unfinished()).toEqual([]);
    expect(await refsOf(world)).toEqual(await wantedRefs(store, sites));
    await expectOneDecisionEach(world, store);
    await expectEveryEditKept(world, store);
  });
  for (const repository of ['sites', 'plan', 'origin'] as const) {
    expect(await world.bare(repository, 'fsck', '--full', '--no-dangling')).toBe('');
  }
  expect(await leftovers(world)).toEqual([]);
  expect(commandLines(world.data)).toEqual([]);
}

/** `site/ref` → commit */
async function refsOf(world: World): Promise<Record<string, string>> {
  const trees = await SiteStore.open({ directory: join(world.data, 'sites.git') });
  try {
    return Object.fromEntries(await trees.allRefs());
  } finally {
    await trees.close();
  }
}

async function wantedRefs(store: Store, sites: SiteRow[]): Promise<Record<string, unknown>> {
  const wanted: Record<string, unknown> = {};
  for (const { name, desiredCommit, observedCommit } of sites) {
    const runs = await store.runs.list({ site: name, limit: 500 });
    wanted[`${name}/desired`] = desiredCommit;
    wanted[`${name}/observed`] = observedCommit;
    wanted[`${name}/applied`] = runs.find(({ result }) => result === 'success')?.commit;
  }
  return wanted;
}

/** Each drift has one proposal at most, each proposal one branch and one pull request, and all are at one end. */
async function expectOneDecisionEach(world: World, store: Store): Promise<void> {
  const ends: Record<ProposalRow['state'], string[]> = {
    pending: [],
    open: [],
    merged: ['adopted'],
    closed: ['rejected'],
    obsolete: ['reverted', 'superseded', 'ignored', 'adopted'],
  };
  const proposals = await store.proposals.list({ limit: 500 });
  const pulls = await store.pulls.list({ limit: 500 });
  expect(new Set(proposals.map(({ driftId }) => driftId)).size).toBe(proposals.length);
  expect(new Set(pulls.map(({ branch }) => branch)).size).toBe(pulls.length);
  for (const { driftId, state, branch, commit, number } of proposals) {
    const drift = await store.drifts.get(driftId);
    expect(ends[state], `a ${drift?.status} drift with a ${state} proposal`).toContain(
      drift?.status,
    );
    if (number === null) continue;
    const pull = pulls.find((one) => one.branch === branch);
    expect(pull).toMatchObject({ number, head: commit });
    expect(pull?.state).toBe(state === 'merged' ? 'merged' : 'closed');
  }
  const branches = await world.bare(
    'origin',
    'for-each-ref',
    '--format=%(refname:lstrip=2) %(objectname)',
    'refs/heads/trueup',
  );
  const found = branches.split('\n').filter(Boolean);
  expect(proposals.map(branchLine)).toEqual(expect.arrayContaining(found));
  expect(found).toEqual(
    expect.arrayContaining(proposals.filter(({ number }) => number !== null).map(branchLine)),
  );
}

function branchLine({ branch, commit }: ProposalRow): string {
  return `${branch} ${commit}`;
}

/** What was found at a site stays in the history of its observed tree, whatever was decided on it (law 6). */
async function expectEveryEditKept(world: World, store: Store): Promise<void> {
  for (const { site, observedCommit } of await store.drifts.list({ limit: 500 })) {
    const history = await world.bare('sites', 'rev-list', `refs/sites/${site}/observed`);
    expect(history.split('\n')).toContain(observedCommit);
  }
}

/** What killed processes leave: locks and half-written packs of git, folders of runs, files in writing. */
async function leftovers(world: World): Promise<string[]> {
  const files = await readdir(world.data, { recursive: true });
  return files.filter((path) =>
    /(?:^|\/)(?:[^/]*\.lock|tmp_[^/]*|running\.json|writing\/.+)$/.test(path),
  );
}
