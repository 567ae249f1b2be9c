import { expect, test } from 'vitest';

import recorded from '../../../test/support/pyyaml-plain-scalars.json' with { type: 'json' };
import { Float, Tagged, type ScalarValue } from './node.ts';
import { parseYaml } from './parse.ts';
import { floatText, isDate, resolvePlain, writeScalar } from './scalar.ts';

/** A value in the words of the recording: Python's type and `str`. */
function describe(value: ScalarValue | undefined, token: string): Record<string, unknown> {
  if (value === undefined) return { error: true };
  if (value === null) return { type: 'null' };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (value instanceof Float) return { type: 'float', value: floatText(value.value) };
  if (typeof value === 'number' || typeof value === 'bigint') {
    return { type: 'int', value: String(value) };
  }
  if (value instanceof Tagged) return { type: value.tag, value: value.text };
  if (!isDate(token)) return { type: 'str', value };
  return token.includes(':') ? { type: 'datetime' } : { type: 'date', value };
}

test('the recording is whole', () => {
  expect(recorded).toHaveLength(95);
});

test.each(recorded)('reads $token as PyYAML does', ({ token, ...expected }) => {
  const found = describe(resolvePlain(token.trim()), token.trim());
  expect(expected).toMatchObject(found);
  expect(found).toHaveProperty(Object.keys(expected)[0]!);

  const { document, problems } = parseYaml('f.yml', `key: ${token}\n`);
  const node = document?.root.entries.get('key')?.value;
  const parsed = node?.kind === 'scalar' ? node.value : undefined;
  expect(describe(parsed, token.trim())).toEqual(found);
  expect(problems).toHaveLength('error' in expected ? 1 : 0);
});

test.each([
  ['0b_', undefined],
  ['0x_', undefined],
  ['0_', 0],
  ['-0x1F', -31],
  ['2001-02-29', undefined],
  ['2000-02-29', '2000-02-29'],
  ['2001-12-14 24:00:00', undefined],
  ['2001-12-14 23:59:59 +23:59', '2001-12-14 23:59:59 +23:59'],
  ['2001-12-14 23:59:59 +24:00', undefined],
  ['9007199254740992', 9007199254740992n],
])('resolves %s', (token, value) => {
  expect(resolvePlain(token)).toBe(value);
});

test('refuses numbers that Python refuses for their length', () => {
  expect(resolvePlain('9'.repeat(4301))).toBeUndefined();
  expect(typeof resolvePlain('9'.repeat(4300))).toBe('bigint');
});

test.each([
  ['plain', 'plain'],
  ['two words', 'two words'],
  ['10.20.7.1', '10.20.7.1'],
  ['00:11:22:33:44:55', '00:11:22:33:44:55'],
  ['http://example.org/a?b#c', 'http://example.org/a?b#c'],
  ['', '""'],
  ['yes', '"yes"'],
  ['y', '"y"'],
  ['1e3', '"1e3"'],
  ['0o17', '"0o17"'],
  ['017', '"017"'],
  ['08', '"08"'],
  ['1.10', '"1.10"'],
  ['12:30', '"12:30"'],
  ['2001-12-14', '"2001-12-14"'],
  ['=', '"="'],
  ['a: b', '"a: b"'],
  ['a #b', '"a #b"'],
  ['{{ x }}', '"{{ x }}"'],
  ['- x', '"- x"'],
  ['trailing ', '"trailing "'],
  ['say "hi"', 'say "hi"'],
  ['"hi"', `'"hi"'`],
  [`"it's"`, `"\\"it's\\""`],
  ['C:\\', 'C:\\'],
  ['two\nlines\t', '"two\\nlines\\t"'],
  ['\u2028', '"\\u2028"'],
  [null, 'null'],
  [true, 'true'],
  [7, '7'],
  [12345678901234567890n, '12345678901234567890'],
  [new Float(1), '1.0'],
  [new Float(1e16), '1.0e+16'],
  [new Float(-Infinity), '-.inf'],
  [new Tagged('!unset', ''), '!unset'],
  [new Tagged('!unsafe', '{{'), '!unsafe "{{"'],
] as const)('writes %s', (value, token) => {
  expect(writeScalar(value)).toBe(token);
});

test('writes what is safe in a flow collection, in the quotes asked for', () => {
  expect(writeScalar('a, b')).toBe('a, b');
  expect(writeScalar('a, b', { flow: true })).toBe('"a, b"');
  expect(writeScalar('yes', { quote: 'single' })).toBe("'yes'");
  expect(writeScalar("it's: so", { quote: 'single' })).toBe(`"it's: so"`);
});

test('refuses text that is not Unicode', () => {
  expect(() => writeScalar('\ud800')).toThrow('not valid Unicode');
});

test.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [0.1, '0.1'],
  [1e22, '1e+22'],
  [1e15, '1000000000000000.0'],
  [0.0001, '0.0001'],
  [0.00001234, '1.234e-05'],
  [5e-324, '5e-324'],
])('writes the float %d as Python does', (value, text) => {
  expect(floatText(value)).toBe(text);
});
