import { describe, expect, test } from 'vitest';

import { parseYamlValue } from '../plan/yaml/parse.ts';
import { toValue } from '../plan/yaml/value.ts';
import { dotted, yamlChanges } from './yaml-changes.ts';

function changes(before: string, after: string) {
  const [was, is] = [before, after].map((text) => parseYamlValue('f.yml', text).root!);
  return yamlChanges(was!, is!).map((change) => {
    const name = `${change.kind} ${dotted(change.path)}`;
    if (change.kind === 'list') {
      return [name, ...change.steps.map(({ kind, index, item }) => [kind, index, toValue(item)])];
    }
    return change.kind === 'set' ? [name, toValue(change.after)] : [name];
  });
}

describe('what changed in a YAML file', () => {
  test('nothing but comments and formatting is nothing', () => {
    expect(changes('a: 1 # one\nb: [x, y]\n', 'a: 1\nb:\n  - x\n  - y\n')).toEqual([]);
  });

  test('scalars, at the deepest path', () => {
    expect(changes('a: { b: 1, c: 2 }\n', 'a: { b: 1, c: 3 }\n')).toEqual([['set a.c', 3]]);
  });

  test('a quoted number is another value than a number', () => {
    expect(changes('a: 10\n', 'a: "10"\n')).toEqual([['set a', '10']]);
  });

  test('keys that came and went', () => {
    expect(changes('a: 1\nb: 2\n', 'a: 1\nc: 3\n')).toEqual([['delete b'], ['set c', 3]]);
  });

  test('an element of a list', () => {
    expect(changes('l: [a, b, c]\n', 'l: [a, B, c]\n')).toEqual([['set l[1]', 'B']]);
    expect(
      changes('l: [{ n: a, v: 1 }, { n: b, v: 2 }]\n', 'l: [{ n: a, v: 1 }, { n: b, v: 3 }]\n'),
    ).toEqual([['set l[1].v', 3]]);
  });

  test.each([
    ['first', '[x, a, b]', [['insert', 0, 'x']]],
    ['middle', '[a, x, b]', [['insert', 1, 'x']]],
    ['last', '[a, b, x]', [['insert', 2, 'x']]],
  ])('an element that came, %s', (_where, list, steps) => {
    expect(changes('l: [a, b]\n', `l: ${list}\n`)).toEqual([['list l', ...steps]]);
  });

  test('elements that went', () => {
    expect(changes('l: [a, b, c]\n', 'l: [b]\n')).toEqual([
      ['list l', ['remove', 0, 'a'], ['remove', 1, 'c']],
    ]);
  });

  test('steps lead from the one list to the other', () => {
    const [before, after] = ['[a, b, c, d]', '[d, x, b]'].map(
      (text) => parseYamlValue('f.yml', text).root!,
    );
    const [change] = yamlChanges(before!, after!);
    const list = toValue(before!);
    if (change?.kind !== 'list' || !Array.isArray(list)) throw new Error('no list was changed');
    const edited = [...list];
    for (const { kind, index, item } of change.steps) {
      if (kind === 'remove') edited.splice(index, 1);
      else edited.splice(index, 0, toValue(item));
    }
    expect(edited).toEqual(['d', 'x', 'b']);
  });
});
