import { describe, expect, test } from 'vitest';

import { falseClaims, wrongRadius } from '../../test/support/backport-laws.ts';
import { editedTree, planOf, type SiteEdit } from '../../test/support/backport-plan.ts';
import { fleetPlan, type Regions, siteName, siteNames } from '../../test/support/fleet-plan.ts';
import type { FleetResult } from '../model/proposal.ts';
import type { Plan } from '../plan/plan.ts';
import { fleetKey, fleetProposals } from './fleet.ts';

const ALL = 'group_vars/all.yml';
const NTP = 'base/files/ntp.conf';
const COMMON = 'layers/common.yaml';
const IN_LAYER = { files: ['layers/region/south.yaml'], others: [] };

type Edits = Readonly<Record<string, SiteEdit | readonly SiteEdit[]>>;

/** Makes the same edit at sites, and what comes of it; every claim is checked by rendering. */
async function solve(
  plan: Plan,
  sites: readonly string[],
  edits: Edits | ((site: string) => Edits),
): Promise<FleetResult> {
  const observed = sites.map((site) => ({
    site,
    observed: editedTree(plan, site, typeof edits === 'function' ? edits(site) : edits),
  }));
  const result = await fleetProposals({ plan, revision: 'r', edits: observed });
  for (const proposal of result.proposals) {
    expect(wrongRadius(plan, proposal)).toEqual([]);
    for (const { site, observed: tree } of observed) {
      if (!result.sites.includes(site)) continue;
      expect(falseClaims(plan, { ...result, site }, tree, proposal)).toEqual([]);
    }
  }
  return result;
}

function planWith(regions: Regions, more?: Readonly<Record<string, string>>): Plan {
  return planOf(fleetPlan(regions, more));
}

/** What a test reads of proposals: title, changed plan files, and who changes without having been edited. */
function told({ proposals, sites }: FleetResult) {
  return proposals.map(({ title, edits, blastRadius }) => ({
    title,
    files: edits.map(({ file }) => file),
    others: blastRadius.map(({ site }) => site).filter((site) => !sites.includes(site)),
  }));
}

const CLOCK: Edits = { [ALL]: ['clock: 192.0.2.1', 'clock: 192.0.2.9'] };

describe('where the same edit at many sites is made', () => {
  test('at 27 of the 30 sites of a region: in its layer, the other three named', async () => {
    const plan = planWith({ south: 30, west: 30 });
    const result = await solve(plan, siteNames('south', 1, 27), CLOCK);
    expect(result.apart).toEqual([]);
    expect(told(result)[0]).toEqual({
      title: 'clock in layers/region/south.yaml, edited at 27 sites: 192.0.2.1 → 192.0.2.9',
      files: ['layers/region/south.yaml'],
      others: siteNames('south', 28, 30),
    });
    expect(result.proposals[0]!.notes).toContain(
      'changes 3 more sites, where nobody made the edit: south-28, south-29, south-30',
    );
    // Each site by itself, and where the value comes from.
    expect(told(result)[1]).toMatchObject({ others: [] });
    expect(told(result)[1]!.files).toHaveLength(27);
    expect(told(result)[2]).toMatchObject({ files: [COMMON] });
    expect(told(result)[2]!.others).toHaveLength(33);
  });

  test('at all sites of one region: in its layer, and no other site changes', async () => {
    const result = await solve(planWith({ south: 4, west: 3 }), siteNames('south', 1, 4), CLOCK);
    expect(told(result)[0]).toMatchObject({ files: ['layers/region/south.yaml'], others: [] });
  });

  test('at every site: where the value comes from', async () => {
    const sites = [...siteNames('south', 1, 4), ...siteNames('west', 1, 3)];
    const result = await solve(planWith({ south: 4, west: 3 }), sites, CLOCK);
    expect(told(result)[0]).toMatchObject({ files: [COMMON], others: [] });
    expect(result.proposals[0]!.edits[0]!.patch).toContain(
      '-clock: 192.0.2.1   # the old one\n+clock: 192.0.2.9   # the old one',
    );
  });

  test('at all sites of two regions out of three: in both layers, one proposal', async () => {
    const plan = planWith({ south: 4, west: 3, north: 5 });
    const sites = [...siteNames('south', 1, 4), ...siteNames('west', 1, 3)];
    expect(told(await solve(plan, sites, CLOCK))[0]).toMatchObject({
      files: ['layers/region/south.yaml', 'layers/region/west.yaml'],
      others: [],
    });
  });

  test('at most sites of a region and one elsewhere: in the layer and that site’s file', async () => {
    const plan = planWith({ south: 5, west: 5 });
    const sites = [...siteNames('south', 1, 4), 'west-02'];
    expect(told(await solve(plan, sites, CLOCK))[0]).toMatchObject({
      files: ['layers/region/south.yaml', 'sites/west-02.yaml'],
      others: ['south-05'],
    });
  });

  test('at few sites of a region: at each of them, the layer as the alternative', async () => {
    const plan = planWith({ south: 9, west: 2 });
    const result = await solve(plan, siteNames('south', 1, 3), CLOCK);
    expect(told(result)).toEqual([
      {
        title: 'clock at 3 sites: 192.0.2.1 → 192.0.2.9',
        files: siteNames('south', 1, 3).map((name) => `sites/${name}.yaml`),
        others: [],
      },
      expect.objectContaining({
        files: ['layers/region/south.yaml'],
        others: siteNames('south', 4, 9),
      }),
      expect.objectContaining({ files: [COMMON] }),
    ]);
  });

  test('sites that say the value themselves are changed in their own files', async () => {
    const more = { 'sites/south-02.yaml': ownClock('south-02') };
    const plan = planWith({ south: 4, west: 4 }, more);
    expect(told(await solve(plan, siteNames('south', 1, 4), CLOCK))[0]).toMatchObject({
      files: ['layers/region/south.yaml', 'sites/south-02.yaml'],
      others: [],
    });
  });

  test('a site of the layer that says the value itself is not reached, and not named', async () => {
    const more = { 'sites/south-04.yaml': ownClock('south-04') };
    const plan = planWith({ south: 4, west: 4 }, more);
    expect(told(await solve(plan, siteNames('south', 1, 3), CLOCK))[0]).toMatchObject({
      files: ['layers/region/south.yaml'],
      others: [],
    });
  });
});

