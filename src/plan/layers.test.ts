import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { edited, type Edits } from '../../test/support/edited-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { InvalidInput, UserError } from '../model/errors.ts';
import {
  explainKey,
  hasLayerOf,
  type Layer,
  layerChain,
  layerFiles,
  mergeParams,
  siteOf,
  siteParams,
} from './layers.ts';
import { loadPlan } from './load.ts';
import type { ListMerge, Plan } from './plan.ts';
import { emitYaml } from './yaml/emit.ts';
import { makeMap, makeNode } from './yaml/make.ts';
import type { Value, YamlNode } from './yaml/node.ts';
import { nodeAt, sameValue, toValue } from './yaml/value.ts';

function planWith(edits: Edits = {}): Plan {
  const { plan, problems } = loadPlan(planFiles(edited(edits)));
  expect(problems).toEqual([]);
  return plan!;
}

function paramsAt(plan: Plan, site: string): string {
  return emitYaml(siteParams(plan, site));
}

test('layers apply from the lowest: defaults, layer files that are there, the site', () => {
  const chain = layerChain(planWith(), 'lisbon-07');
  expect(chain.map(({ kind, file, base }) => [kind, file, base])).toEqual([
    ['defaults', 'stacks/compute/schema.json', []],
    ['layer', 'layers/common.yaml', []],
    ['layer', 'layers/region/eu-west.yaml', []],
    ['layer', 'layers/profile/store.yaml', []],
    ['site', 'sites/lisbon-07.yaml', ['params']],
  ]);
  expect(layerChain(planWith(), 'porto-01').map(({ file }) => file)).not.toContain(
    'layers/profile/lab.yaml',
  );
});

test('a site that is not in the plan is an error with its name', () => {
  expect(() => layerChain(planWith(), 'atlantis')).toThrow(
    new UserError('the plan has no site "atlantis"'),
  );
});

test('merged parameters: deep, later layers win, lists as the plan says, tokens as they stand', () => {
  expect(paramsAt(planWith(), 'lisbon-07')).toBe(`---
mtu: 1500
kernel:
  hugepages: 0
  modules:
    - br_netfilter
    - dm_crypt
  swappiness: 1
domain: eu.example.org
ntp_servers:
  - 10.20.7.1
mode: 0644
version: 1.10
enabled: yes
packages:
  - curl
  - git
  - rsync
  - tills
users:
  - name: root
    shell: /bin/sh
  - name: ops
    shell: /bin/zsh
  - name: till
    shell: /bin/false
db_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  66386439653236336462626566653063336164663966303231363934653561363964363833313662
`);
});

test('a merged leaf is the very node of the file that it came from', () => {
  const plan = planWith();
  const params = siteParams(plan, 'lisbon-07');
  const region = plan.layerDocuments.get('layers/region/eu-west.yaml')!.root;
  const common = plan.layerDocuments.get('layers/common.yaml')!.root;
  expect(nodeAt(params, ['kernel', 'swappiness'])).toBe(nodeAt(region, ['kernel', 'swappiness']));
  expect(nodeAt(params, ['users', 0])).toBe(nodeAt(common, ['users', 0]));
  expect(nodeAt(params, ['kernel', 'hugepages'])).toMatchObject({
    source: { file: 'stacks/compute/schema.json', line: 11, column: 54 },
  });
});

test('sites under the same layers share what those give, also with a later revision', () => {
  const plan = planWith();
  const [lisbon, porto] = ['lisbon-07', 'porto-01'].map((site) => siteParams(plan, site));
  expect(nodeAt(lisbon!, ['db_password'])).toBe(nodeAt(porto!, ['db_password']));
  const files = planFiles(edited({ 'layers/profile/lab.yaml': 'packages: [x]\n' }));
  const later = loadPlan(files, { previous: plan }).plan!;
  expect(nodeAt(siteParams(later, 'lisbon-07'), ['kernel'])).toBe(nodeAt(lisbon!, ['kernel']));
});

test.each<[string, string]>([
  ['replaced by a scalar', 'kernel: off\n'],
  ['replaced by a list', 'kernel: [a]\n'],
  ['emptied', 'kernel:\n'],
])('a map is %s as a whole', (_, lines) => {
  const plan = planWith({ 'layers/profile/store.yaml': lines, 'stacks/compute/schema.json': null });
  expect(paramsAt(plan, 'lisbon-07')).toContain(
    lines.replace('[a]', '\n  - a').replace(': \n', ':\n'),
  );
});

