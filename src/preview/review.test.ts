import { expect, test } from 'vitest';

import { compare } from './review.ts';

const shown = new Map([
  ['a', '1'],
  ['b', '2'],
  ['gone', null],
]);

test('What was reviewed is what is applied: a site counts as shown if any preview showed its tree', () => {
  expect(compare([shown], shown)).toEqual({ same: 3, different: 0, examples: [] });
  const other = new Map([['c', '3']]);
  expect(compare([shown, other], new Map([...shown, ...other])).different).toBe(0);
});

test('another tree, one that was not shown, and a site that stays after all are told', () => {
  const desired = new Map([
    ['d', '9'],
    ['gone', '4'],
    ['a', '1'],
    ['b', '7'],
  ]);
  expect(compare([shown], desired)).toEqual({
    same: 1,
    different: 3,
    examples: ['b', 'd', 'gone'],
  });
  const many = new Map(Array.from({ length: 500 }, (_, i) => [`s${i}`, 'x']));
  expect(compare([], many)).toMatchObject({ same: 0, different: 500 });
  expect(compare([], many).examples).toHaveLength(20);
});
