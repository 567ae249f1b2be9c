import { expect, test } from 'vitest';

import { UserError } from './errors.ts';
import { matchesSelector, parseSelector } from './selector.ts';

const lisbon = { region: 'eu-west', profile: 'store' };

test.each([
  ['*', true],
  [' * ', true],
  ['region=eu-west', true],
  ['region=eu-east', false],
  ['region=eu-west,profile=store', true],
  ['region=eu-west , profile != lab', true],
  ['region=eu-west,profile!=store', false],
  ['tier!=gold', true],
  ['tier=gold', false],
  ['constructor!=x', true],
])('%s on region=eu-west, profile=store: %s', (selector, expected) => {
  expect(matchesSelector(selector, lisbon)).toBe(expected);
});

test.each([
  '',
  ' ',
  'region',
  'region==eu',
  'a=b,',
  ',',
  'a=',
  '=b',
  'a=b;c=d',
  'a in (b)',
  '**',
  '!a',
  'a=$(id)',
])('refuses %j', (selector) => {
  expect(() => parseSelector(selector)).toThrow(UserError);
});

test('a selector that cannot be read is shown in part only', () => {
  expect(() => parseSelector('x'.repeat(10_000))).toThrow(/^.{1,400}$/);
});
