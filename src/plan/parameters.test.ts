import { expect, test } from 'vitest';

import { type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';

const LISBON = 'sites/lisbon-07.yaml';
const COMMON = 'layers/common.yaml';

test.each<[string, Edits, string[]]>([
  [
    'keys, choices and constants',
    {
      'stacks/compute/schema.json': JSON.stringify({
        properties: {
          domain: { const: 'secret-value' },
          kernel: { propertyNames: { maxLength: 7 } },
          packages: { items: { enum: ['curl', 'git', 'tills'] } },
          users: { items: { properties: { name: true }, additionalProperties: false } },
          db_password: { type: 'integer', minimum: 3 },
        },
      }),
      'layers/profile/store.yaml': null,
    },
    [
      'layers/common.yaml:10:19: the parameter "users.0.shell" is not allowed by the schema of stack "compute"',
      'layers/common.yaml:11:18: the parameter "users.1.shell" is not allowed by the schema of stack "compute"',
      'layers/region/eu-west.yaml:1:9: the parameter "domain" must be equal to constant (by the schema of stack "compute")',
      'layers/region/eu-west.yaml:2:17: the parameter "packages.2" must be equal to one of the allowed values: "curl", "git", "tills" (by the schema of stack "compute")',
      'layers/region/eu-west.yaml:3:11: the parameter "kernel.swappiness" is not allowed by the schema of stack "compute"',
    ],
  ],
  [
    'parameter of the wrong type',
    { [COMMON]: replace('swappiness: 10', 'swappiness: lots'), 'layers/region/eu-west.yaml': '' },
    [
      'layers/common.yaml:14:15: the parameter "kernel.swappiness" must be integer (by the schema of stack "compute")',
    ],
  ],
  [
    'parameter out of bounds',
    { 'layers/region/eu-west.yaml': replace('1 }', '101 }') },
    [
      'layers/region/eu-west.yaml:3:23: the parameter "kernel.swappiness" must be <= 100 (by the schema of stack "compute")',
    ],
  ],
  [
    'parameter that is a list',
    { [LISBON]: replace('params:\n', 'params:\n  kernel: [1]\n') },
    [
      'sites/lisbon-07.yaml:11:3: the parameter "kernel" must be object (by the schema of stack "compute")',
    ],
  ],
  [
    'parameter left out',
    { [LISBON]: replace('params:\n', 'params:\n  domain: !unset\n') },
    [
      'sites/lisbon-07.yaml:10:1: the parameter "domain" is missing: it is required by the schema of stack "compute"',
    ],
  ],
  [
    'list that cannot be merged',
    { 'layers/profile/store.yaml': 'users:\n  - { nam: x }\n' },
    ['layers/profile/store.yaml:2:5: this list merges by "name", which this element lacks'],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
