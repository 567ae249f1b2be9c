import { describe, expect, test } from 'vitest';

import { outcome } from '../../test/support/backport-outcome.ts';
import type { SiteEdit } from '../../test/support/backport-plan.ts';

// Edits of the rendered files that show the plan's data as it is, one test for each kind of edit.

const ALL = 'group_vars/all.yml';
const LISBON = 'sites/lisbon.yaml';
const COMMON = 'layers/common.yaml';
const SOUTH = 'layers/region/south.yaml';
const everywhere = (...files: string[]) => ({ lisbon: files, paris: files, porto: files });

const copied = (list: string) =>
  `the site gets a list ${list} of its own: later changes of the shared list no longer reach it`;
const propagates = (files: string[]) =>
  `propagates: ${files.join(', ')} at lisbon would change too, and was not edited there`;

interface Expected {
  edit: SiteEdit;
  title: string;
  /** Lines that come and go in the site's file. */
  lines: string;
  /** What the file holds afterwards. */
  text: string | RegExp;
  /** Files at the site that change beside the edited one. */
  follows?: string[];
  copies?: string;
  /** Where the value comes from, what it takes to change it there, and whom that reaches. */
  origin?: { title: string; plan: Record<string, string>; touches: Record<string, string[]> };
}

const edits: [name: string, expected: Expected][] = [
  [
    'a scalar of the site',
    {
      edit: ['Open from nine to six', 'Closed today'],
      title: 'motd at lisbon: Open from nine to six → Closed today',
      lines: '+1 -1',
      text: "  motd: Closed today # the store's hours\n",
      follows: ['store/files/motd'],
    },
  ],
  [
    'a scalar of a shared layer',
    {
      edit: ['vlan: 12', 'vlan: 13'],
      title: 'vlan at lisbon: 12 → 13',
      lines: '+1 -0',
      text: '    - right\n  vlan: 13\nhostParams:\n',
      follows: ['store/files/limits.conf'],
      origin: {
        title: 'vlan in layers/common.yaml: 12 → 13',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL, 'store/files/limits.conf'),
      },
    },
  ],
  [
    'a scalar of a region',
    {
      edit: ['\ntimeout: 3', '\ntimeout: 4'],
      title: 'timeout at lisbon: 3 → 4',
      lines: '+1 -0',
      text: '  timeout: 4\n',
      follows: ['store/files/resolv.conf'],
      origin: {
        title: 'timeout in layers/region/south.yaml: 3 → 4',
        plan: { [SOUTH]: '+1 -1' },
        touches: {
          lisbon: [ALL, 'store/files/resolv.conf'],
          porto: [ALL, 'store/files/resolv.conf'],
        },
      },
    },
  ],
  [
    'a nested key',
    {
      edit: ['level: info', 'level: debug'],
      title: 'log.level at lisbon: info → debug',
      lines: '+2 -0',
      text: '  log:\n    level: debug\n',
      origin: {
        title: 'log.level in layers/common.yaml: info → debug',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL),
      },
    },
  ],
  [
    'a list item that comes first',
    {
      edit: ['  - left\n', '  - door\n  - left\n'],
      title: 'lanes at lisbon: + door',
      lines: '+1 -0',
      text: '  lanes:\n    - door\n    - left\n',
    },
  ],
  [
    'a list item that comes in the middle',
    {
      edit: ['  - middle\n', '  - door\n  - middle\n'],
      title: 'lanes at lisbon: + door',
      lines: '+1 -0',
      text: '    - left\n    - door\n    - middle\n',
    },
  ],
  [
    'a list item that comes last',
    {
      edit: ['  - right\n', '  - right\n  - door\n'],
      title: 'lanes at lisbon: + door',
      lines: '+1 -0',
      text: '    - right\n    - door\n',
    },
  ],
  [
    'the only list item goes',
    {
      edit: ['tills:\n  - till-1\n', 'tills: []\n'],
      title: 'tills at lisbon: − till-1',
      lines: '+1 -1',
      text: '  tills: []\n',
    },
  ],
  [
    'a second item beside the only one',
    {
      edit: ['  - till-1\n', '  - till-1\n  - till-2\n'],
      title: 'tills at lisbon: + till-2',
      lines: '+1 -1',
      text: '  tills: [till-1, till-2]\n',
    },
  ],
  [
    'the first list item goes',
    {
      edit: ['  - left\n', ''],
      title: 'lanes at lisbon: − left',
      lines: '+0 -1',
      text: 'lanes:\n    - middle\n',
    },
  ],
  [
    'the last list item goes',
    {
      edit: ['  - right\n', ''],
      title: 'lanes at lisbon: − right',
      lines: '+0 -1',
      text: '- middle\nhostParams',
    },
  ],
  [
    'a list element',
    {
      edit: ['- middle', '- centre'],
      title: 'lanes[1] at lisbon: middle → centre',
      lines: '+1 -1',
      text: '    - left\n    - centre\n    - right\n',
    },
  ],
  [
    'an element of a shared list',
    {
      edit: ['10.0.0.2', '10.0.0.22'],
      title: 'ntp_servers[1] at lisbon: 10.0.0.2 → 10.0.0.22',
      lines: '+3 -0',
      text: '  ntp_servers:\n    - 10.0.0.1\n    - 10.0.0.22\n',
      follows: ['store/files/chrony.conf'],
      copies: 'ntp_servers',
      origin: {
        title: 'ntp_servers[1] in layers/common.yaml: 10.0.0.2 → 10.0.0.22',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL, 'store/files/chrony.conf'),
      },
    },
  ],
  [
    'an item of a shared list that goes',
    {
      edit: ['  - 10.0.0.1\n', ''],
      title: 'ntp_servers at lisbon: − 10.0.0.1',
      lines: '+2 -0',
      text: '  ntp_servers:\n    - 10.0.0.2\n',
      follows: ['store/files/chrony.conf'],
      copies: 'ntp_servers',
      origin: {
        title: 'ntp_servers in layers/common.yaml: − 10.0.0.1',
        plan: { [COMMON]: '+0 -1' },
        touches: everywhere(ALL, 'store/files/chrony.conf'),
      },
    },
  ],
  [
    'a field in a list of maps',
    {
      edit: ['port: 8081', 'port: 9091'],
      title: 'backends[0].port at lisbon: 8081 → 9091',
      lines: '+7 -0',
      text: /backends:\n {4}- name: api\n {6}host: api\.example\.org\n {6}port: 9091\n {4}- name: web\n/,
      follows: ['store/files/proxy.conf'],
      copies: 'backends',
      origin: {
        title: 'backends[0].port in layers/common.yaml: 8081 → 9091',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL, 'store/files/proxy.conf'),
      },
    },
  ],
  [
    'a field in a list that merges by a key',
    {
      edit: ['/bin/bash', '/bin/zsh'],
      title: 'users[1].shell at lisbon: /bin/bash → /bin/zsh',
      lines: '+3 -0',
      text: '  users:\n    - name: ops\n      shell: /bin/zsh\n',
      origin: {
        title: 'users[1].shell in layers/common.yaml: /bin/bash → /bin/zsh',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL),
      },
    },
  ],
  [
    'an item at the end of a list that is joined from layers',
    {
      edit: ['  - rsync\n', '  - rsync\n  - vim\n'],
      title: 'packages at lisbon: + vim',
      lines: '+2 -0',
      text: '  packages:\n    - vim\n',
      origin: {
        title: 'packages in layers/common.yaml: + vim',
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL),
      },
    },
  ],
  [
    'a new key',
    {
      edit: [/$/, 'rack: "4"\n'],
      title: 'rack at lisbon: new, "4"',
      lines: '+1 -0',
      text: '    - right\n  rack: "4"\n',
    },
  ],
  [
    'a new key in a shared map',
    {
      edit: ['  keep: 7\n', '  keep: 7\n  color: no\n'],
      title: 'log.color at lisbon: new, no',
      lines: '+2 -0',
      text: '  log:\n    color: no\n',
      origin: {
        title: 'log.color in layers/common.yaml: new, no',
        plan: { [COMMON]: '+1 -0' },
        touches: everywhere(ALL),
      },
    },
  ],
  [
    'an inherited key that goes leaves a tombstone',
    {
      edit: ['legacy: old\n', ''],
      title: 'legacy at lisbon: old taken away',
      lines: '+1 -0',
      text: '  legacy: !unset\n',
      origin: {
        title: 'legacy in layers/region/south.yaml: old taken away',
        plan: { [SOUTH]: '+0 -1' },
        touches: { lisbon: [ALL], porto: [ALL] },
      },
    },
  ],
  [
    'a key of the site that goes',
    {
      edit: [/lanes:\n(?: {2}- .*\n)+/, ''],
      title: 'lanes at lisbon: [3] taken away',
      lines: '+0 -4',
      text: '  tills: [till-1]\nhostParams:\n',
    },
  ],
  ...(
    [
      ['mode', '0644', '0600'],
      ['version', '1.10', '1.20'],
      ['enabled', 'yes', 'no'],
      ['banner', '"Welcome"', '"Welcome: come # in"'],
      ['domain', 'example.org', '"example.net"'],
      ['domain', 'example.org', "'1.10'"],
      ['mode', '0644', '"0644"'],
    ] as const
  ).map(([key, from, to]): [string, Expected] => [
    `${key}: ${from} → ${to}, as it is written`,
    {
      edit: [`${key}: ${from}\n`, `${key}: ${to}\n`],
      title: `${key} at lisbon: ${from} → ${to}`,
      lines: '+1 -0',
      text: `  ${key}: ${to}\n`,
      ...(key === 'domain' ? { follows: ['store/files/resolv.conf'] } : {}),
      origin: {
        title: `${key} in layers/common.yaml: ${from} → ${to}`,
        plan: { [COMMON]: '+1 -1' },
        touches: everywhere(ALL, ...(key === 'domain' ? ['store/files/resolv.conf'] : [])),
      },
    },
  ]),
];

