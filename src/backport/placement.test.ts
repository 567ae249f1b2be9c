import { describe, expect, test } from 'vitest';

import { outcome } from '../../test/support/backport-outcome.ts';

const ALL = 'group_vars/all.yml';
const LISBON = 'sites/lisbon.yaml';
const COMMON = 'layers/common.yaml';
const SOUTH = 'layers/region/south.yaml';
const everywhere = (...files: string[]) => ({ lisbon: files, paris: files, porto: files });

describe('where a change is made', () => {
  test('--place origin: where the value comes from, the site as the alternative', () => {
    const { proposals } = outcome({ [ALL]: ['vlan: 12', 'vlan: 13'] }, { place: 'origin' });
    expect(proposals).toMatchObject([
      {
        what: 'param at origin',
        title: 'vlan in layers/common.yaml: 12 → 13',
        plan: { [COMMON]: '+1 -1' },
      },
      { what: 'param at site', title: 'vlan at lisbon: 12 → 13', plan: { [LISBON]: '+1 -0' } },
    ]);
    expect(proposals[0]!.notes).toContain(
      'changes 2 more sites, where nobody made the edit: paris, porto',
    );
  });

  test('a default of the schema has no other place than the site', () => {
    for (const place of ['auto', 'origin'] as const) {
      const { proposals } = outcome({ [ALL]: ['mtu: 1500', 'mtu: 9000'] }, { place });
      expect(proposals).toMatchObject([
        { what: 'param at site', title: 'mtu at lisbon: 1500 → 9000', plan: { [LISBON]: '+1 -0' } },
      ]);
    }
  });

  test('a key of several layers is changed in the highest, or said again at the site', () => {
    const plan = { [SOUTH]: 'vlan: 20\nlegacy: old\ntimeout: 3\ndns_servers: []\n' };
    expect(outcome({ [ALL]: ['vlan: 20', 'vlan: 21'] }, { plan }).proposals).toMatchObject([
      { title: 'vlan at lisbon: 20 → 21', plan: { [LISBON]: '+1 -0' } },
      { title: 'vlan in layers/region/south.yaml: 20 → 21', plan: { [SOUTH]: '+1 -1' } },
    ]);
  });

  test('a key that goes where a lower layer has it too leaves a tombstone at its origin', () => {
    const plan = { [SOUTH]: 'banner: Olá\nlegacy: old\ntimeout: 3\ndns_servers: []\n' };
    const { proposals, text } = outcome(
      { [ALL]: ['banner: Olá\n', ''] },
      { plan, place: 'origin' },
    );
    expect(proposals[0]).toMatchObject({ what: 'param at origin', explains: [ALL] });
    expect(text[SOUTH]).toMatch(/^banner: !unset\n/);
  });

  test('what the site cannot hold is kept, and offered where it can be changed', () => {
    const { proposals } = outcome({ [ALL]: ['  - rsync\n', ''] });
    expect(proposals).toMatchObject([
      { what: 'overlay at site', plan: { [`overlays/lisbon/${ALL}`]: expect.any(String) } },
      {
        what: 'param at origin',
        title: 'packages in layers/common.yaml: − rsync',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL),
      },
    ]);
    expect(proposals[0]!.notes[0]).toContain('the site can only add to it');
  });

  test('what the site cannot hold is changed at its origin where that reaches no other site', () => {
    const plan = {
      'layers/region/lisbon.yaml': 'packages: [vim, nano]\ndns_servers: []\ntimeout: 3\n',
      'sites/lisbon.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: lisbon }
stacks: [store]
params: { motd: Open }
`,
    };
    const { proposals } = outcome({ [ALL]: ['  - nano\n', ''] }, { plan });
    expect(proposals).toMatchObject([
      {
        what: 'param at origin',
        title: 'packages in layers/region/lisbon.yaml: − nano',
        explains: [ALL],
        touches: { lisbon: [ALL] },
      },
    ]);
  });

  test('a value that the plan would refuse is kept, with what it would say', () => {
    const { proposals } = outcome({ [ALL]: ['vlan: 12', 'vlan: 5000'] });
    expect(proposals).toMatchObject([{ what: 'overlay at site' }]);
    expect(proposals[0]!.notes[0]).toMatch(/the plan would not be valid: .*"vlan" must be <= 4094/);
  });

  test('one change that the plan refuses does not cost the others theirs', () => {
    const { proposals } = outcome({
      [ALL]: [
        ['vlan: 12', 'vlan: 5000'],
        ['level: info', 'level: debug'],
        ['\ntimeout: 3', '\ntimeout: 4'],
      ],
    });
    expect(proposals[0]).toMatchObject({
      what: 'overlay at site',
      title: 'log.level, timeout at lisbon; group_vars/all.yml at lisbon: kept as found there',
      plan: { [LISBON]: '+3 -0' },
      explains: [ALL],
    });
  });
});
