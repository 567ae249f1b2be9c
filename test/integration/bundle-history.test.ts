import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSiteBundle, intakeDesired } from '../../src/bundle/desired.ts';
import { desiredMessage } from '../../src/git/site-store.ts';
import { BundleWorld, DAY, NOW, REVISION, siteTree, SOMEBODY } from '../support/bundles.ts';
import { removableFolder } from '../support/git.ts';
import { seededRandom } from '../support/random.ts';

const { folder, remove } = await removableFolder();
let world: BundleWorld;

beforeAll(async () => {
  world = await BundleWorld.create(folder);
});
afterAll(async () => {
  await world.close();
  await remove();
});

/** Writes a desired commit whose clock says this many seconds, whatever its parents' clocks said. */
async function desired(
  generation: number,
  seconds: number,
  changed: string,
  ...parents: string[]
): Promise<string> {
  const [commit] = await world.centre.writeCommits([
    {
      site: 'lisbon',
      files: siteTree('lisbon', generation, changed),
      parents,
      message: desiredMessage({ revision: REVISION, site: 'lisbon', generation, decided: [] }),
      author: SOMEBODY,
      time: NOW + seconds * 1000,
      sign: (payload: Buffer) => world.signer.sign(payload),
    },
  ]);
  return commit!;
}

/** Brings a commit to the site in a bundle, which builds on what the site has. */
async function bring(commit: string, generation: number, have: string[]): Promise<void> {
  const { centre, site, signer, trusted } = world;
  const to = world.path(`${generation}.bundle`);
  const { repository } = centre;
  const expires = NOW + DAY;
  await createSiteBundle({
    repository,
    site: 'lisbon',
    commit,
    have,
    signer,
    expires,
    now: NOW,
    to,
  });
  const taken = await intakeDesired({
    repository: site.repository,
    site: 'lisbon',
    file: to,
    trusted,
    generation: generation - 1,
    now: NOW,
  });
  expect(taken).toMatchObject({ commit, generation });
  await site.moveRefs([{ site: 'lisbon', ref: 'desired', to: commit, from: undefined }]);
}

test('a bundle builds on nothing but what it names, where clocks went backwards', async () => {
  const random = seededRandom('words');
  const words = Array.from({ length: 200 }, () => random().toString(36)).join(' ');
  const first = await desired(1, 1, words);
  const second = await desired(2, 5, 'few', first);
  // Walked by their times, what these two build on is met before it is known that the site has it.
  const third = await desired(3, 2, 'few', second);
  const fourth = await desired(4, 3, 'few', third);
  // What it brings is best told as a difference to what the first had, which is older than what it builds on.
  const fifth = await desired(5, 6, `${words} more`, fourth, second);
  await bring(fourth, 4, []);
  await bring(fifth, 5, [fourth]);
  const tree = await world.site.readTree(fifth);
  expect(tree.get('group_vars/all.yml')?.content.toString()).toContain('more');
});
