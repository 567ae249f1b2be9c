import { expect, test } from 'vitest';

import { append, type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';
import { examplePlan } from '../../test/support/example-plan.ts';

const LISBON = 'sites/lisbon-07.yaml';
const MADRID = 'sites/madrid-01.yaml';
const SCHEMA = 'stacks/compute/schema.json';
const COMMON = 'layers/common.yaml';

test.each<[string, Edits, string[]]>([
  [
    'names that are no names to JavaScript',
    {
      [LISBON]: (text) =>
        text
          .replace('hosts:\n', 'hosts:\n  __proto__: {}\n')
          .replace('labels: {', 'labels: { __proto__: x,')
          .replace('groups: {', 'groups: { constructor: [compute-0], __proto__: [],'),
    },
    [
      'sites/lisbon-07.yaml:3:11: "__proto__" cannot be a key here',
      'sites/lisbon-07.yaml:7:3: "__proto__" cannot be a key here',
      'sites/lisbon-07.yaml:10:37: "__proto__" cannot be a key here',
    ],
  ],
  [
    'unknown key unlike any',
    { [LISBON]: append('__proto__: { a: 1 }\n') },
    ['sites/lisbon-07.yaml:15:1: unknown key "__proto__"'],
  ],
  [
    'label that a site lacks',
    { [LISBON]: replace('region: eu-west, ', '') },
    [
      'sites/lisbon-07.yaml:3:1: the site "lisbon-07" has no label "region", which the layer "layers/region/{region}.yaml" asks for',
    ],
  ],
  [
    'unknown stack',
    { [LISBON]: replace('[compute]', '[compte]') },
    ['sites/lisbon-07.yaml:4:10: there is no stack "compte" (did you mean "compute"?)'],
  ],
  [
    'stack twice',
    { [LISBON]: replace('[compute]', '[compute, compute]') },
    ['sites/lisbon-07.yaml:4:19: the stack "compute" is listed twice'],
  ],
  [
    'label that is no text',
    { [LISBON]: replace('profile: store', 'profile: 1') },
    ['sites/lisbon-07.yaml:3:37: "labels.profile" must be text, not a number: put it in quotes'],
  ],
  [
    'group of an unknown host',
    { [LISBON]: replace('compute-0, compute-1]', 'compute-0, compute-2]') },
    ['sites/lisbon-07.yaml:9:32: the site has no host "compute-2" (did you mean "compute-0"?)'],
  ],
  [
    'parameters of an unknown host',
    { [LISBON]: replace('hostParams: { compute-1', 'hostParams: { compute-9') },
    ['sites/lisbon-07.yaml:13:15: the site has no host "compute-9" (did you mean "compute-0"?)'],
  ],
  [
    'parameters of an unknown group',
    { [LISBON]: replace('groupParams: { compute', 'groupParams: { comput') },
    ['sites/lisbon-07.yaml:14:16: the site has no group "comput" (did you mean "compute"?)'],
  ],
  [
    "Ansible's own group",
    { 'sites/porto/porto-01.yaml': replace('groups: { compute', 'groups: { All') },
    [
      'sites/porto/porto-01.yaml:8:11: the group "All" is Ansible\'s own and needs no list of hosts',
    ],
  ],
  [
    'hosts that differ in case',
    { 'sites/porto/porto-01.yaml': replace('hosts:\n', 'hosts:\n  Compute-0: {}\n') },
    [
      'sites/porto/porto-01.yaml:8:3: the host names "compute-0" and "Compute-0" differ only in case (they would be one file on some machines: rename one)',
    ],
  ],
  [
    'host with a path for a name',
    { [LISBON]: replace('hosts:\n', 'hosts:\n  "../x": {}\n') },
    [
      'sites/lisbon-07.yaml:7:3: "../x" must be 1 to 63 letters, digits, ".", "_" or "-", and begin and end with a letter or digit',
    ],
  ],
  [
    'group that ends in .lock',
    { [LISBON]: replace('groups: { compute', 'groups: { x.lock: [], compute') },
    ['sites/lisbon-07.yaml:9:11: "x.lock" must not contain ".." nor end in ".lock"'],
  ],
  [
    'import from an unknown site',
    { [LISBON]: replace('madrid-01', 'madrid-02') },
    ['sites/lisbon-07.yaml:5:21: there is no site "madrid-02" (did you mean "madrid-01"?)'],
  ],
  [
    'import from an unknown stack',
    { [LISBON]: replace('control:', 'contrl:') },
    ['sites/lisbon-07.yaml:5:12: there is no stack "contrl" (did you mean "control"?)'],
  ],
  [
    'import from a site without the stack',
    { [LISBON]: replace('madrid-01', 'porto-01') },
    ['sites/lisbon-07.yaml:5:21: the site "porto-01" has no stack "control" to import from'],
  ],
  [
    'import left out',
    { [LISBON]: replace(/imports.*\n/, '') },
    [
      'sites/lisbon-07.yaml:1:1: the stack "compute" imports from "control", and the site "lisbon-07" does not say from which site (add imports: { control: <site> })',
    ],
  ],
  [
    'sites in a circle',
    { [MADRID]: append('imports: { compute: lisbon-07 }\n') },
    [
      'sites/lisbon-07.yaml:5:21: sites import from each other in a circle: lisbon-07 → madrid-01 (control) → lisbon-07 (compute)',
    ],
  ],
  [
    'a site that imports from itself',
    { [MADRID]: append('imports: { control: madrid-01 }\n') },
    [
      'sites/madrid-01.yaml:11:21: sites import from each other in a circle: madrid-01 → madrid-01 (control)',
    ],
  ],
  [
    'parameter with a name that is taken',
    { [COMMON]: append('imports: 1\n') },
    [
      'layers/common.yaml:18:1: the parameter name "imports" is taken: templates have other sites\' exports there (give it another name)',
    ],
  ],
  [
    'parameter of a site with such a name',
    { [LISBON]: replace('params:\n', 'params:\n  site: x\n') },
    [
      'sites/lisbon-07.yaml:11:3: the parameter name "site" is taken: templates have the site\'s name, labels, hosts and groups there (give it another name)',
    ],
  ],
  [
    'default with such a name',
    { [SCHEMA]: '{ "properties": { "site": { "default": 1 } } }' },
    [
      'stacks/compute/schema.json:1:27: the parameter name "site" is taken: templates have the site\'s name, labels, hosts and groups there (give it another name)',
    ],
  ],
  [
    'tombstone in a list',
    { [COMMON]: append('x: [!unset ]\n') },
    ['layers/common.yaml:18:5: !unset removes a key and cannot stand for an element of a list'],
  ],
  [
    'tombstone of a host',
    { [LISBON]: replace('maintenance: true', 'maintenance: !unset ') },
    [
      'sites/lisbon-07.yaml:13:41: !unset has nothing to remove here (it removes keys that lower layers give, so it belongs in layers and in params)',
    ],
  ],
  [
    'two files for one site',
    { 'sites/old/lisbon-07.yaml': examplePlan[LISBON]! },
    [
      'sites/old/lisbon-07.yaml:1:1: the site "lisbon-07" is already there in "sites/lisbon-07.yaml" (rename one of the files)',
    ],
  ],
  [
    'sites that differ in case',
    { 'sites/old/Lisbon-07.yaml': examplePlan[LISBON]! },
    [
      'sites/old/Lisbon-07.yaml:1:1: the site names "Lisbon-07" and "lisbon-07" differ only in case (they would be one file on some machines: rename one)',
    ],
  ],
  [
    'site name',
    { 'sites/a b.yaml': examplePlan[LISBON]! },
    [
      'sites/a b.yaml:1:1: "a b" cannot be a site\'s name (use up to 63 letters, digits, ".", "_" and "-", beginning and ending with a letter or digit)',
    ],
  ],
  [
    'site that would not be read',
    { 'sites/foo.yml': 'x: 1\n' },
    ['sites/foo.yml:1:1: "sites/foo.yml" is not read (rename it to "sites/foo.yaml")'],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