test('a tombstone takes a key away, a default too, and a higher layer can bring it back', () => {
  const plan = planWith({
    'layers/region/eu-west.yaml': 'mtu: !unset\nbanner: !unset\nkernel: { modules: !unset }\n',
    'layers/profile/store.yaml': 'banner: back\n',
    'sites/lisbon-07.yaml': (text) => text.replace('  banner: !unset\n', ''),
  });
  const params = siteParams(plan, 'lisbon-07');
  expect(nodeAt(params, ['mtu'])).toBeUndefined();
  expect(toValue(nodeAt(params, ['banner'])!)).toBe('back');
  expect(toValue(nodeAt(params, ['kernel'])!)).toEqual(
    new Map([
      ['hugepages', 0],
      ['swappiness', 10],
    ]),
  );
});

test('defaults of a map that needs more than defaults only complete it where it is there', () => {
  const schema = JSON.stringify({
    properties: {
      tls: {
        required: ['cert'],
        properties: {
          cert: { type: 'string' },
          port: { default: 443 },
          deep: { properties: { a: { default: 1 } } },
        },
      },
      list: { default: [{ a: 1.5 }] },
      map: { default: { x: 'on' }, properties: { size: { default: null } } },
    },
    allOf: [{ $ref: '#/$defs/more' }],
    $defs: { more: { properties: { more: { default: 'more' }, list: { default: 'shadowed' } } } },
  });
  const site = (params: string): Edits => ({
    'stacks/compute/schema.json': schema,
    'sites/lisbon-07.yaml': (text) => text.replace('params:\n', `params:\n${params}`),
  });
  expect(nodeAt(siteParams(planWith(site('')), 'lisbon-07'), ['tls'])).toBeUndefined();
  expect(paramsAt(planWith(site('')), 'lisbon-07')).toMatch(
    /^---\nlist:\n {2}- a: 1\.5\nmap:\n {2}size: null\n {2}x: "on"\nmore: more\ndomain: /,
  );
  expect(paramsAt(planWith(site('  tls: { cert: x }\n')), 'lisbon-07')).toMatch(
    /^---\ntls:\n {2}port: 443\n {2}deep:\n {4}a: 1\n {2}cert: x\nlist:/,
  );
});

test('defaults that multiply by references are told, not followed', () => {
  const defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `d${i}`,
      { properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } } },
    ]),
  );
  const schema = { $ref: '#/$defs/d0', $defs: { ...defs, d40: { default: 1 } } };
  const files = planFiles(edited({ 'stacks/compute/schema.json': JSON.stringify(schema) }));
  expect(loadPlan(files).problems).toEqual([
    {
      message: 'the schema refers to parts of itself so often that it cannot be followed',
      position: { file: 'stacks/compute/schema.json', line: 1, column: 1 },
    },
  ]);
});

test('a schema that holds itself has defaults as far as it goes', () => {
  const schema = { properties: { next: { $ref: '#' }, size: { default: 3 } } };
  const plan = planWith({ 'stacks/compute/schema.json': JSON.stringify(schema) });
  expect(paramsAt(plan, 'lisbon-07')).toMatch(/^---\nsize: 3\n/);
});

function layerOf(value: Map<string, Value>): Layer {
  const root = makeMap([...value].map(([key, item]) => [key, makeNode(item)]));
  return { kind: 'layer', file: 'f', base: [], root };
}

function element(id: Value, ...more: [string, Value][]): Value {
  return new Map([['id', id], ...more]);
}

function merged(rule: ListMerge, ...lists: Value[]): YamlNode | undefined {
  const merge = new Map<string, ListMerge>([['a.list', rule]]);
  const chain = lists.map((list) => {
    return layerOf(new Map([['a', new Map([['list', list]])]]));
  });
  return nodeAt(mergeParams({ merge }, chain), ['a', 'list']);
}

test.each<[ListMerge, Value]>([
  ['replace', [2, 3, 3]],
  ['append', [1, 2, 2, 3, 3]],
  ['unique', [1, 2, 3]],
])('lists merge by %s', (rule, expected) => {
  expect(toValue(merged(rule, [1, 2], [2, 3, 3])!)).toEqual(expected);
});

test('lists of maps merge by a key: known elements in place, new ones at the end', () => {
  const result = merged(
    { by: 'id' },
    [element(1, ['x', 'a'], ['y', 'b']), element('1', ['x', 'c'])],
    [element(2), element(1, ['y', 'd'])],
    [element('1', ['x', 'e'])],
  );
  expect(toValue(result!)).toEqual([
    element(1, ['x', 'a'], ['y', 'd']),
    element('1', ['x', 'e']),
    element(2),
  ]);
});

test('lists whose elements cannot be told apart are an error with the place', () => {
  expect(() => merged({ by: 'id' }, [new Map([['id', 1]])], ['x'])).toThrow(InvalidInput);
});

const leaf = fc.constantFrom<Value>('x', 'y', 1, true, null);
const { map: anyMap } = fc.letrec<{ map: Map<string, Value>; value: Value }>((tie) => ({
  map: fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), tie('value')), {
      selector: ([key]) => key,
    })
    .map((entries) => new Map(entries)),
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    leaf,
    fc.array(leaf, { maxLength: 2 }),
    tie('map'),
  ),
}));

