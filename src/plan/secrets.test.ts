import { expect, test } from 'vitest';

import { edited, type Edits } from '../../test/support/edited-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import type { SiteTree } from '../model/tree.ts';
import { loadPlan } from './load.ts';
import type { Plan } from './plan.ts';
import { secretPaths, secretPatterns, secretValuesAt, secretValuesIn } from './secrets.ts';

const SCHEMA = JSON.stringify({
  properties: {
    token: { 'x-secret': true },
    users: { items: { $ref: '#/$defs/user' } },
    keys: {
      properties: { open: { type: 'string' } },
      additionalProperties: { anyOf: [{ type: 'string', 'x-secret': true }, { type: 'null' }] },
    },
    tree: { $ref: '#/$defs/tree' },
  },
  $defs: {
    user: { properties: { password: { type: 'string', 'x-secret': true } } },
    tree: { properties: { pin: { 'x-secret': true }, next: { $ref: '#/$defs/tree' } } },
  },
});

const PARAMS = `  token: { id: 17, value: t0ken }
  users: [{ name: ann, password: "pass-ann" }, { name: bob }]
  keys: { a: key-a, b: ~, open: shown }
  tree: { pin: 0042, next: { pin: on } }
`;

function planWith(params: string, edits: Edits = {}): Plan {
  const { plan, problems } = loadPlan(
    planFiles(
      edited({
        'stacks/compute/schema.json': SCHEMA,
        'layers/common.yaml': 'domain: example.org\n',
        'layers/profile/store.yaml': null,
        'sites/lisbon-07.yaml': (text) => text.replace('params:\n', `params:\n${params}`),
        ...edits,
      }),
    ),
  );
  expect(problems).toEqual([]);
  return plan!;
}

function treeOf(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

test('the paths of secrets are those that a schema marks, as far as they are there', () => {
  expect(secretPaths(planWith(PARAMS), 'lisbon-07')).toEqual([
    ['token'],
    ['users', 0, 'password'],
    ['keys', 'a'],
    ['keys', 'b'],
    ['tree', 'pin'],
    ['tree', 'next', 'pin'],
  ]);
  expect(secretPaths(planWith(PARAMS), 'madrid-01')).toEqual([]);
});

test('secret values are found in a tree wherever hosts and groups have them', () => {
  const plan = planWith(PARAMS);
  const tree = treeOf({
    'group_vars/all.yml': `---\n${PARAMS.replaceAll(/^ {2}/gm, '')}`,
    'group_vars/compute.yml': 'token: group-token\nother: public\n',
    'host_vars/compute-0.yml': 'users: [{ password: host-password }]\n',
    'inventory.yml': 'all: { hosts: { compute-1: { token: 123456, ansible_host: 10.0.0.1 } } }\n',
    'compute/files/x.yml': 'token: not-a-parameter\n',
  });
  expect(secretValuesIn(plan, 'lisbon-07', tree).toSorted()).toEqual([
    '0042',
    '123456',
    '17',
    'group-token',
    'host-password',
    'key-a',
    'pass-ann',
    't0ken',
  ]);
});

test('a value that is vaulted in the plan is a secret where it stands in the clear', () => {
  const vaulted = '  db: { password: !vault "$ANSIBLE_VAULT;1.1;AES256\\n6638" }\n';
  const plan = planWith(vaulted, { 'stacks/compute/schema.json': null });
  const tree = treeOf({ 'group_vars/all.yml': 'db: { password: hunter22, name: web }\n' });
  expect(secretValuesIn(plan, 'lisbon-07', tree)).toEqual(['hunter22']);
  const kept = treeOf({
    'group_vars/all.yml': 'db: { password: !vault "$ANSIBLE_VAULT;1.1\\n66" }\n',
  });
  expect(secretValuesIn(plan, 'lisbon-07', kept)).toEqual([]);
});

test('a file that is no YAML any more is searched line by line', () => {
  const tree = treeOf({
    'group_vars/all.yml': 'a: [\ntoken: "in-quotes"\n  - password: in-a-list\nother: public\n',
  });
  const values = secretValuesIn(planWith(PARAMS), 'lisbon-07', tree);
  expect(values).toEqual(expect.arrayContaining(['in-quotes', 'in-a-list']));
  expect(values).not.toContain('public');
});

test('without a plan, or at a site that it does not have, nothing is known to be a secret', () => {
  const tree = treeOf({ 'group_vars/all.yml': 'token: x\n' });
  expect(secretValuesIn(undefined, 'lisbon-07', tree)).toEqual([]);
  expect(secretValuesIn(planWith(PARAMS), 'atlantis', tree)).toEqual([]);
});

/** Where an operator has edited, and a file that is no YAML any more. */
const EDITED = [
  {
    'group_vars/all.yml': `db: { password: hunter22, name: web }
users: [{ name: ann, password: "pass-ann" }, { name: bob, password: "pass-bob" }]
token: { id: 17 }
keys: { a: key-a, open: shown }
tree: { pin: 1234 }
`,
    'host_vars/compute-0.yml': 'users: [{ password: host-password }]\ndb: { password: host-db }\n',
    'inventory.yml': 'all: { hosts: { compute-1: { token: 123456, ansible_host: 10.0.0.1 } } }\n',
  },
  { 'group_vars/all.yml': 'a: [\ntoken: "in-quotes"\n  - password: in-a-list\n' },
];
const DB = '  db: { password: !vault "$ANSIBLE_VAULT;1.1;AES256\\n6638" }\n';
const NO_SCHEMA: Edits = { 'stacks/compute/schema.json': null };

test.each<[what: string, params: string, edits: Edits, trees: Record<string, string>[]]>([
  ['secrets of a schema', PARAMS, {}, EDITED],
  [
    'vaulted values, in lists too',
    `${DB}  users: [{ password: !vault "$ANSIBLE_VAULT;1.1;AES256\\n6639" }]\n`,
    NO_SCHEMA,
    EDITED,
  ],
  ['both', PARAMS + DB, {}, EDITED],
  ['none', '  db: { password: open }\n', NO_SCHEMA, EDITED],
  [
    'what a host alone has',
    '',
    {
      'sites/lisbon-07.yaml': (text) =>
        text.replace('maintenance: true', 'users: [{ password: theirs }], token: 5'),
    },
    [{ 'host_vars/compute-1.yml': 'users: [{ password: theirs }]\ntoken: 5\n' }],
  ],
])('who has the tree alone finds what the plan finds: %s', (_, params, edits, trees) => {
  const plan = planWith(params, edits);
  const asRendered = { 'group_vars/all.yml': `---\n${params.replaceAll(/^ {2}/gm, '')}` };
  // As the manifest carries them.
  const patterns: string[][] = JSON.parse(JSON.stringify(secretPatterns(plan, 'lisbon-07')));
  for (const tree of [asRendered, ...trees].map(treeOf)) {
    const found = secretValuesAt(patterns, tree);
    expect(found.toSorted()).toEqual(secretValuesIn(plan, 'lisbon-07', tree).toSorted());
  }
});
