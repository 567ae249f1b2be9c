import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { TreeFile } from '../model/tree.ts';
import { Differences } from './differences.ts';

const file = (text: string, mode: TreeFile['mode'] = '100644'): TreeFile => ({
  mode,
  content: Buffer.from(text),
});

test('the same lines that change elsewhere in the file are one difference', () => {
  const differences = new Differences();
  const first = differences.add('etc/a', file('x\ny\nold\nz\n'), file('x\ny\nnew\nz\n'), []);
  const second = differences.add('etc/a', file('q\nold\nr\n'), file('q\nnew\nr\n'), []);
  expect(second).toBe(first);
  expect(differences.add('etc/b', file('old\n'), file('new\n'), [])).not.toBe(first);
  expect(differences.found[first]).toMatchObject({ added: 1, removed: 1, cut: false });
  expect(differences.found[first]!.patch).toBe('@@ -1,4 +1,4 @@\n x\n y\n-old\n+new\n z\n');
});

test('the same line under another parameter is another difference', () => {
  const differences = new Differences();
  const at = (key: string) =>
    differences.add('group_vars/all.yml', file(`${key}:\n  n: 1\n`), file(`${key}:\n  n: 2\n`), []);
  const [a, b] = [at('alpha'), at('beta')];
  expect([a, b].map((index) => differences.found[index]!.params)).toEqual([['alpha'], ['beta']]);
});

test('modes, files that come and go, and binary ones are told apart', () => {
  const differences = new Differences();
  const text = file('a\n');
  const indices = [
    differences.add('f', text, file('a\n', '100755'), []),
    differences.add('f', undefined, text, []),
    differences.add('f', text, undefined, []),
    differences.add('f', text, file('a\0'), []),
  ];
  expect(new Set(indices).size).toBe(4);
  expect(differences.found.map(({ binary }) => binary)).toEqual([false, false, false, true]);
});

test('Secrets stay secret: sites whose secrets alone differ are one difference, which shows none', () => {
  const differences = new Differences();
  const at = (was: string, is: string) =>
    differences.add('group_vars/all.yml', file(`pw: ${was}\n`), file(`pw: ${is}\n`), [was, is]);
  expect(at('secret-one', 'secret-two')).toBe(at('secret-three', 'secret-four'));
  expect(JSON.stringify(differences.found)).not.toContain('secret-');
  expect(differences.found[0]).toMatchObject({ secret: true, params: ['pw'] });
});

test('whatever lines two files have, what is told is what a patch of them adds and removes', () => {
  const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '- d\n', '  e\n'), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (was, is) => {
      fc.pre(was.join('') !== is.join(''));
      const differences = new Differences();
      const index = differences.add('f', file(was.join('')), file(is.join('')), []);
      const { patch, added, removed } = differences.found[index]!;
      const signs = patch.split('\n').filter((line) => !line.startsWith('@@'));
      expect(signs.filter((line) => line.startsWith('+'))).toHaveLength(added);
      expect(signs.filter((line) => line.startsWith('-'))).toHaveLength(removed);
      expect(was.length - removed + added).toBe(is.length);
    }),
  );
});
