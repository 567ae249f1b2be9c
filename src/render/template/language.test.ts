import { expect, test } from 'vitest';

import { compileTemplate } from './template.ts';

// What Jinja2 3.1 renders of each, set as Ansible sets it and with Ansible's filters.
test.each<[string, string]>([
  [
    "{{ 1 is odd }}{{ 1 is number }}{{ 1.0 is float }}{{ true is boolean }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is sequence }}{{ none is none }}{{ 4 is divisibleby 2 }}{{ 'a' is in ['a'] }}{{ 'a' is lower }}",
    'TrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrue',
  ],
  [
    '{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 / 2 }}{{ 6 / 2 }}{{ 2 ** 10 }}{{ 2 ** 100 }}{{ 7.5 // 2 }}{{ 1e20 }}{{ 1e-5 }}{{ 0.1 + 0.2 }}',
    '3-423.53.0102412676506002282294014967032053763.01e+201e-050.30000000000000004',
  ],
  [
    "{{ 'ab' * 3 }}{{ [1] * 2 }}{{ [1] + [2] }}{{ 'a' ~ 1 ~ none ~ true }}{{ (1, 2) + (3,) }}",
    'ababab[1, 1][1, 2]a1NoneTrue(1, 2, 3)',
  ],
  [
    "{{ 'abcdef'[1:4] }}{{ 'abc'[::-1] }}{{ [1, 2, 3][-1] }}{{ [1, 2, 3][:2] }}{{ 'abc'[0] }}",
    'bcdcba3[1, 2]a',
  ],
  [
    "{{ 1 == 1.0 }}{{ true == 1 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ 'a' in 'abc' }}{{ 'k' in {'k': 1} }}{{ 1 not in [2] }}",
    'TrueTrueTrueTrueTrueTrueTrue',
  ],
  [
    "{{ {'a': 1}.get('b', 2) }}{{ {'a': 1}.get('a') }}{{ {'a': 1}.keys() | list }}{{ 'a-b'.split('-') }}{{ 'Ab'.swapcase() if false else 'Ab'.lower() }}{{ ', '.join(['a', 'b']) }}{{ 'abc'.startswith('a') }}{{ 'x'.zfill(3) }}",
    "21['a']['a', 'b']aba, bTrue00x",
  ],
  [
    "{% set l = [] %}{% for i in [1, 2] %}{% set _ = l.append(i * 2) %}{% endfor %}{{ l }}{% set d = {} %}{% set _ = d.update({'a': 1}) %}{{ d }}",
    "[2, 4]{'a': 1}",
  ],
  [
    '{% set ns = namespace(x=0) %}{% for i in [1, 2, 3] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}',
    '6',
  ],
  [
    "{% for a, b in [(1, 2), (3, 4)] %}{{ loop.index0 }}{{ a + b }}{{ loop.cycle('x', 'y') }}{{ loop.first }}{{ loop.revindex }} {% endfor %}",
    '03xTrue2 17yFalse1 ',
  ],
  [
    '{% for i in [1, 2, 3, 4] if i is even %}{{ i }}{{ loop.last }}{{ loop.length }}{% endfor %}',
    '2False24True2',
  ],
  [
    '{% for i in [[1, [2]], [3]] recursive %}{{ i if i is number else loop(i) }}{{ loop.depth }}{% endfor %}',
    '122321321',
  ],
  [
    "{% macro m(a, b='x') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3, c=4) }}{{ m(b=1, a=2) }}",
    "1x(){}12(3,){'c': 4}21(){}",
  ],
  [
    "{% macro wrap(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) wrap('a') %}{{ y }}!{% endcall %}",
    '<a!>',
  ],
  [
    '{% filter upper %}a{% if true %}b{% endif %}{% endfilter %}{% set x %}c{{ 1 }}{% endset %}{{ x }}{% set y | upper %}d{% endset %}{{ y }}',
    'ABc1D',
  ],
  ['{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}', '3'],
  ['a {#- c -#} b{% if true -%}  x  {%- endif %}', 'abx'],
  ['{% if true %}\nx\n{%+ if true +%}\ny\n{% endif %}{% endif %}', 'x\n\ny\n'],
  ['{%- raw -%}  {{ x }}  {%- endraw -%}', '{{ x }}'],
  [
    "{{ [none, true, 1.0, 'a\\'b', \"c\\\"d'\", '\\t\\u00a0é😀'] }}",
    "[None, True, 1.0, \"a'b\", 'c\"d\\'', '\\t\\xa0é😀']",
  ],
  ["{{ 'a' if false }}|{{ ('a' if false) | default('d') }}", '|d'],
  ["{{ nope is defined }}{{ nope | default('d') }}{{ '' | default('d', true) }}", 'Falsedd'],
])('%s', (source, expected) => {
  const template = compileTemplate('t.j2', source);
  expect(template.render(new Map())).toBe(expected);
  expect(template.trace(new Map()).text).toBe(expected);
});
