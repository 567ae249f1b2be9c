import { applyPatch } from 'diff';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { unifiedPatch } from './patch.ts';

test('a patch as git takes it', () => {
  expect(unifiedPatch('layers/a b.yaml', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n')).toBe(
    [
      '--- a/layers/a b.yaml',
      '+++ b/layers/a b.yaml',
      '@@ -1,2 +1,2 @@',
      ' a: 1',
      '-b: 2',
      '+b: 3',
      '',
    ].join('\n'),
  );
});

test('files that come and go, and files that stay', () => {
  expect(unifiedPatch('f', null, 'a\n')).toMatch(/^--- \/dev\/null\n\+\+\+ b\/f\n@@ -0,0 \+1/);
  expect(unifiedPatch('f', 'a\n', null)).toMatch(/^--- a\/f\n\+\+\+ \/dev\/null\n@@ -1/);
  expect(unifiedPatch('f', 'a\n', 'a\n')).toBe('');
});

test('property: a patch takes the text before to the text after', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '', '--- x'), { maxLength: 12 });
  const file = fc
    .tuple(text, fc.boolean())
    .map(([lines, open]) => lines.join('\n') + (open ? '' : '\n'));
  fc.assert(
    fc.property(file, file, (before, after) => {
      const patch = unifiedPatch('f', before, after);
      expect(patch === '' ? before : applyPatch(before, patch)).toBe(after);
    }),
  );
});