function ownClock(name: string): string {
  return fleetPlan({ [name.split('-')[0]!]: 9 })[`sites/${name}.yaml`]!.replace(
    'params:\n',
    'params:\n  clock: 192.0.2.1\n',
  );
}

describe('what the same edit may be', () => {
  const plan = planWith({ south: 3, west: 3 });
  const south = siteNames('south', 1, 3);
  test('a value within a text that says the site’s name', async () => {
    const edits: Edits = { [NTP]: ['192.0.2.1', '192.0.2.9'] };
    const result = await solve(plan, south, edits);
    expect(told(result)[0]).toMatchObject(IN_LAYER);
    const keys = south.map((site) => keyOf(plan, site, edits));
    expect(new Set(keys).size).toBe(1);
  });

  test('an item of a list that all sites have: the region gets its own', async () => {
    expect(told(await solve(plan, south, { [ALL]: [/ *- 192.0.2.54\n/, ''] }))[0]).toMatchObject(
      IN_LAYER,
    );
  });

  test('a key that goes: the region has it no more', async () => {
    const gone = await solve(plan, south, { [ALL]: ['vlan: 12\n', ''] });
    expect(told(gone)[0]).toMatchObject(IN_LAYER);
    expect(gone.proposals[0]!.edits[0]!.patch).toContain('+vlan: !unset');
  });

  test('a new key at the end, where only a site’s own parameters come', async () => {
    const result = await solve(plan, south, { [ALL]: [/$/, 'mtu: 9000\n'] });
    expect(told(result)[0]).toMatchObject({
      files: south.map((site) => `sites/${site}.yaml`),
      others: [],
    });
  });

  test('several values at once', async () => {
    const edits: Edits = {
      [ALL]: [
        ['clock: 192.0.2.1', 'clock: 192.0.2.9'],
        ['vlan: 12', 'vlan: 13'],
      ],
    };
    expect(told(await solve(plan, south, edits))[0]).toMatchObject(IN_LAYER);
  });

  test('fixed text: a parameter of the template, given by the region', async () => {
    const result = await solve(plan, south, { [NTP]: ['# The clock', '# Der Takt'] });
    const template = 'stacks/base/templates/ntp.conf.j2';
    const sites = south.map((site) => `sites/${site}.yaml`);
    expect(told(result).map(({ files }) => files)).toEqual([
      ['layers/region/south.yaml', template],
      [...sites, template],
      [template],
    ]);
    expect(told(result)[0]).toMatchObject({ others: [] });
  });

  test('a value and fixed text: both are shared', async () => {
    const edits: Edits = {
      'base/files/motd': { content: 'Welcome\n# and welcome again\n' },
      ...CLOCK,
    };
    const result = await solve(plan, south, edits);
    expect(result.apart).toEqual([]);
    expect(result.proposals[0]!.explains).toEqual(['base/files/motd']);
    expect(result.unexplained).toMatchObject([{ path: ALL }]);
  });

  test('a list that layers join: each site in its own file', async () => {
    const result = await solve(plan, south, {
      [ALL]: [/packages:\n( *)- chrony\n/, 'packages:\n  - chrony\n  - rsync\n'],
    });
    expect(told(result)[0]).toMatchObject({
      files: south.map((site) => `sites/${site}.yaml`),
      others: [],
    });
  });

  test('a secret that was changed: nothing is proposed, and nothing is told', async () => {
    const result = await solve(plan, south, { [ALL]: ['s3cret-token', 'an0ther-token'] });
    expect(result.proposals).toEqual([]);
    expect(JSON.stringify(result)).not.toMatch(/an0ther-token|s3cret-token/);
  });

  test('Secrets: none shows in the patch of a layer beside one', async () => {
    const everywhere = [...south, ...siteNames('west', 1, 3)];
    const result = await solve(plan, everywhere, {
      [ALL]: ['search: example.org', 'search: example.net'],
    });
    expect(told(result)[0]).toMatchObject({ files: [COMMON] });
    expect(
      JSON.stringify(result.proposals.map(({ edits }) => edits.map(({ patch }) => patch))),
    ).not.toContain('s3cret-token');
  });
});

