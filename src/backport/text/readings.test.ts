import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readingsOf, rewrittenOf, type Stretch } from './readings.ts';

/** `server <10.0.0.1> iburst`: what stands in angle brackets is free. */
function stretches(pattern: string): Stretch[] {
  return pattern
    .split(/(<[^>]*>)/)
    .filter((text) => text !== '')
    .map((text) =>
      text.startsWith('<') ? { text: text.slice(1, -1), free: true } : { text, free: false },
    );
}

describe('a line as fixed text and changed values', () => {
  test.each([
    ['server <a> iburst', 'server b iburst', [['server ', 'b', ' iburst']]],
    ['<a>:<1>', 'b:2', [['b', ':', '2']]],
    ['<a>', 'b', [['b']]],
    ['x <a>', 'y <a>', []],
    ['fixed', 'fixed', [['fixed']]],
    [
      '<a> <b>',
      'a c d',
      [
        ['a', ' ', 'c d'],
        ['a c', ' ', 'd'],
      ],
    ],
    ['<one>', 'two\nlines', []],
  ])('%s as %s', (pattern, text, expected) => {
    expect(readingsOf(stretches(pattern), text)).toEqual(expected);
  });

  test('a number that stays one comes before a number that becomes prose', () => {
    expect(readingsOf(stretches('<80> <on>'), '81 now on')[0]).toEqual(['81', ' ', 'now on']);
  });

  test('a line that can be read in very many ways costs no more than others', () => {
    const pattern = '<a> '.repeat(40);
    expect(readingsOf(stretches(pattern), 'b '.repeat(80)).length).toBeLessThanOrEqual(8);
  });
});

describe('a line that was rewritten', () => {
  test.each([
    ['logdir /var/log', 'logdir /srv/log', [[0, 0, 'logdir /srv/log']]],
    [
      'port <80> open',
      'port 81 shut',
      [
        [1, 1, '81'],
        [2, 2, ' shut'],
      ],
    ],
    ['port <80>', 'port 80 # web', [[2, 1, ' # web']]],
    ['port <80>\n', 'port 80 # web\n', [[2, 2, ' # web\n']]],
    ['<a><b>', 'a-b', [[1, 0, '-']]],
    ['<a> and <b>', 'nothing', [[0, 2, 'nothing']]],
    ['same <a>', 'same a', []],
  ])('%j as %j', (pattern, text, expected) => {
    const found = rewrittenOf(stretches(pattern), text);
    expect(found.map(({ first, last, text: now }) => [first, last, now])).toEqual(expected);
  });

  test('what is said to be rewritten makes the one text the other', () => {
    const word = fc.constantFrom('a', 'b', ' ', '1', ':', '\n', 'cc', '');
    const stretch = fc.record({
      text: fc.array(word, { maxLength: 4 }).map((words) => words.join('')),
      free: fc.boolean(),
    });
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), text, (parts, now) => {
        let [result, at] = ['', 0];
        for (const { first, last, text: changed } of rewrittenOf(parts, now)) {
          for (; at < first; at += 1) result += parts[at]!.text;
          result += changed;
          at = last + 1;
        }
        for (; at < parts.length; at += 1) result += parts[at]!.text;
        expect(result).toBe(now);
      }),
      { numRuns: 1000 },
    );
  });
});
