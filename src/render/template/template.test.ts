import { expect, test } from 'vitest';

import { Float, Tagged, type Value } from '../../plan/yaml/node.ts';
import { compileTemplate } from './template.ts';

function render(source: string, context: Record<string, Value> = {}): string {
  return compileTemplate('t.j2', source).render(new Map(Object.entries(context)));
}

test.each<[string, string, Record<string, Value>, string]>([
  ['text and a name', 'a {{ x }}\n', { x: 1 }, 'a 1\n'],
  [
    'what Python prints',
    '{{ x }}',
    { x: [true, null, new Float(1), "it's"] },
    `[True, None, 1.0, "it's"]`,
  ],
  ['a trimmed block', '{% if x %}\nyes\n{% endif %}\n', { x: 'a' }, 'yes\n'],
  ['a loop', '{% for i in x %}{{ loop.index }}{{ i }}{% endfor %}', { x: ['a', 'b'] }, '1a2b'],
  ['an empty loop', '{% for i in x %}{{ i }}{% else %}none{% endfor %}', { x: [] }, 'none'],
  [
    'pairs',
    '{% for k, v in x.items() %}{{ k }}={{ v }} {% endfor %}',
    { x: new Map([['a', null]]) },
    'a=None ',
  ],
  [
    'set in a loop ends with it',
    '{% set x = 1 %}{% for i in [2] %}{% set x = i %}{% endfor %}{{ x }}',
    {},
    '1',
  ],
  ['whitespace control', 'a  {{- x -}}  b', { x: 1 }, 'a1b'],
  ['raw', '{% raw %}{{ x }}{% endraw %}', {}, '{{ x }}'],
  ['a macro', '{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}', {}, '12'],
  ['an inline if without else', '[{{ "a" if x }}]', { x: false }, '[]'],
  ['chained comparisons', '{{ 1 < x < 3 }}', { x: 2 }, 'True'],
])('renders %s', (_, source, context, expected) => {
  expect(render(source, context)).toBe(expected);
});

test.each<[string, string, RegExp]>([
  ['an undefined name', 'a\n  {{ nope }}', /^t\.j2:2:6: "nope" is undefined/],
  [
    'an undefined attribute',
    '{{ x.y }}',
    /^t\.j2:1:4: "x\.y" is undefined: a mapping has no attribute "y"/,
  ],
  ['an unknown filter', '{{ x | nope }}', /^t\.j2:1:8: the filter "nope" is not supported/],
  ['an open tag', 'a {{ x', /^t\.j2:1:3: the tag is not closed/],
  ['an open block', '{% if x %}', /^t\.j2:1:1: the block is not closed/],
  ['a stray end', '{% endif %}', /^t\.j2:1:4: nothing is open/],
])('refuses %s', (_, source, expected) => {
  expect(() => render(source, { x: new Map() })).toThrow(expected);
});

test('a secret is not printed, nor anything that holds one', () => {
  const secret = new Tagged('!vault', '$ANSIBLE_VAULT;1.1;AES256');
  expect(() => render('{{ x }}', { x: secret })).toThrow(/t\.j2:1:4: a secret/);
  expect(() => render('{{ x | to_json }}', { x: [secret] })).toThrow(/a secret/);
  expect(render('{{ x is defined }}', { x: secret })).toBe('True');
  const template = compileTemplate('t.j2', '{{ x.name }}{{ x.password }}');
  const context = new Map([
    [
      'x',
      new Map([
        ['name', 'a'],
        ['password', 'b'],
      ]),
    ],
  ]);
  expect(template.render(context)).toBe('ab');
  expect(() => template.render(context, { secrets: (path) => path.at(-1) === 'password' })).toThrow(
    /^t\.j2:1:16: a secret/,
  );
});

test('names that a template reads are known before it runs', () => {
  const template = compileTemplate(
    't.j2',
    '{% set a = b %}{% for c in d %}{{ a + c + e }}{% endfor %}',
  );
  expect([...template.reads].toSorted()).toEqual(['b', 'd', 'e']);
});
