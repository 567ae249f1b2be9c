import { describe, expect, test } from 'vitest';

import { outcome } from '../../test/support/backport-outcome.ts';
import type { SiteEdit } from '../../test/support/backport-plan.ts';

// Edits of texts that templates made, one test for each kind of edit.

const ALL = 'group_vars/all.yml';
const LISBON = 'sites/lisbon.yaml';
const COMMON = 'layers/common.yaml';
const file = (name: string) => `store/files/${name}`;
const MIRROR = `mirror: ${ALL} at lisbon shows the same values and follows`;
const COPIED = (list: string) => expect.stringContaining(`a list ${list} of its own`);

describe('a value in a text becomes a parameter of the site', () => {
  test.each<[string, string, SiteEdit | SiteEdit[], string, string, string | RegExp, unknown[]]>([
    [
      'a text of the site',
      'motd',
      ['nine to six', 'nine to eight'],
      'motd at lisbon: Open from nine to six → Open from nine to eight',
      '+1 -1',
      "  motd: Open from nine to eight # the store's hours\n",
      [],
    ],
    [
      'a word in a line',
      'resolv.conf',
      ['example.org', 'example.net'],
      'domain at lisbon: example.org → example.net',
      '+1 -0',
      '  domain: example.net\n',
      [],
    ],
    [
      'a number',
      'resolv.conf',
      ['timeout:3', 'timeout:9'],
      'timeout at lisbon: 3 → 9',
      '+1 -0',
      '  timeout: 9\n',
      [],
    ],
    [
      'an element that a loop prints',
      'chrony.conf',
      ['10.0.0.2', '10.0.0.9'],
      'ntp_servers[1] at lisbon: 10.0.0.2 → 10.0.0.9',
      '+3 -0',
      '  ntp_servers:\n    - 10.0.0.1\n    - 10.0.0.9\n',
      [COPIED('ntp_servers')],
    ],
    [
      'two elements, in two lines',
      'chrony.conf',
      [
        ['10.0.0.1', '10.0.0.8'],
        ['10.0.0.2', '10.0.0.9'],
      ],
      'ntp_servers[0], ntp_servers[1] at lisbon',
      '+3 -0',
      '  ntp_servers:\n    - 10.0.0.8\n    - 10.0.0.9\n',
      [COPIED('ntp_servers')],
    ],
    [
      'two values of one line',
      'proxy.conf',
      ['api.example.org:8081', 'api9.example.org:9081'],
      'backends[0].host, backends[0].port at lisbon',
      '+7 -0',
      /- name: api\n {6}host: api9\.example\.org\n {6}port: 9081\n/,
      [COPIED('backends')],
    ],
    [
      'one of two parameters that have the same value',
      'proxy.conf',
      ['server 30s', 'server 45s'],
      'server_timeout at lisbon: 30s → 45s',
      '+1 -0',
      '  server_timeout: 45s\n',
      [],
    ],
    [
      'a text that is no longer the same without quotes',
      'motd',
      ['Open from nine to six', 'Closed # today: sorry'],
      'motd at lisbon: Open from nine to six → "Closed # today: sorry"',
      '+1 -1',
      '  motd: "Closed # today: sorry" # the store\'s hours\n',
      [],
    ],
    [
      'a text that would be read as a number stays a text',
      'motd',
      ['Open from nine to six', '1.10'],
      'motd at lisbon: Open from nine to six → "1.10"',
      '+1 -1',
      '  motd: "1.10" # the store\'s hours\n',
      [],
    ],
    [
      'a text that would be read as a truth stays a text',
      'motd',
      ['Open from nine to six', 'yes'],
      'motd at lisbon: Open from nine to six → "yes"',
      '+1 -1',
      '  motd: "yes" # the store\'s hours\n',
      [],
    ],
  ])('%s', (_name, name, edit, title, lines, text, notes) => {
    const { proposals, unexplained, text: after } = outcome({ [file(name)]: edit });
    expect(proposals[0]).toEqual({
      what: 'param at site',
      title,
      plan: { [LISBON]: lines },
      explains: [file(name)],
      touches: { lisbon: [ALL, file(name)] },
      notes: [...notes, MIRROR],
    });
    expect(after[LISBON]).toMatch(text);
    expect(unexplained).toEqual({});
  });

  test('at its origin it reaches the sites that share the layer', () => {
    const { proposals } = outcome({ [file('resolv.conf')]: ['example.org', 'example.net'] });
    expect(proposals.slice(1)).toEqual([
      {
        what: 'param at origin',
        title: 'domain in layers/common.yaml: example.org → example.net',
        plan: { [COMMON]: '+1 -1' },
        explains: [file('resolv.conf')],
        touches: {
          lisbon: [ALL, file('resolv.conf')],
          paris: [ALL, file('resolv.conf')],
          porto: [ALL, file('resolv.conf')],
        },
        notes: [MIRROR, 'changes 2 more sites, where nobody made the edit: paris, porto'],
      },
    ]);
  });

  test('lines of a long text, also when some come or go', () => {
    const plan = {
      'stacks/store/templates/motd.j2': 'Store:\n  {{ motd }}\nGoodbye\n',
      [LISBON]: `apiVersion: trueup/v1
kind: Site
labels: { region: south }
stacks: [store]
params:
  motd: |-
    Open from nine
    to six
    Closed on Sundays
`,
    };
    const { proposals, text } = outcome(
      { [file('motd')]: ['to six\n', 'to eight\nand on Sundays\n'] },
      { plan },
    );
    expect(proposals[0]).toMatchObject({ what: 'param at site', plan: { [LISBON]: '+2 -1' } });
    expect(text[LISBON]).toContain(
      '    Open from nine\n    to eight\n    and on Sundays\n    Closed on Sundays\n',
    );
  });

  test("a host's variable is changed in the inventory", () => {
    const plan = {
      'stacks/store/templates/motd.j2': '{{ motd }} {{ site.hosts["lisbon-b"].ansible_host }}\n',
      'sites/porto.yaml': 'apiVersion: trueup/v1\nkind: Site\nlabels: { region: south }\n',
      'sites/paris.yaml': 'apiVersion: trueup/v1\nkind: Site\nlabels: { region: west }\n',
    };
    const { proposals } = outcome({ [file('motd')]: ['10.9.0.2', '10.9.0.7'] }, { plan });
    expect(proposals).toMatchObject([
      {
        title: 'ansible_host of lisbon-b at lisbon: 10.9.0.2 → 10.9.0.7',
        plan: { [LISBON]: '+1 -1' },
        touches: { lisbon: ['inventory.yml', file('motd')] },
        notes: ['mirror: inventory.yml at lisbon shows the same values and follows'],
      },
    ]);
  });
});

