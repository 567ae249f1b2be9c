import { expect, test } from 'vitest';

import { makeNode } from './make.ts';
import { Float, Tagged, type Value } from './node.ts';
import { parseYamlValue } from './parse.ts';
import { nodeAt, sameNode, sameValue, toValue } from './value.ts';

const read = (text: string) => parseYamlValue('f.yml', text).root!;

test.each<[Value, Value, boolean]>([
  [1, 1, true],
  [1, new Float(1), false],
  [1, true, false],
  [1, '1', false],
  [new Float(NaN), new Float(NaN), true],
  [2n ** 64n, 2n ** 64n, true],
  [null, '', false],
  [new Tagged('!vault', 'a'), new Tagged('!vault', 'a'), true],
  [new Tagged('!vault', 'a'), new Tagged('!unsafe', 'a'), false],
  [new Tagged('!vault', 'a'), 'a', false],
  [[1, 2], [1, 2], true],
  [[1, 2], [2, 1], false],
  [new Map([['a', 1]]), new Map([['a', 1]]), true],
  [new Map([['a', 1]]), new Map([['b', 1]]), false],
  [
    new Map<string, Value>([
      ['a', 1],
      ['b', []],
    ]),
    new Map<string, Value>([
      ['b', []],
      ['a', 1],
    ]),
    true,
  ],
  [[], new Map(), false],
])('%o and %o are the same value: %s', (a, b, same) => {
  expect(sameValue(a, b)).toBe(same);
  expect(sameValue(b, a)).toBe(same);
});

test.each([
  ['a: 0x10', "'a': 16", true],
  ['a: yes', 'a: true', true],
  ['a: 1.0', 'a: 1', false],
  ['a: 2001-12-14', 'a: "2001-12-14"', false],
  ['a: 2001-12-14', 'a: 2001-12-14', true],
  ['80: a', '"80": a', false],
  ['a: !unsafe x', 'a: x', false],
  ['{a: 1, b: 2}', 'b: 2\na: 1', true],
  ['a: [1, {b: c}]', 'a:\n- 1\n- b: c', true],
  ['a: &x [1]\nb: *x', 'a: [1]\nb: [1]', true],
])('%j and %j are the same node: %s', (a, b, same) => {
  expect(sameNode(read(a), read(b))).toBe(same);
  expect(sameNode(read(b), read(a))).toBe(same);
});

test('the order of keys counts where it is asked for', () => {
  expect(sameNode(read('{a: 1, b: 2}'), read('{b: 2, a: 1}'), { order: true })).toBe(false);
  expect(sameNode(read('{a: 1, b: 2}'), read('{a: 1, b: 2}'), { order: true })).toBe(true);
});

test('a collection has one value, however often it is asked', () => {
  const node = read('a: [1, 2]');
  expect(toValue(node)).toBe(toValue(node));
});

test('paths lead to nodes', () => {
  const root = read('a:\n  - b: 1\n');
  expect(nodeAt(root, ['a', 0, 'b'])).toMatchObject({ value: 1 });
  expect(nodeAt(root, [])).toBe(root);
  for (const path of [['x'], ['a', 1], ['a', 0, 'b', 'c'], ['a', 'b']]) {
    expect(nodeAt(root, path)).toBeUndefined();
  }
});

test('made nodes read back as the value they were made for', () => {
  const value: Value = new Map<string, Value>([
    ['yes', ['yes', true, null, new Float(1)]],
    ['b', new Map([['c', new Tagged('!unsafe', '{{')]])],
  ]);
  const node = makeNode(value);
  expect(sameValue(toValue(node), value)).toBe(true);
});