function keyOf(plan: Plan, site: string, edits: Edits): string {
  return fleetKey(plan, site, editedTree(plan, site, {}), editedTree(plan, site, edits));
}

describe('which edits are the same', () => {
  const plan = planWith({ south: 2, west: 1 });
  const [one, other] = siteNames('south', 1, 2);
  const key = (site: string, edits: Edits) => keyOf(plan, site, edits);

  test('the same change of a value, wherever the site is', () => {
    expect(key(one!, CLOCK)).toBe(key(other!, CLOCK));
    expect(key(one!, CLOCK)).toBe(key(siteName('west', 1), CLOCK));
  });

  test.each<[string, Edits, Edits]>([
    ['another value', CLOCK, { [ALL]: ['clock: 192.0.2.1', 'clock: 192.0.2.8'] }],
    ['another parameter', CLOCK, { [ALL]: ['192.0.2.53', '192.0.2.9'] }],
    ['other quotes', CLOCK, { [ALL]: ['clock: 192.0.2.1', 'clock: "192.0.2.9"'] }],
    ['one more file', CLOCK, { ...CLOCK, 'base/files/motd': ['Welcome', 'Hello'] }],
    ['another word of a line', { [NTP]: ['iburst', 'burst'] }, { [NTP]: ['server', 'pool'] }],
    ['the same word elsewhere', { [NTP]: ['# The', '# A'] }, { [NTP]: ['# for', '# A'] }],
    ['a mode', { 'base/files/motd': { mode: '100755' } }, { 'base/files/motd': null }],
  ])('%s is another edit', (_name, a, b) => {
    expect(key(one!, a)).not.toBe(key(one!, b));
  });

  test('words that are the site’s own do not tell edits apart', () => {
    const [first, second] = [one!, other!].map((site) =>
      key(site, { [NTP]: [`iburst # for ${site}`, `burst # for ${site}`] }),
    );
    expect(first).toBe(second);
  });
});

test('a site at which the shared change does not do is left to itself', async () => {
  const plan = planWith({ south: 4 });
  const result = await solve(plan, siteNames('south', 1, 4), (site) =>
    site === 'south-02' ? { [NTP]: [/[^]+/, 'nothing like it\n'] } : { [NTP]: ['.1', '.9'] },
  );
  expect(result.apart).toEqual(['south-02']);
  expect(told(result)[0]!.files).toEqual([COMMON]);
});