describe('a parameter that stands in several places', () => {
  const limits = file('limits.conf');
  const proxy = file('proxy.conf');

  test('one use of two was changed: the file is kept, the parameter is the alternative', () => {
    const { proposals } = outcome({ [limits]: ['limit 20000', 'limit 30000'] });
    expect(proposals).toMatchObject([
      { what: 'overlay at site', explains: [limits], touches: { lisbon: [limits] } },
      {
        what: 'param at site',
        title: 'maxconn at lisbon: 20000 → 30000',
        touches: { lisbon: [ALL, limits, proxy] },
        notes: [
          MIRROR,
          `propagates: ${proxy} at lisbon would change too, and was not edited there`,
        ],
      },
    ]);
    expect(proposals[0]!.notes[0]).toBe(
      `${limits} is kept as it stands: its parameter also stands in ${proxy}, where it was not changed`,
    );
  });

  test('one use of two in one file was changed: the file is kept', () => {
    const plan = { 'stacks/store/templates/motd.j2': '{{ motd }}\n{{ motd }}\n' };
    const { proposals } = outcome({ [file('motd')]: [/six\n$/, 'eight\n'] }, { plan });
    expect(proposals).toMatchObject([{ what: 'overlay at site', explains: [file('motd')] }]);
    expect(proposals[0]!.notes[0]).toContain('motd stands in 2 places');
  });

  test('both uses were changed: the parameter is', () => {
    const { proposals } = outcome({
      [limits]: ['limit 20000', 'limit 30000'],
      [proxy]: ['maxconn 20000', 'maxconn 30000'],
    });
    expect(proposals[0]).toMatchObject({
      what: 'param at site',
      title: 'maxconn at lisbon: 20000 → 30000',
      plan: { [LISBON]: '+1 -0' },
      explains: [limits, proxy],
      touches: { lisbon: [ALL, limits, proxy] },
      notes: [MIRROR],
    });
  });

  test('both uses were changed, each otherwise: both files are kept', () => {
    const { proposals } = outcome({
      [limits]: ['limit 20000', 'limit 30000'],
      [proxy]: ['maxconn 20000', 'maxconn 40000'],
    });
    expect(proposals).toMatchObject([{ what: 'overlay at site', explains: [limits, proxy] }]);
    expect(proposals[0]!.notes[0]).toContain('give one parameter different values');
  });

  test('the text and the parameters were changed alike: one change explains both', () => {
    const { proposals } = outcome({
      [file('motd')]: ['six', 'eight'],
      [ALL]: ['nine to six', 'nine to eight'],
    });
    expect(proposals).toMatchObject([
      {
        what: 'param at site',
        plan: { [LISBON]: '+1 -1' },
        explains: [ALL, file('motd')],
        notes: [],
      },
    ]);
  });

  test('the parameters say one thing and the text another: the parameters are right', () => {
    const { proposals } = outcome({
      [file('motd')]: ['six', 'ten'],
      [ALL]: ['nine to six', 'nine to eight'],
    });
    expect(proposals).toMatchObject([
      { what: 'param at site', explains: [ALL] },
      { what: 'overlay at site', explains: [file('motd')] },
    ]);
  });
});

