import { expect, test } from 'vitest';

import { applyEdits } from './edit.ts';
import { parseYaml, parseYamlValue } from './parse.ts';

/** A file with the value of `a` set to one that stands in another file. */
function set(text: string, value: string, verbatim: boolean): string {
  const { document } = parseYaml('plan.yaml', text);
  const { root } = parseYamlValue('found.yml', value);
  return applyEdits(document!, [{ op: 'set', path: ['a'], value: root!, verbatim }]).text;
}

test.each([
  ['a: web # here\n', '"other"', 'a: "other" # here\n', 'a: other # here\n'],
  ['a: "web"\n', 'other', 'a: other\n', 'a: "other"\n'],
  ['a: web\n', "'other'", "a: 'other'\n", 'a: other\n'],
  ['a: [x]\n', '[x, "zed"]', 'a: [x, "zed"]\n', 'a: [x, zed]\n'],
  ['b: { a: 1 }\na: x\n', 'y', 'b: { a: 1 }\na: y\n', 'b: { a: 1 }\na: "y"\n'],
])('%j with %s: as it stands there, or as what stands here', (text, value, as, like) => {
  expect(set(text, value, true)).toBe(as);
  expect(set(text, value, false)).toBe(like);
});

test('what would mean something else between brackets is quoted all the same', () => {
  const { document } = parseYaml('plan.yaml', 'l: [x]\n');
  const value = parseYamlValue('found.yml', '- x\n- a, b\n').root!;
  const edited = applyEdits(document!, [{ op: 'set', path: ['l'], value, verbatim: true }]);
  expect(edited.text).toBe('l: [x, "a, b"]\n');
});

test('a block of lines stays one in the place of a quoted text', () => {
  expect(set('a: "x"\n', '|\n  one\n  two\n', true)).toBe('a: |\n  one\n  two\n');
});
