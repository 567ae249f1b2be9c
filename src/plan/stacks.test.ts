import { expect, test } from 'vitest';

import { append, type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';

const MADRID = 'sites/madrid-01.yaml';
const COMPUTE = 'stacks/compute/stack.yaml';

test.each<[string, Edits, string[]]>([
  [
    'playbook that is no part of the tree',
    { [COMPUTE]: replace('playbooks/tune.yml', 'schema.json') },
    ['stacks/compute/stack.yaml:1:33: there is no playbook "stacks/compute/schema.json"'],
  ],
  [
    'stack that imports from an unknown one',
    { [COMPUTE]: replace('[control]', '[kontrol]') },
    [
      'stacks/compute/stack.yaml:2:11: the stack "compute" imports from "kontrol", which is no stack of this plan (did you mean "control"?)',
    ],
  ],
  [
    'stacks in a circle',
    {
      'stacks/control/stack.yaml': append('imports: [compute]\n'),
      'stacks/compute/stack.yaml': append('exports: [domain]\n'),
      [MADRID]: replace('[control]', '[control, compute]'),
    },
    [
      'stacks/compute/stack.yaml:2:11: stacks import from each other in a circle: compute → control → compute',
    ],
  ],
  [
    'missing playbook',
    { [COMPUTE]: replace('tune.yml', 'tunes.yml') },
    [
      'stacks/compute/stack.yaml:1:33: there is no playbook "stacks/compute/playbooks/tunes.yml" (did you mean "playbooks/tune.yml"?)',
    ],
  ],
  [
    "another stack's playbook",
    { [COMPUTE]: replace('playbooks/tune.yml', '../control/playbooks/site.yml') },
    [
      'stacks/compute/stack.yaml:1:33: there is no playbook "stacks/compute/../control/playbooks/site.yml"',
    ],
  ],
  [
    'no stack.yaml',
    { [COMPUTE]: null },
    [
      'stacks/compute/stack.yaml:1:1: there is no stacks/compute/stack.yaml (it says which playbooks there are; without it the folder is no stack)',
    ],
  ],
  [
    "stack called as one of the tree's files",
    { 'stacks/Group_Vars/stack.yaml': 'playbooks: []\n' },
    [
      'stacks/Group_Vars/stack.yaml:1:1: the stack cannot be called "Group_Vars": site trees have something else by that name',
    ],
  ],
  [
    'stack name',
    { 'stacks/a..b/stack.yaml': 'playbooks: []\n' },
    [
      'stacks/a..b/stack.yaml:1:1: "a..b" cannot be a stack\'s name (use up to 63 letters, digits, ".", "_" and "-", beginning and ending with a letter or digit)',
    ],
  ],
  [
    'export',
    { 'stacks/control/stack.yaml': replace('vip', '"a..b"') },
    ['stacks/control/stack.yaml:2:20: "exports.1" must be a dotted parameter path'],
  ],
  [
    'template without a name',
    { 'stacks/compute/templates/...j2': 'x' },
    [
      'stacks/compute/templates/...j2:1:1: "stacks/compute/templates/...j2" would become "compute/files/..", which contains ".." (rename it)',
    ],
  ],
  [
    'two files for one place',
    { 'stacks/compute/templates/motd.j2': 'x' },
    [
      'stacks/compute/templates/motd.j2:1:1: "stacks/compute/templates/motd.j2" and "stacks/compute/templates/motd" both become "compute/files/motd" (rename one of them)',
    ],
  ],
  [
    'a file where there is a folder',
    { 'stacks/compute/templates/etc': 'x' },
    [
      'stacks/compute/templates/etc:1:1: "stacks/compute/templates/etc" would be a file where others make a folder (rename it)',
    ],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
