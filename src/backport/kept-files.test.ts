import { describe, expect, test } from 'vitest';

import { outcome } from '../../test/support/backport-outcome.ts';
import type { SiteEdit } from '../../test/support/backport-plan.ts';

const ALL = 'group_vars/all.yml';
const LISBON = 'sites/lisbon.yaml';
const ABSENT = 'overlays/lisbon/.trueup-absent.yaml';
const MOTD = 'store/files/motd';
const PLAYBOOK = 'store/playbooks/site.yml';

describe('what no parameter explains is kept as it was found, at this site alone', () => {
  test.each<[string, string, SiteEdit, string, string]>([
    [
      'a playbook that all sites share',
      PLAYBOOK,
      ['tasks: []', 'tasks: [debug: {}]'],
      '+2 -0',
      'it is a copy of stacks/store/playbooks/site.yml, which all sites share',
    ],
    ['a file that trueup writes', 'README', [/^This/, 'That'], '+3 -0', 'trueup writes it itself'],
    [
      'a new file',
      'store/files/extra.conf',
      { content: 'one\ntwo\n' },
      '+2 -0',
      'the plan renders no such file',
    ],
    ['a changed mode', MOTD, { mode: '100755' }, '+1 -0', 'its mode was changed to 100755'],
    [
      'a binary file',
      'store/files/logo.bin',
      { content: Buffer.from([0, 159, 146, 150]) },
      '+0 -0',
      'it is a copy of stacks/store/templates/logo.bin, which all sites share',
    ],
    [
      'a comment',
      ALL,
      ['vlan: 12', 'vlan: 12 # in rack 4'],
      '+48 -0',
      'only comments, order or formatting were changed',
    ],
    [
      'another order of keys',
      ALL,
      [/(vlan: 12\n)(mode: 0644\n)/, 'mode: 0644\nvlan: 12\n'],
      '+48 -0',
      'only comments, order or formatting were changed',
    ],
    ['other quotes', ALL, ['"Welcome"', "'Welcome'"], '+48 -0', 'only comments'],
    ['other line ends', ALL, [/12\n/, '12\r\n'], '+48 -0', 'its lines end with carriage returns'],
    [
      'variables that are no mapping any more',
      'host_vars/lisbon-b.yml',
      { content: '- cpus\n' },
      '+1 -0',
      'it is no mapping of parameters',
    ],
    [
      'variables of a host that there is not',
      'host_vars/lisbon-z.yml',
      { content: 'cpus: 4\n' },
      '+1 -0',
      'the plan renders no such file',
    ],
  ])('%s', (_name, path, edit, lines, reason) => {
    const { proposals, unexplained } = outcome({ [path]: edit });
    expect(proposals[0]).toMatchObject({
      what: 'overlay at site',
      title: `${path} at lisbon: kept as found there`,
      plan: { [`overlays/lisbon/${path}`]: lines },
      explains: [path],
      touches: { lisbon: [path] },
    });
    // What a stack gives may be changed for all its sites instead.
    expect(proposals.slice(1).every(({ what }) => what === 'template at origin')).toBe(true);
    expect(proposals[0]!.notes[0]).toContain(reason);
    expect(unexplained).toEqual({});
  });

  test('a deleted file is listed as absent', () => {
    const { proposals, text } = outcome({ [MOTD]: null, [PLAYBOOK]: null });
    expect(proposals.slice(0, 1)).toEqual([
      {
        what: 'overlay at site',
        title: `${MOTD}, ${PLAYBOOK} at lisbon: left out`,
        plan: { [ABSENT]: '+5 -0' },
        explains: [MOTD, PLAYBOOK],
        touches: { lisbon: [MOTD, PLAYBOOK] },
        notes: [
          `${MOTD} is left out: it was deleted at the site`,
          `${PLAYBOOK} is left out: it was deleted at the site`,
        ],
      },
    ]);
    expect(text[ABSENT]).toBe(
      `apiVersion: trueup/v1\nkind: Absent\npaths:\n  - ${MOTD}\n  - ${PLAYBOOK}\n`,
    );
  });

  test('a file in the place of a folder, and a folder in the place of a file', () => {
    const { proposals, unexplained } = outcome({
      [MOTD]: null,
      [`${MOTD}/today`]: { content: 'closed\n' },
    });
    expect(proposals[0]).toMatchObject({ explains: [MOTD, `${MOTD}/today`] });
    expect(unexplained).toEqual({});
  });
});