describe('an edit of the parameters that a site shows becomes an edit of the plan', () => {
  test.each(edits)('%s', (_name, { edit, title, lines, text, follows = [], copies, origin }) => {
    const { proposals, unexplained, text: after } = outcome({ [ALL]: edit });
    const [first, ...others] = proposals;
    expect(first).toMatchObject({
      what: 'param at site',
      title,
      plan: { [LISBON]: lines },
      explains: [ALL],
      touches: { lisbon: [ALL, ...follows] },
    });
    expect(after[LISBON]).toMatch(text);
    expect(first!.notes).toEqual([
      ...(copies ? [copied(copies)] : []),
      ...(follows.length > 0 ? [propagates(follows)] : []),
    ]);
    expect(
      others.map(({ what, title: other, plan, touches }) => ({
        what,
        title: other,
        plan,
        touches,
      })),
    ).toEqual(origin ? [{ what: 'param at origin', ...origin }] : []);
    expect(unexplained).toEqual({});
  });
});

describe('the variables of hosts and groups', () => {
  test.each([
    [
      'host_vars/lisbon-b.yml',
      ['cpus: 4', 'cpus: 8'],
      'cpus of lisbon-b at lisbon: 4 → 8',
      '+1 -1',
    ],
    ['host_vars/lisbon-b.yml', [/$/, 'ram: 16\n'], 'ram of lisbon-b at lisbon: new, 16', '+1 -0'],
    ['host_vars/lisbon-b.yml', null, 'hostParams.lisbon-b at lisbon: {cpus} taken away', '+1 -3'],
    [
      'host_vars/lisbon-a.yml',
      { content: '---\nram: 16\n' },
      'hostParams.lisbon-a at lisbon: new, {ram}',
      '+2 -0',
    ],
    [
      'group_vars/gateways.yml',
      ['throughput', 'latency'],
      'tuned of gateways at lisbon: throughput → latency',
      '+1 -1',
    ],
    [
      'inventory.yml',
      ['10.9.0.2', '10.9.0.22'],
      'ansible_host of lisbon-b at lisbon: 10.9.0.2 → 10.9.0.22',
      '+1 -1',
    ],
  ] satisfies [string, SiteEdit, string, string][])(
    '%s, edited by %j',
    (path, edit, title, lines) => {
      expect(outcome({ [path]: edit })).toMatchObject({
        proposals: [
          {
            what: 'param at site',
            title,
            plan: { [LISBON]: lines },
            explains: [path],
            touches: { lisbon: [path] },
            notes: [],
          },
        ],
        unexplained: {},
      });
    },
  );

  test('a host that comes into the inventory is no variable: the file is kept', () => {
    const { proposals } = outcome({
      'inventory.yml': [
        '    lisbon-b:\n',
        '    lisbon-c:\n      ansible_host: 10.9.0.3\n    lisbon-b:\n',
      ],
    });
    expect(proposals).toMatchObject([
      {
        what: 'overlay at site',
        notes: [expect.stringContaining('more than the variables of its hosts'), expect.anything()],
      },
    ]);
  });
});
