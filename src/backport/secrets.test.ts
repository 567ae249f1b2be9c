import { describe, expect, test } from 'vitest';

import { shownText } from '../../test/support/backport-laws.ts';
import {
  backportPlan,
  editedTree,
  planOf,
  type SiteEdit,
} from '../../test/support/backport-plan.ts';
import type { BackportResult } from '../model/proposal.ts';
import { backport } from './backport.ts';

const ALL = 'group_vars/all.yml';
const MOTD = 'store/files/motd';
const SECRET = 's3cret-token';
const CHANGED = 'a secret was changed at the site: that is reported, never proposed';
const TOLD = 'it now holds the value of a secret: that is reported, never proposed';

function worked(
  edits: Readonly<Record<string, SiteEdit | readonly SiteEdit[]>>,
  overrides: Readonly<Record<string, string>> = {},
): BackportResult {
  const plan = planOf({ ...backportPlan, ...overrides });
  const observed = editedTree(plan, 'lisbon', edits);
  return backport({ plan, revision: '', site: 'lisbon', observed, place: 'auto' });
}

describe('law 11: secrets', () => {
  test.each<[string, SiteEdit]>([
    ['a secret was changed', [SECRET, 'another-t0ken']],
    ['a secret was taken away', [`token: ${SECRET}\n`, '']],
    ['a vaulted value was replaced', ['6638643965', '7738643965']],
    ['a vaulted value was put in the clear', [/!vault \|\n(?: +\S+\n)+/, 'hunter22-plain\n']],
    ['a new value was vaulted', [/$/, 'own: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6638\n']],
  ])('%s: it is told that, and not what', (_name, edit) => {
    const result = worked({ [ALL]: edit });
    expect(result).toMatchObject({ proposals: [], unexplained: [{ path: ALL, reason: CHANGED }] });
    expect(shownText(result)).not.toMatch(/s3cret|another-t0ken|hunter22|ANSIBLE_VAULT/);
  });

  test('a vault beside an edit stays byte for byte', () => {
    const { proposals } = worked({ [ALL]: ['vlan: 12', 'vlan: 13'] });
    const [site, origin] = proposals;
    expect(site).toMatchObject({ kind: 'param', explains: [ALL] });
    const vault = /!vault \|\n(?: +\S+\n)+/.exec(backportPlan['layers/common.yaml']!)![0];
    expect(origin!.edits[0]!.content!.toString()).toContain(vault);
  });

  test('another value of the same file is proposed all the same', () => {
    const result = worked({
      [ALL]: [
        [SECRET, 'another-t0ken'],
        ['vlan: 12', 'vlan: 13'],
      ],
    });
    expect(result.proposals[0]).toMatchObject({ kind: 'param', title: 'vlan at lisbon: 12 → 13' });
    expect(result.unexplained).toEqual([{ path: ALL, reason: CHANGED }]);
    expect(shownText(result)).not.toMatch(/s3cret|another-t0ken/);
  });

  test.each<[string, string, SiteEdit]>([
    ['in a text', MOTD, ['six', SECRET]],
    ['in another parameter', ALL, ['Open from nine to six', SECRET]],
    ['in a new parameter', ALL, [/$/, `copy: ${SECRET}\n`]],
    ['encoded', MOTD, ['six', Buffer.from(SECRET).toString('base64')]],
    ['in a new file', 'store/files/new', { content: `token=${SECRET}\n` }],
  ])('a secret that stands somewhere else now, %s, is not proposed', (_name, path, edit) => {
    const result = worked({ [path]: edit });
    expect(result).toMatchObject({ proposals: [], unexplained: [{ path, reason: TOLD }] });
    expect(shownText(result)).not.toContain('s3cret');
  });

  test('a secret in the name of a file is not shown', () => {
    const result = worked({ [`store/files/${SECRET}`]: { content: 'x\n' } });
    expect(result).toMatchObject({ proposals: [], unexplained: [{ reason: TOLD }] });
    expect(shownText(result)).not.toContain(SECRET);
  });

  test('a secret that another layer hides is not shown beside the edit of its layer', () => {
    const hidden = 'hidden-t0ken';
    const result = worked(
      { [ALL]: ['\ntimeout: 3', '\ntimeout: 4'] },
      {
        'layers/region/south.yaml': `dns_servers: []\ntimeout: 3\ntoken: ${hidden}\nlegacy: old\n`,
        'sites/lisbon.yaml': backportPlan['sites/lisbon.yaml']!.replace(
          'params:\n',
          'params:\n  token: own-t0ken\n',
        ),
      },
    );
    expect(result.proposals.map(({ placement }) => placement)).toEqual(['site', 'origin']);
    expect(shownText(result)).not.toMatch(/hidden-t0ken|own-t0ken|s3cret/);
  });

  test('a file with secrets that cannot be read any more is not proposed', () => {
    const result = worked({ [ALL]: ['vlan: 12', 'vlan: [12'] });
    expect(result).toMatchObject({
      proposals: [],
      unexplained: [{ path: ALL, reason: expect.stringContaining('nobody can tell') }],
    });
  });

  test('the file of all parameters may be left out, or kept with a comment: its patch shows no secret', () => {
    expect(worked({ [ALL]: null }).proposals).toMatchObject([{ kind: 'overlay', explains: [ALL] }]);
    const kept = worked({ [ALL]: ['vlan: 12', 'vlan: 12 # new'] });
    expect(kept.proposals).toMatchObject([{ kind: 'overlay', explains: [ALL] }]);
    expect(shownText(kept)).not.toContain('s3cret');
  });
});
