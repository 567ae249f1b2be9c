import { describe, expect, test } from 'vitest';

import { outcome } from '../../test/support/backport-outcome.ts';
import type { SiteEdit } from '../../test/support/backport-plan.ts';

// Edits of texts that templates made, one test for each kind of edit.

const ALL = 'group_vars/all.yml';
const LISBON = 'sites/lisbon.yaml';
const COMMON = 'layers/common.yaml';
const file = (name: string) => `store/files/${name}`;
const template = (name: string) => `stacks/store/templates/${name}.j2`;
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

  test('one use of two was changed: that use gets a parameter of its own', () => {
    const { proposals, text } = outcome({ [limits]: ['limit 20000', 'limit 30000'] });
    expect(proposals).toMatchObject([
      {
        what: 'template at site',
        plan: { [LISBON]: '+1 -0', [template('limits.conf')]: '+1 -1' },
        explains: [limits],
        touches: { lisbon: [ALL, limits] },
      },
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
    expect(text[template('limits.conf')]).toContain(
      'limit {{ limits_limit | default(maxconn) }}\n',
    );
    expect(text[LISBON]).toContain('  limits_limit: 30000\n');
  });

  test('one use of two in one file was changed: that use gets a parameter of its own', () => {
    const plan = { [template('motd')]: '{{ motd }}\n{{ motd }}\n' };
    const { proposals, text } = outcome({ [file('motd')]: [/six\n$/, 'eight\n'] }, { plan });
    expect(proposals).toMatchObject([{ what: 'template at site', explains: [file('motd')] }]);
    expect(text[template('motd')]).toBe('{{ motd }}\n{{ motd_own | default(motd) }}\n');
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

  test('both uses were changed, each otherwise: one of them gets a parameter of its own', () => {
    const { proposals, text } = outcome({
      [limits]: ['limit 20000', 'limit 30000'],
      [proxy]: ['maxconn 20000', 'maxconn 40000'],
    });
    expect(proposals[0]).toMatchObject({
      what: 'template at site',
      explains: [limits, proxy],
      touches: { lisbon: [ALL, limits, proxy] },
    });
    expect(text[LISBON]).toMatch(/ {2}limits_limit: 30000\n {2}maxconn: 40000\n/);
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
    const { proposals, unexplained } = outcome({
      [file('motd')]: ['six', 'ten'],
      [ALL]: ['nine to six', 'nine to eight'],
    });
    expect(proposals[0]).toMatchObject({
      what: 'template at site',
      explains: [file('motd')],
      plan: { [LISBON]: '+2 -1', [template('motd')]: '+1 -1' },
    });
    expect(unexplained[ALL]).toContain('it will also show motd_own');
  });
});

describe('what is no value of a parameter becomes one of the site, in the template', () => {
  test.each<[string, string, SiteEdit, string, string]>([
    [
      'fixed text',
      'chrony.conf',
      ['rtcsync', 'rtcsync off'],
      "{{ chrony_rtcsync | default('rtcsync') }}\n",
      '  chrony_rtcsync: rtcsync off\n',
    ],
    [
      'a line that came',
      'chrony.conf',
      ['rtcsync\n', 'rtcsync\nlog on\n'],
      '{% for line in chrony_extra | default([]) %}\n{{ line }}\n{% endfor %}\n',
      '  chrony_extra:\n    - log on\n',
    ],
    [
      'a line that went',
      'chrony.conf',
      ['rtcsync\n', ''],
      '{% if chrony_rtcsync | default(true) %}\nrtcsync\n{% endif %}\n',
      '  chrony_rtcsync: false\n',
    ],
    [
      'a line of one element of a loop',
      'chrony.conf',
      ['server 10.0.0.2 iburst', 'server 10.0.0.2 prefer'],
      "server {{ server }} {{ (chrony_server | default({}))[server] | default('iburst') }}\n",
      '  chrony_server:\n    10.0.0.2: prefer\n',
    ],
    [
      "the site's name",
      'chrony.conf',
      ['at lisbon', 'at Lisbon'],
      '{{ chrony_at | default(site.name) }}\n',
      '  chrony_at: Lisbon\n',
    ],
    [
      'a number that became prose',
      'limits.conf',
      ['vlan = 12', 'vlan = twelve'],
      'vlan = {{ limits_vlan | default(vlan) }}\n',
      '  limits_vlan: twelve\n',
    ],
    [
      'words behind a number',
      'limits.conf',
      ['vlan = 12', 'vlan = 12 # web'],
      "vlan = {{ vlan }}{{ limits_vlan_extra | default('') }}\n",
      '  limits_vlan_extra: " # web"\n',
    ],
  ])('%s', (_name, name, edit, inTemplate, atSite) => {
    const { proposals, text, unexplained } = outcome({ [file(name)]: edit });
    expect(proposals[0]).toMatchObject({
      what: 'template at site',
      explains: [file(name)],
      touches: { lisbon: [ALL, file(name)] },
    });
    expect(proposals.slice(1).every(({ what }) => what === 'template at origin')).toBe(true);
    expect(text[template(name)]).toContain(inTemplate);
    expect(text[LISBON]).toContain(atSite);
    expect(unexplained).toEqual({});
  });

  test.each<[string, SiteEdit, string]>([
    ['an expression', ['six', '{{ hour }}'], '{{ hour }}'],
    ['a statement', ['six', '{% raw %}'], '{% raw %}'],
    ['a comment', ['six', '{# six #}'], '{# six #}'],
  ])('what looks like %s of a template is kept from being one', (_name, edit, words) => {
    const { proposals, text } = outcome({ [file('motd')]: edit });
    expect(proposals[0]).toMatchObject({ what: 'param at site', plan: { [LISBON]: '+1 -1' } });
    expect(text[LISBON]).toContain(`  motd: !unsafe "Open from nine to ${words}"`);
  });

  test('a value and fixed text of one file', () => {
    const { proposals, text } = outcome({
      [file('chrony.conf')]: [
        ['10.0.0.2', '10.0.0.9'],
        ['rtcsync', 'rtcsync off'],
      ],
    });
    expect(proposals[0]).toMatchObject({
      what: 'template at site',
      plan: { [LISBON]: '+4 -0', [template('chrony.conf')]: '+1 -1' },
      explains: [file('chrony.conf')],
      touches: { lisbon: [ALL, file('chrony.conf')] },
    });
    expect(text[LISBON]).toContain('    - 10.0.0.9\n');
  });
});

describe('what no change of the plan that others share explains is kept with its file', () => {
  test.each<[string, SiteEdit, string]>([
    ['other line ends', ['\n', '\r\n'], 'line 1 ends with a carriage return'],
    ['a missing end of line', ['six\n', 'six'], 'line 1 is no value'],
    [
      'bytes that are no text',
      { content: Buffer.from([0xff, 0xfe, 0x41]) },
      'no longer text in UTF-8',
    ],
  ])('%s', (_name, edit, reason) => {
    const path = file('motd');
    const { proposals, unexplained } = outcome({ [path]: edit });
    expect(proposals[0]).toMatchObject({
      what: 'overlay at site',
      explains: [path],
      touches: { lisbon: [path] },
    });
    expect(proposals[0]!.notes[0]).toContain(reason);
    expect(proposals[0]!.notes[1]).toBe(
      `later changes of the plan no longer reach ${path} at lisbon`,
    );
    expect(unexplained).toEqual({});
  });

  test('a word written beside a value may be a part of it, which is said', () => {
    const { proposals } = outcome({ [file('proxy.conf')]: ['server 30s', 'server 30s hard'] });
    expect(proposals[0]).toMatchObject({
      what: 'param at site',
      title: 'server_timeout at lisbon: 30s → 30s hard',
      notes: ['a value would become several words', MIRROR],
    });
  });
});
