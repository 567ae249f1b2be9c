import { expect, test } from 'vitest';

import { withinTime } from './within-time.ts';

test('work that ends gives what it returns', () => {
  expect(withinTime(() => 7)).toEqual([7]);
  expect(withinTime(() => undefined)).toEqual([undefined]);
});

test('what work throws is thrown', () => {
  const fault = new TypeError('no');
  expect(() =>
    withinTime(() => {
      throw fault;
    }),
  ).toThrow(fault);
});

test('a pattern that would take for ever is ended, and what comes next is not', () => {
  const pattern = /^(?:a+)+$/u;
  expect(withinTime(() => pattern.test(`${'a'.repeat(60)}!`), 50)).toBe(undefined);
  expect(withinTime(() => pattern.test('aaa'))).toEqual([true]);
});