/** What merging means, in the fewest words. */
function plainMerge(low: Value, high: Value): Value {
  if (!(low instanceof Map) || !(high instanceof Map)) return high;
  const result = new Map(low);
  for (const [key, value] of high) {
    const below = low.get(key);
    result.set(key, below === undefined ? value : plainMerge(below, value));
  }
  return result;
}

test('merging by reference means what merging copies means', () => {
  fc.assert(
    fc.property(fc.array(anyMap, { minLength: 1, maxLength: 5 }), (values) => {
      const chain = values.map(layerOf);
      const expected = values.reduce<Value>(plainMerge, new Map());
      // Not `toEqual`, which takes its time over maps.
      const found = toValue(mergeParams({ merge: new Map() }, chain));
      expect(sameValue(found, expected)).toBe(true);
    }),
  );
});

test.each<[(string | number)[], [string, string][], Value | undefined]>([
  [
    ['ntp_servers'],
    [
      ['sites/lisbon-07.yaml', 'wins'],
      ['layers/common.yaml', 'shadowed'],
    ],
    ['10.20.7.1'],
  ],
  [
    ['ntp_servers', 0],
    [
      ['sites/lisbon-07.yaml', 'wins'],
      ['layers/common.yaml', 'shadowed'],
    ],
    '10.20.7.1',
  ],
  [
    ['kernel', 'swappiness'],
    [
      ['layers/region/eu-west.yaml', 'wins'],
      ['layers/common.yaml', 'shadowed'],
    ],
    1,
  ],
  [['kernel', 'hugepages'], [['stacks/compute/schema.json', 'wins']], 0],
  [
    ['packages'],
    [
      ['layers/profile/store.yaml', 'joins'],
      ['layers/region/eu-west.yaml', 'joins'],
      ['layers/common.yaml', 'joins'],
    ],
    ['curl', 'git', 'rsync', 'tills'],
  ],
  [
    ['banner'],
    [
      ['sites/lisbon-07.yaml', 'unsets'],
      ['layers/common.yaml', 'shadowed'],
    ],
    undefined,
  ],
  [['kernel', 'nothing'], [], undefined],
  [['domain', 'deeper'], [], undefined],
])('tells where %j comes from', (path, contributions, value) => {
  const explained = explainKey(planWith(), 'lisbon-07', path);
  expect(explained.contributions.map(({ layer, effect }) => [layer.file, effect])).toEqual(
    contributions,
  );
  expect(explained.node && toValue(explained.node)).toEqual(value);
});

test('what is below something that is no map is shadowed', () => {
  const plan = planWith({
    'stacks/compute/schema.json': null,
    'layers/region/eu-west.yaml': 'kernel: none\n',
    'layers/profile/store.yaml': 'kernel: { swappiness: 5 }\n',
  });
  const effects = (path: string[]): unknown =>
    explainKey(plan, 'lisbon-07', path).contributions.map(({ layer, effect }) => [
      layer.file,
      effect,
    ]);
  expect(effects(['kernel'])).toEqual([
    ['layers/profile/store.yaml', 'wins'],
    ['layers/region/eu-west.yaml', 'shadowed'],
    ['layers/common.yaml', 'shadowed'],
  ]);
  expect(effects(['kernel', 'swappiness'])).toEqual([
    ['layers/profile/store.yaml', 'wins'],
    ['layers/common.yaml', 'shadowed'],
  ]);
});

test('property: which sites have a layer of some files is as their layer files tell', () => {
  const lisbon = siteOf(planWith(), 'lisbon-07');
  const filesOf = (layers: string[], labels: Record<string, string>): string[] =>
    layerFiles({ layers }, { ...lisbon, labels });
  const word = fc.constantFrom('', 'a', 'b', 'aa', 'a/b', '.yaml');
  const pattern = fc.constantFrom('l/{x}', 'l/{x}.yaml', 'l/a', 'l/a{y}a', 'l/{x}-{y}', 'l/{x}{y}');
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { maxLength: 4 }),
      fc.array(fc.record({ x: word, y: word }, { requiredKeys: [] }), { maxLength: 6 }),
      fc.array(word, { maxLength: 5 }),
      (layers, sites, strays) => {
        const all = sites.flatMap((labels) => filesOf(layers, labels));
        const files = new Set([
          ...all.filter((_, at) => at % 3 === 0),
          ...strays.map((one) => `l/${one}`),
        ]);
        const has = hasLayerOf(layers, files);
        for (const labels of sites)
          expect(has({ labels })).toBe(filesOf(layers, labels).some((one) => files.has(one)));
      },
    ),
  );
});
