import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { damagedDocuments, yamlDocuments } from '../../../test/support/yaml-documents.ts';
import { parseFast } from './parse-fast.ts';
import { parseFull } from './parse-full.ts';
import { textProblem } from './source-text.ts';
import { sameNode } from './value.ts';

const everyday = [
  `# plan.yaml
apiVersion: trueup/v1
kind: Plan
layers:                        # lowest precedence first
  - layers/common.yaml
  - layers/region/{region}.yaml        # skipped where it does not exist

drift:
  rules:
    - { paths: ["files/motd"], action: ignore }
    - { params: ['kernel.**'], sites: "region=eu-west", action: revert }
  waves:
    - name: canary
      select: "profile=lab"
    -   name: rest
`,
  `---
ntp_servers: [10.20.7.1, 'b', -1, http://x/y]
mode: 0644
"quoted": 'it''s'
ports:
  80: http
  8443: "a\\tb"
nested:
- - a
  - b
-
  c: d
empty: {}
secret: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6162
gone: !unset
raw: !unsafe '{{ x }}'
text: >-
  folded
  text

nothing:
`,
];

test('everyday files need no other parser, and are read alike by both', () => {
  for (const text of everyday) {
    const fast = parseFast('f.yml', text);
    expect(fast).toEqual(parseFull('f.yml', text).root);
    expect(fast).toBeDefined();
  }
});

test.each([
  ['anchors', 'a: &x 1\n'],
  ['a value over two lines', 'a: b\n  c\n'],
  ['a tab', 'a: "\t"\n'],
  ['a duplicate key', 'a: 1\na: 2\n'],
  ['a second document', 'a: 1\n---\nb: 2\n'],
  ['an unknown tag', 'a: !x 1\n'],
  ['a value that Ansible refuses', 'a: =\n'],
  ['a wrong indentation', 'a:\n  b: 1\n c: 2\n'],
  ['nothing', '# only a comment\n'],
])('%s is left to the full parser', (_, text) => {
  expect(parseFast('f.yml', text)).toBeUndefined();
});

test(
  'property: what the fast parser reads, the full one reads alike, to the last range',
  { timeout: 60_000 },
  () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          yamlDocuments({ everyday: true, tags: true }),
          yamlDocuments({ anchors: true, tags: true }),
          damagedDocuments({ everyday: true, tags: true }),
        ),
        (text) => {
          if (textProblem('f.yml', text)) return;
          const fast = parseFast('f.yml', text);
          if (!fast) return;
          taken += 1;
          const { root } = parseFull('f.yml', text);
          expect(fast).toEqual(root);
          expect(sameNode(fast, root!, { order: true })).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(100);
  },
);
