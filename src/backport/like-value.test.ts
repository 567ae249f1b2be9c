import { describe, expect, test } from 'vitest';

import type { YamlNode } from '../plan/yaml/node.ts';
import { parseYamlValue } from '../plan/yaml/parse.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { printed, valueLike } from './like-value.ts';

function node(token: string): YamlNode {
  return parseYamlValue('plan.yaml', token).root!;
}

describe('a value that is printed as a text', () => {
  test.each([
    ['web', 'db', 'db'],
    ['web', '10', '"10"'],
    ['web', 'yes', '"yes"'],
    ['web', '', '""'],
    ['"10"', '11', '"11"'],
    ['10', '11', '11'],
    ['10', '-3', '-3'],
    ['10', '12345678901234567', '12345678901234567'],
    ['1.5', '2.25', '2.25'],
    ['1.10', '1.2', '1.2'],
    ['yes', 'False', 'no'],
    ['On', 'False', 'Off'],
    ['TRUE', 'False', 'FALSE'],
    ['false', 'True', 'true'],
    ['0644', '384', '0600'],
    ['0008', '9', '"9"'],
    ['2024-01-31', '2024-02-01', '2024-02-01'],
    ['!unsafe "{{ x }}"', '{{ y }}', '!unsafe "{{ y }}"'],
  ])('for %s and %j is %s', (before, text, token) => {
    const value = valueLike(node(before), text)!;
    expect(value.token).toBe(token);
    expect(printed(value)).toBe(text);
    expect(sameNode(value, node(token))).toBe(true);
  });

  test.each([
    ['10', 'ten'],
    ['10', '010'],
    ['10', '1e3'],
    ['10', '10.0'],
    ['1.5', '2'],
    ['1.10', '1.10'],
    ['yes', 'no'],
    ['yes', 'maybe'],
    ['~', 'something'],
    ['2024-01-31', 'tomorrow'],
    ['[a]', "['b']"],
    ['!vault x', 'y'],
  ])('is not there for %s and %j', (before, text) => {
    expect(valueLike(node(before), text)).toBeUndefined();
  });
});