describe('a site that has files of its own already', () => {
  const plan = {
    [`overlays/lisbon/${MOTD}`]: 'Just for Lisbon\n',
    'overlays/lisbon/store/files/own.conf': 'own\n',
    [ABSENT]: 'apiVersion: trueup/v1\nkind: Absent\npaths: [store/files/logo.bin] # no screen\n',
  };

  test('another edit of such a file changes the overlay', () => {
    const { proposals } = outcome({ [MOTD]: ['Just', 'Only'] }, { plan });
    expect(proposals).toMatchObject([
      { what: 'overlay at site', plan: { [`overlays/lisbon/${MOTD}`]: '+1 -1' }, explains: [MOTD] },
    ]);
  });

  test('a file that is again as the plan has it leaves the overlay', () => {
    const { proposals } = outcome({ [MOTD]: { content: 'Open from nine to six\n' } }, { plan });
    expect(proposals).toMatchObject([{ plan: { [`overlays/lisbon/${MOTD}`]: '+0 -1' } }]);
  });

  test('a file that only the overlay has goes with it', () => {
    const { proposals } = outcome({ 'store/files/own.conf': null }, { plan });
    expect(proposals).toMatchObject([
      { plan: { 'overlays/lisbon/store/files/own.conf': '+0 -1' } },
    ]);
  });

  test('an absent file that is back is listed no longer', () => {
    const path = 'store/files/logo.bin';
    const same = outcome({ [path]: { content: 'LOGO\n' } }, { plan });
    expect(same.proposals).toMatchObject([{ plan: { [ABSENT]: '+0 -3' }, explains: [path] }]);
    const other = outcome({ [path]: { content: 'OTHER\n' } }, { plan });
    expect(other.proposals).toMatchObject([
      { plan: { [ABSENT]: '+0 -3', [`overlays/lisbon/${path}`]: '+1 -0' } },
    ]);
  });

  test('one more absent file joins the list', () => {
    const { proposals, text } = outcome({ [PLAYBOOK]: null }, { plan });
    expect(proposals[0]).toMatchObject({ plan: { [ABSENT]: '+1 -1' } });
    expect(text[ABSENT]).toContain(`paths: [store/files/logo.bin, ${PLAYBOOK}] # no screen`);
  });

  test('parameters that an overlay shows do not follow a change, which is said', () => {
    const frozen = { [`overlays/lisbon/${ALL}`]: '---\nmotd: frozen\n' };
    const { proposals } = outcome({ [MOTD]: ['six', 'eight'] }, { plan: frozen });
    expect(proposals[0]!.notes).toContain(
      `${ALL} at lisbon is an overlay of its own and does not follow`,
    );
  });
});

describe('several edits at once', () => {
  test('values, texts and files: what can be a parameter is one, the rest is kept', () => {
    const { proposals, unexplained, text } = outcome({
      'host_vars/lisbon-b.yml': ['cpus: 4', 'cpus: 8'],
      [MOTD]: ['six', 'eight'],
      'store/files/chrony.conf': ['10.0.0.1', '10.0.0.8'],
      [PLAYBOOK]: ['tasks: []', 'tasks: [debug: {}]'],
    });
    expect(proposals[0]).toMatchObject({
      what: 'param at site',
      title: 'cpus of lisbon-b, ntp_servers[0], motd at lisbon',
      plan: { [LISBON]: '+5 -2' },
      explains: ['host_vars/lisbon-b.yml', 'store/files/chrony.conf', MOTD],
    });
    expect(proposals[1]).toMatchObject({ what: 'overlay at site', explains: [PLAYBOOK] });
    expect(unexplained).toEqual({});
    expect(text[LISBON]).toContain("  motd: Open from nine to eight # the store's hours\n");
  });

  test('parameters edited where they are shown and in a text: the one follows the other', () => {
    const { proposals, unexplained } = outcome({
      [ALL]: ['level: info', 'level: debug'],
      [MOTD]: ['six', 'eight'],
    });
    expect(proposals[0]).toMatchObject({
      title: 'log.level, motd at lisbon',
      plan: { [LISBON]: '+3 -1' },
      explains: [MOTD],
    });
    expect(proposals.map(({ what }) => what)).not.toContain('overlay at site');
    expect(unexplained).toEqual({
      [ALL]: 'what was edited in it is made; it will also show motd, edited elsewhere at the site',
    });
  });

  test('of a value and a comment, the plan learns the value and the file is kept', () => {
    const { proposals } = outcome({ [ALL]: ['vlan: 12', 'vlan: 13 # new rack'] });
    expect(proposals).toMatchObject([
      {
        what: 'overlay at site',
        title: `vlan at lisbon: 12 → 13; ${ALL} at lisbon: kept as found there`,
        plan: { [LISBON]: '+1 -0', [`overlays/lisbon/${ALL}`]: '+48 -0' },
        explains: [ALL],
        touches: { lisbon: [ALL, 'store/files/limits.conf'] },
      },
      // The value alone: the comment goes.
      { what: 'param at site', title: 'vlan at lisbon: 12 → 13', explains: [] },
      { what: 'param at origin', explains: [] },
    ]);
  });
});

describe('what no plan can hold is told', () => {
  test.each([
    ['.trueup/notes', 'trueup keeps files of its own there'],
    ['.trueup-absent.yaml', 'trueup keeps files of its own there'],
    ['store/~backup', 'its path has a part that starts with "~"'],
  ])('%s', (path, reason) => {
    const { proposals, unexplained } = outcome({
      [path]: { content: 'x\n' },
      'store/files/new': { content: 'y\n' },
    });
    expect(unexplained).toEqual({ [path]: expect.stringContaining(reason) });
    expect(proposals).toMatchObject([{ what: 'overlay at site', explains: ['store/files/new'] }]);
  });

  test('of two names that some machines take for one', () => {
    const { proposals, unexplained } = outcome({
      'store/files/MOTD': { content: 'x\n' },
      'store/files/new': { content: 'y\n' },
    });
    expect(unexplained).toEqual({ 'store/files/MOTD': expect.stringContaining('cannot stand') });
    expect(proposals).toMatchObject([{ explains: ['store/files/new'] }]);
  });
});