describe('what is no value of a parameter is kept with its file', () => {
  test.each<[string, string, SiteEdit, string]>([
    ['fixed text', 'chrony.conf', ['rtcsync', 'rtcsync off'], 'line 4 was changed beside'],
    [
      'a line that came',
      'chrony.conf',
      ['rtcsync\n', 'rtcsync\nlog on\n'],
      'lines came or went at line 5',
    ],
    ['a line that went', 'chrony.conf', ['rtcsync\n', ''], 'lines came or went at line 4'],
    [
      "the site's name",
      'chrony.conf',
      ['at lisbon', 'at Lisbon'],
      'which makes the site what it is',
    ],
    [
      'a number that became prose',
      'limits.conf',
      ['vlan = 12', 'vlan = twelve'],
      'vlan would become another kind of value',
    ],
    [
      'a number that became a fraction',
      'limits.conf',
      ['vlan = 12', 'vlan = 12.0'],
      'vlan would become another kind of value',
    ],
    [
      'a template expression',
      'motd',
      ['six', '{{ hour }}'],
      'which Ansible would take for a template',
    ],
    [
      'a template statement',
      'motd',
      ['six', '{% raw %}'],
      'which Ansible would take for a template',
    ],
    ['a template comment', 'motd', ['six', '{# six #}'], 'which Ansible would take for a template'],
    ['other line ends', 'motd', ['\n', '\r\n'], 'line 1 ends with a carriage return'],
    ['a missing end of line', 'motd', ['six\n', 'six'], 'line 1 was changed beside'],
    [
      'bytes that are no text',
      'motd',
      { content: Buffer.from([0xff, 0xfe, 0x41]) },
      'no longer text in UTF-8',
    ],
  ])('%s', (_name, name, edit, reason) => {
    const { proposals, unexplained } = outcome({ [file(name)]: edit });
    expect(proposals).toMatchObject([
      { what: 'overlay at site', explains: [file(name)], touches: { lisbon: [file(name)] } },
    ]);
    expect(proposals[0]!.notes[0]).toContain(reason);
    expect(proposals[0]!.notes[1]).toBe(
      `later changes of the plan no longer reach ${file(name)} at lisbon`,
    );
    expect(unexplained).toEqual({});
  });

  test('a word written beside a value is no part of it, but may be: as the alternative', () => {
    const { proposals } = outcome({ [file('proxy.conf')]: ['server 30s', 'server 30s hard'] });
    expect(proposals).toMatchObject([
      { what: 'overlay at site' },
      { what: 'param at site', title: 'server_timeout at lisbon: 30s → 30s hard' },
    ]);
    expect(proposals[0]!.notes[0]).toContain('a value would become several words');
  });

  test('of a file with a changed value and other edits, the plan learns the value', () => {
    const { proposals, text } = outcome({
      [file('chrony.conf')]: [
        ['10.0.0.2', '10.0.0.9'],
        ['rtcsync', 'rtcsync off'],
      ],
    });
    expect(proposals[0]).toMatchObject({
      what: 'overlay at site',
      title: `ntp_servers[1] at lisbon: 10.0.0.2 → 10.0.0.9; ${file('chrony.conf')} at lisbon: kept as found there`,
      plan: { [LISBON]: '+3 -0', [`overlays/lisbon/${file('chrony.conf')}`]: '+4 -0' },
      explains: [file('chrony.conf')],
      touches: { lisbon: [ALL, file('chrony.conf')] },
    });
    expect(text[LISBON]).toContain('    - 10.0.0.9\n');
  });
});
