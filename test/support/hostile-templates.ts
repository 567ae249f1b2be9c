const NESTING = 50_000;

function around(open: string, inner: string, close: string, count: number): string {
  return open.repeat(count) + inner + close.repeat(count);
}

function grow(start: string, step: string, count: number, after = ''): string {
  return `{% set ns = namespace(s=${start}) %}{% for i in range(${count}) %}{% set ns.s = ${step} %}{% endfor %}${after}`;
}

const work = /does too much work/;
const deep = /nests? more than|too long|nested too deeply/;

/** Templates that were made to run for ever, to fill the memory or to get out; and how each must end. */
export const hostileTemplates: [string, string, RegExp][] = [
  [
    'the host language, by attribute',
    "{{ ''.constructor.constructor('return process')() }}",
    /is undefined/,
  ],
  ['the host language, by key', "{{ x['__proto__'] }}", /not available/],
  [
    'the host language, by filter',
    "{{ [x] | map(attribute='__class__') | list }}",
    /not available/,
  ],
  ['the host language, by format', "{{ '{0.__class__}'.format(x) }}", /not supported/],
  ['a prototype as a filter', '{{ x | __proto__ }}', /not supported/],
  ['30 million empty turns', '{% for i in range(30000000) %}{% endfor %}', work],
  [
    'three nested ranges',
    '{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}',
    work,
  ],
  ['text doubled 40 times', grow("'x'", 'ns.s ~ ns.s', 40, '{{ ns.s }}'), work],
  ['text repeated 40 times', grow("'x'", 'ns.s * 2', 40), work],
  ['lists doubled 40 times', grow('[1]', 'ns.s + ns.s', 40), work],
  ['lists that hold a list twice, 40 times', grow('[1]', '[ns.s, ns.s]', 40, '{{ ns.s }}'), work],
  ['such lists as JSON', grow('[1]', '[ns.s, ns.s]', 40, '{{ ns.s | to_json }}'), work],
  [
    'such lists compared',
    '{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}',
    work,
  ],
  ['a list 100,000 deep', grow('[1]', '[ns.s]', 100_000, '{{ ns.s }}'), deep],
  [
    'lists 100,000 deep compared',
    '{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% set ns.t = [ns.t] %}{% endfor %}{{ ns.s == ns.t }}',
    deep,
  ],
  ['a list in itself', '{% set l = [] %}{% set _ = l.append(l) %}{{ l }}', deep],
  ['a replacement that grows', "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}", work],
  ['a replacement of nothing', "{{ ('a' * 100000) | replace('', 'b' * 1000) }}", work],
  ['a long separator', "{{ range(100000) | join('x' * 100000) }}", work],
  ['a wide format', "{{ '%1000000000d' % 1 }}", /a width in a format/],
  ['a wide column', "{{ 'a' | center(1000000000) }}", work],
  ['a wide indentation', "{{ ('a\n' * 1000) | indent(1000000) }}", work],
  ['a wide comment', "{{ ('\n' * 10000) | comment(decoration='x' * 10000) }}", work],
  ['a large power', '{{ 10 ** 1000000000 }}', /too large/],
  ['a large product', grow('10', 'ns.s * ns.s', 100), /too large/],
  [
    'every combination',
    '{{ range(1000) | product(range(1000), range(1000)) | list | length }}',
    work,
  ],
  ['every permutation', '{{ range(30) | permutations(15) | list | length }}', work],
  ['a large batch', "{{ [1] | batch(1000000000, 'x') | list }}", work],
  ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', deep],
  [
    'a macro that calls itself twice',
    '{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}',
    work,
  ],
  ['a recursive loop', '{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}', deep],
  ['an expression that backtracks', "{{ ('a' * 40 ~ 'b') | regex_replace('(a+)+$', '') }}", work],
  [
    'long texts measured again and again',
    "{% set t = 'é' * 100000 %}{% for i in range(100000) %}{{ t | length }}{{ t[0] }}{% endfor %}",
    work,
  ],
  [
    'long texts compared again and again',
    "{% set t = 'a' * 100000 %}{% set u = 'a' * 100000 %}{% for i in range(100000) %}{{ t == u }}{% endfor %}",
    work,
  ],
  ['50,000 parentheses', `{{ ${around('(', '1', ')', NESTING)} }}`, deep],
  ['50,000 brackets', `{{ ${around('[', '1', ']', NESTING)} }}`, deep],
  ['50,000 opened tags', '{{'.repeat(NESTING), /not closed|nest more than/],
  ['50,000 times not', `{{ ${'not '.repeat(NESTING)}x }}`, deep],
  ['50,000 signs', `{{ ${'-'.repeat(NESTING)}1 }}`, deep],
  ['50,000 sums', `{{ 1${'+1'.repeat(NESTING)} }}`, deep],
  ['50,000 filters', `{{ x${'|string'.repeat(NESTING)} }}`, deep],
  ['50,000 attributes', `{{ x${'.a'.repeat(NESTING)} }}`, deep],
  ['50,000 inline ifs', `{{ 1${' if x else 1'.repeat(NESTING)} }}`, deep],
  ['20,000 nested ifs', around('{% if x %}', '', '{% endif %}', 20_000), deep],
  ['20,000 nested loops', '{% for a in x %}'.repeat(20_000), deep],
  ['100,000 open comments', '{#'.repeat(100_000), /not closed/],
  ['half a million elements', `{{ [${'1,'.repeat(500_000)}] }}`, /too long/],
];
