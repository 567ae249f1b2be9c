import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { yamlDocuments } from '../../../test/support/yaml-documents.ts';
import { emitYaml } from './emit.ts';
import { makeMap, makeNode } from './make.ts';
import { Float, type Value } from './node.ts';
import { parseYaml, parseYamlValue } from './parse.ts';
import { sameNode } from './value.ts';

const emit = (text: string): string => emitYaml(parseYamlValue('f.yml', text).root!);

test('tokens survive as they stand; comments and layout do not', () => {
  const source = `# header
mode:   0644    # octal
version: 1.10
on: yes
'quoted': "a\\tb"
list: [a, {b: 'c', d: []}]
nested:
- - x
  - y
- k: v
  l: ~
-
empty:
none: {}
`;
  expect(emit(source)).toBe(`---
mode: 0644
version: 1.10
on: yes
'quoted': "a\\tb"
list:
  - a
  - b: 'c'
    d: []
nested:
  - - x
    - y
  - k: v
    l: ~
  -
empty:
none: {}
`);
});

test('block scalars move to their new place with their lines unchanged', () => {
  const source = `a:
      - secret: !vault |
                $ANSIBLE_VAULT;1.1;AES256
                6162

        text: |2+
            deeper

           x
        folded: >- # note
          one
          two
`;
  expect(emit(source)).toBe(`---
a:
  - secret: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    text: |2+
        deeper

       x
    folded: >- # note
      one
      two
`);
});

test('values over several lines, and texts that end with the file, keep their meaning', () => {
  for (const text of [
    'a:\n  b: one\n    two\n\n    three\n',
    'a: "one \\\n  two\\\n  \\ three\\ \n  four"\n',
    "a:\n - - 'one\n\n     two'\n",
    'a: |\n  no newline',
    'a: >+\n  kept\n\n\n',
    'a:\n - |2\n     x\n',
    '{--- a: 1}\n',
  ]) {
    const before = parseYaml('f.yml', text).document!.root;
    const after = parseYaml('g.yml', emitYaml(before)).document!.root;
    expect([text, sameNode(before, after, { order: true })]).toEqual([text, true]);
  }
});

test('anchors are expanded', () => {
  expect(emit('a: &x {b: &y 1}\nc: *x\nd:\n  <<: *x\n  e: *y\n')).toBe(
    '---\na:\n  b: 1\nc:\n  b: 1\nd:\n  b: 1\n  e: 1\n',
  );
});

test('nodes without a source are written', () => {
  const value = new Map<string, Value>([
    ['yes', 'yes'],
    ['k', [1, new Float(2), null, 'a: b']],
  ]);
  expect(emitYaml(makeNode(value))).toBe(
    '---\n"yes": "yes"\nk:\n  - 1\n  - 2.0\n  - null\n  - "a: b"\n',
  );
  expect(emitYaml(makeMap([]))).toBe('---\n{}\n');
  expect(emitYaml(makeNode('--- x'))).toBe('---\n"--- x"\n');
});

test('a tombstone never leaves the plan', () => {
  expect(() => emit('a: !unset\n')).toThrow('!unset');
});

test(
  'property: what is read from the emitted text is what was read from the source',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(yamlDocuments({ anchors: true, tags: true }), (text) => {
        const { root } = parseYamlValue('f.yml', text.replaceAll('!unset', '!!null'));
        if (!root) return;
        const emitted = emitYaml(root);
        const again = parseYamlValue('g.yml', emitted);
        expect(again.problems).toEqual([]);
        expect(sameNode(root, again.root!, { order: true })).toBe(true);
        expect(emitYaml(again.root!)).toBe(emitted);
      }),
      { numRuns: 200 },
    );
  },
);
