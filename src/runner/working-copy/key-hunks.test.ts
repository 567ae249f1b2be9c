import { expect, test } from 'vitest';

import { keyHunks } from './key-hunks.ts';
import { lineDiff, withHunks } from './line-diff.ts';
import { mergeTrees } from './merge.ts';

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** What each part alone makes of the text before. */
function parts(before: string, after: string): string[] {
  const [was, now] = [lines(before), lines(after)];
  const hunks = lineDiff(was, now)!.flatMap((hunk) => keyHunks(hunk, was, now));
  expect(withHunks(was, now, hunks).join('')).toBe(after);
  return hunks.map((hunk) => withHunks(was, now, [hunk]).join(''));
}

test('keys on lines that touch are edits apart', () => {
  expect(parts('a: 1\nb: 1\nc: 1\n', 'a: 2\nb: 2\nc: 1\n')).toEqual([
    'a: 2\nb: 1\nc: 1\n',
    'a: 1\nb: 2\nc: 1\n',
  ]);
  expect(parts('a: 1\nb: 1\nd: 1\n', 'a: 2\nc: 1\nd: 1\n')).toEqual([
    'a: 2\nb: 1\nd: 1\n',
    'a: 1\nd: 1\n',
    'a: 1\nb: 1\nc: 1\nd: 1\n',
  ]);
});

test.each([
  ['a value that goes on below', 'a: 1\nb:\n  - 1\n', 'a: 2\nb: # two\n  - 1\n'],
  ['keys in another order', 'a: 1\nb: 1\n', 'b: 2\na: 2\n'],
  ['another depth', 'a:\n  b: 1\n', 'a: 1\nb: 2\n'],
  ['no key', '- a\n- b\n', '- c\n- d\n'],
  ['text', 'a: |\n  one\n  two\n', 'a: |\n  three\n  four\n'],
])('%s is one edit', (_name, before, after) => {
  expect(parts(before, after)).toEqual([after]);
});

const file = (text: string) => ({ mode: '100644' as const, content: Buffer.from(text) });

function merged(base: string, ours: string, theirs: string, prefer?: 'ours') {
  const [was, our, their] = [base, ours, theirs].map((text) => new Map([['all.yml', file(text)]]));
  const { tree, conflicts } = mergeTrees(was!, our!, their!, prefer);
  return { text: tree.get('all.yml')!.content.toString(), conflicts };
}

test('YAML is merged by key, wherever the lines stand', () => {
  expect(merged('a: 1\nb: 1\n', '# why\na: 2\nb: 1\n', 'a: 1\nb: 2\n')).toEqual({
    text: '# why\na: 2\nb: 2\n',
    conflicts: [],
  });
  // The plan's comment is not lost: the site's change is made in the plan's text.
  expect(merged('a: 1\nb: 1\n', 'a: 2\nb: 1\n', 'a: 1\n# why\nb: 2\n')).toEqual({
    text: 'a: 2\n# why\nb: 2\n',
    conflicts: [],
  });
  expect(
    merged('a: 1\nb: { x: 1, y: 1 }\n', 'a: 1\nb: { x: 2, y: 1 }\n', 'a: 1\nb: { x: 1, y: 2 }\n'),
  ).toEqual({ text: 'a: 1\nb: { x: 2, y: 2 }\n', conflicts: [] });
  expect(merged('a: 1\nb: 1\n', 'a: 2\nb: 2\n', 'a: 3\nb: 2\nc: 1\n', 'ours')).toEqual({
    text: 'a: 2\nb: 2\nc: 1\n',
    conflicts: ['all.yml'],
  });
});

test('what only comments tell on both sides stays a conflict', () => {
  const base = 'a: 1\nb: 1\n';
  const { conflicts } = merged(base, 'a: 1 # x\nb: 1\n', 'a: 1\nb: 2 # y\n');
  expect(conflicts).toEqual(['all.yml']);
});
