import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { SiteTree, TreeFile } from '../../model/tree.ts';
import { mergeTrees } from './merge.ts';

function tree(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]): [string, TreeFile] => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

function texts(of: SiteTree): Record<string, string> {
  return Object.fromEntries([...of].map(([path, { content }]) => [path, content.toString()]));
}

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
const trees = fc
  .dictionary(fc.constantFrom('x', 'y', 'z'), lines, { maxKeys: 3 })
  .map((files) =>
    tree(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.join('\n')]))),
  );

describe('merging trees', () => {
  test('takes what only one side changed', () => {
    const base = tree({ ours: '1', theirs: '1', gone: '1', kept: '1' });
    const merged = mergeTrees(
      base,
      tree({ ours: '2', theirs: '1', gone: '1', kept: '1', made: '1' }),
      tree({ ours: '1', theirs: '2', kept: '1' }),
    );
    expect(merged.conflicts).toEqual([]);
    expect(texts(merged.tree)).toEqual({ ours: '2', theirs: '2', kept: '1', made: '1' });
  });

  test('joins changes of different lines of one file', () => {
    const merged = mergeTrees(
      tree({ f: 'a\nb\nc\nd\n' }),
      tree({ f: 'A\nb\nc\nd\n' }),
      tree({ f: 'a\nb\nc\nD\n' }),
    );
    expect(merged.conflicts).toEqual([]);
    expect(texts(merged.tree)).toEqual({ f: 'A\nb\nc\nD\n' });
  });

  test('tells a conflict and keeps ours there', () => {
    const merged = mergeTrees(tree({ f: 'a\n' }), tree({ f: 'b\n' }), tree({ f: 'c\n' }));
    expect(merged.conflicts).toEqual(['f']);
    expect(texts(merged.tree)).toEqual({ f: 'b\n' });
  });

  test('tells a conflict where one side deleted what the other changed', () => {
    expect(mergeTrees(tree({ f: 'a' }), tree({}), tree({ f: 'b' })).conflicts).toEqual(['f']);
    expect(mergeTrees(tree({ f: 'a' }), tree({ f: 'b' }), tree({})).conflicts).toEqual(['f']);
  });

  test('never merges binary files by line', () => {
    const merged = mergeTrees(
      tree({ f: 'a\0\nb\nc\n' }),
      tree({ f: 'A\0\nb\nc\n' }),
      tree({ f: 'a\0\nb\nC\n' }),
    );
    expect(merged.conflicts).toEqual(['f']);
  });

  test('without an edit at the site, the result is the plan’s', () => {
    fc.assert(
      fc.property(trees, trees, (base, theirs) => {
        const merged = mergeTrees(base, base, theirs);
        expect(merged.conflicts).toEqual([]);
        expect(texts(merged.tree)).toEqual(texts(theirs));
      }),
    );
  });

  test('without a change of the plan, the result is the site’s', () => {
    fc.assert(
      fc.property(trees, trees, (base, ours) => {
        const merged = mergeTrees(base, ours, base);
        expect(merged.conflicts).toEqual([]);
        expect(texts(merged.tree)).toEqual(texts(ours));
      }),
    );
  });
});
