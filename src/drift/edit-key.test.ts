import { expect, test } from 'vitest';

import type { SiteTree } from '../model/tree.ts';
import { editKey } from './edit-key.ts';

function tree(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

function binary(byte: number): SiteTree {
  return new Map([['f', { mode: '100644', content: Buffer.from([0, byte]) }]]);
}

test('One decision: an edit keeps its name while the plan changes other lines of the file', () => {
  const before = editKey(tree({ f: 'a\nb\nc\n' }), tree({ f: 'a\nB\nc\n' }), ['f']);
  const after = editKey(tree({ f: 'new\na\nb\nC\n' }), tree({ f: 'new\na\nB\nC\n' }), ['f']);
  expect(after).toBe(before);
});

test('other edits have other names', () => {
  const desired = tree({ f: 'a\nb\n', g: 'a\n' });
  const names = [
    editKey(desired, tree({ f: 'a\nB\n', g: 'a\n' }), ['f']),
    editKey(desired, tree({ f: 'a\nC\n', g: 'a\n' }), ['f']),
    editKey(desired, tree({ f: 'a\nb\n', g: 'B\n' }), ['g']),
    editKey(desired, tree({ f: 'a\nB\n', g: 'B\n' }), ['f', 'g']),
    editKey(desired, tree({ g: 'a\n' }), ['f']),
    editKey(desired, tree({ f: 'a\nb', g: 'a\n' }), ['f']),
    editKey(
      desired,
      new Map([['f', { mode: '100755' as const, content: Buffer.from('a\nb\n') }]]),
      ['f'],
    ),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('binary and deleted files are named by their content', () => {
  expect(editKey(binary(1), binary(2), ['f'])).not.toBe(editKey(binary(1), binary(3), ['f']));
});
