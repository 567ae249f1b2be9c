import { expect, test } from 'vitest';

import { type Edits, faultsOf } from '../../test/support/edited-plan.ts';

test.each<[string, Edits, string[]]>([
  [
    'overlay of an unknown site',
    { 'overlays/lisbon-7/README': 'x' },
    [
      'overlays/lisbon-7/README:1:1: there is no site "lisbon-7" to overlay (did you mean "lisbon-07"?)',
    ],
  ],
  [
    "overlay of trueup's own files",
    { 'overlays/lisbon-07/.trueup/manifest.json': 'x' },
    [
      'overlays/lisbon-07/.trueup/manifest.json:1:1: ".trueup/manifest.json" is written by trueup alone and cannot be overlaid',
    ],
  ],
  [
    'absent files',
    {
      'overlays/lisbon-07/README': 'x',
      'overlays/lisbon-07/.trueup-absent.yaml':
        'apiVersion: trueup/v1\nkind: Absent\npaths: [../x, .trueup/manifest.json, README]\n',
    },
    [
      'overlays/lisbon-07/.trueup-absent.yaml:3:9: the path "../x" contains ".."',
      'overlays/lisbon-07/.trueup-absent.yaml:3:15: the path ".trueup/manifest.json" is written by trueup alone and cannot be absent',
      'overlays/lisbon-07/.trueup-absent.yaml:3:38: the path "README" is overlaid by a file and absent at once',
    ],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
