import { expect, test } from 'vitest';

import { type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';

const PLAN = 'plan.yaml';

test.each<[string, Edits, string[]]>([
  [
    'layer that would not be read',
    { 'layers/region/eu-east.yml': 'a: 1\n', 'layers/notes.yml': 'a: 1\n' },
    [
      'layers/region/eu-east.yml:1:1: "layers/region/eu-east.yml" is not read (rename it to "layers/region/eu-east.yaml")',
    ],
  ],
  [
    'two waves of one name',
    { [PLAN]: replace('name: rest', 'name: canary') },
    ['plan.yaml:20:15: another wave is called "canary" too'],
  ],
  [
    'fault of a layer that is elsewhere',
    {
      [PLAN]: replace('layers/common', 'defaults'),
      'defaults.yaml': 'a: [1\n',
      'other.yaml': 'a: [',
    },
    [expect.stringMatching(/^defaults\.yaml:2:1: /)],
  ],
  [
    'no plan.yaml',
    { [PLAN]: null },
    [
      'plan.yaml:1:1: there is no plan.yaml (it says what the plan is made of, and marks the folder that is the plan)',
    ],
  ],
  [
    'unknown key',
    { [PLAN]: replace('layers:', 'layer:') },
    ['plan.yaml:4:1: unknown key "layer" (did you mean "layers"?)'],
  ],
  [
    'unknown key within',
    { [PLAN]: replace('maxConcurrent', 'maxConcurent') },
    [
      'plan.yaml:20:34: unknown key "maxConcurent" in "rollout.waves.1" (did you mean "maxConcurrent"?)',
    ],
  ],
  [
    'other kind',
    { [PLAN]: replace('kind: Plan', 'kind: Site') },
    ['plan.yaml:2:7: "kind" must be "Plan"'],
  ],
  [
    'missing key',
    { [PLAN]: replace('name: acme-edge\n', '') },
    ['plan.yaml:1:1: "name" is missing'],
  ],
  [
    'empty value',
    { [PLAN]: replace('name: acme-edge', 'name:') },
    ['plan.yaml:3:6: "name" is missing'],
  ],
  [
    'text that is a number to YAML',
    { [PLAN]: replace('acme-edge', '1.10') },
    ['plan.yaml:3:7: "name" must be text, not a number with a fraction: put it in quotes'],
  ],
  [
    'duration',
    { [PLAN]: replace('10m', 'ten') },
    ['plan.yaml:20:76: "rollout.waves.1.soak" must be a duration such as 30s, 10m or 1h30m'],
  ],
  [
    'share',
    { [PLAN]: replace('2%', '200%') },
    ['plan.yaml:20:66: "rollout.waves.1.maxFailures" must be a count or a share such as 2%'],
  ],
  [
    'number too small',
    { [PLAN]: replace('50', '0') },
    ['plan.yaml:20:49: "rollout.waves.1.maxConcurrent" must be 1 or more'],
  ],
  [
    'one of few words',
    { [PLAN]: replace('action: revert', 'action: revrt') },
    ['plan.yaml:16:65: "drift.rules.1.action" must be "propose" or "revert" or "ignore"'],
  ],
  [
    'selector',
    { [PLAN]: replace('select: "*"', 'select: "a b"') },
    [
      'plan.yaml:20:29: the selector "a b" has a part that cannot be read, "a b": write * for every site, or label=value and label!=value joined by commas',
    ],
  ],
  [
    'selector of a drift rule',
    { [PLAN]: replace('region=eu-west', 'region') },
    [
      'plan.yaml:16:39: the selector "region" has a part that cannot be read, "region": write * for every site, or label=value and label!=value joined by commas',
    ],
  ],
  [
    'glob',
    { [PLAN]: replace('files/motd', 'files/[a') },
    [
      'plan.yaml:15:17: the glob "files/[a" cannot be read: Missing closing: "]" - use "\\\\]" to match literal characters',
    ],
  ],
  [
    'glob of parameters',
    { [PLAN]: replace('kernel.**', '[z-a]') },
    ['plan.yaml:16:18: the glob "[z-a]" cannot be read: it can match nothing'],
  ],
  [
    'merge strategy',
    { [PLAN]: replace('packages: unique', 'packages: uniq') },
    ['plan.yaml:10:13: "merge.packages" must be replace, append, unique or by:<key>'],
  ],
  [
    'layer outside of the plan',
    { [PLAN]: replace('layers/common', '../common') },
    ['plan.yaml:5:5: the layer "../common.yaml" contains ".."'],
  ],
  [
    'layer with half a brace',
    { [PLAN]: replace('{region}', '{region') },
    ['plan.yaml:6:5: the layer "layers/region/{region.yaml" has a brace without its partner'],
  ],
  [
    'layer with no label',
    { [PLAN]: replace('{region}', '{re gion}') },
    [
      'plan.yaml:6:5: the layer "layers/region/{re gion}.yaml" has "{re gion}", which is no label\'s name',
    ],
  ],
  [
    'layer twice',
    { [PLAN]: replace('layers/profile/{profile}', 'layers/common') },
    ['plan.yaml:7:5: the layer "layers/common.yaml" is listed twice'],
  ],
  [
    'layer that is a site',
    { [PLAN]: replace('layers/common', 'sites/lisbon-07') },
    [
      'plan.yaml:5:5: the layer "sites/lisbon-07.yaml" is in a place that is kept for other files: put it in layers/',
    ],
  ],
  [
    'a list that is none',
    { [PLAN]: replace(/layers:\n(?: {2}- .*\n)+/, 'layers: layers/common.yaml\n') },
    ['plan.yaml:4:9: "layers" must be a list, not text'],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
