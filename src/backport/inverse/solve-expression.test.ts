import { expect, test } from 'vitest';

import { context, holeOf, type Plain, value } from '../../../test/support/expression.ts';
import { rendered, solved, told } from '../../../test/support/solved.ts';
import { Tagged } from '../../plan/yaml/node.ts';
import { compileTemplate } from '../../render/template/template.ts';
import { CAPTURED, solveText, solveTruth, solveValue } from './solve-expression.ts';

/** A template, what it sees, the new text of its `which`-th expression, and what should be found first. */
type Case = [string, Record<string, Plain>, string, string, number?];

const constructs: Record<string, Case[]> = {
  'a parameter': [
    ['{{ x }}', { x: 'a' }, 'b', 'x = "b"'],
    ['{{ x }}', { x: 80 }, '81', 'x = 81'],
    ['{{ x }}', { x: 1.5 }, '2.5', 'x = 2.5f'],
    ['{{ x }}', { x: true }, 'False', 'x = false'],
    ['{{ x }}', { x: ['a', 1] }, "['a', 2]", 'x[1] = 2'],
    ['{{ x }}', { x: { a: 'b' } }, "{'a': 'c'}", 'x.a = "c"'],
  ],
  'a part of a parameter': [
    ['{{ x.y.z }}', { x: { y: { z: 'a' } } }, 'b', 'x.y.z = "b"'],
    ["{{ x['y'] }}", { x: { y: 'a' } }, 'b', 'x.y = "b"'],
    ['{{ x[0] }}', { x: ['a'] }, 'b', 'x[0] = "b"'],
    ['{{ x[-1].a }}', { x: [{ a: 1 }, { a: 2 }] }, '3', 'x[1].a = 3'],
    ['{{ x[k] }}', { x: { a: 'one', b: 'two' }, k: 'a' }, 'three', 'x.a = "three"'],
    [
      '{{ site.hosts.a.ip }}',
      { site: { hosts: { a: { ip: '1' } } } },
      '2',
      'site.hosts.a.ip = "2"',
    ],
  ],
  'a name that the template gives': [
    ['{% set y = x %}{{ y }}', { x: 'a' }, 'b', 'x = "b"'],
    ['{% set a, b = x, y %}{{ b }}', { x: 1, y: 2 }, '3', 'y = 3'],
    ['{% set a, b = x %}{{ b }}', { x: [1, 2] }, '3', 'x[1] = 3'],
    ['{% with y = x.z %}{{ y }}{% endwith %}', { x: { z: 'a' } }, 'b', 'x.z = "b"'],
    ['{% set y %}-{{ x }}-{% endset %}{{ y }}', { x: 'a' }, '-b-', 'x = "b"'],
    ['{% macro m(p) %}{{ p }}{% endmacro %}{{ m(x) }}', { x: 'a' }, 'b', 'x = "b"', 1],
    ['{% macro m(p=x) %}{{ p }}{% endmacro %}{{ m() }}', { x: 'a' }, 'b', 'x = "b"', 1],
    ["{% set y = x | map('upper') %}{{ y | join(',') }}", { x: ['a'] }, 'B', 'x[0] = "b"'],
  ],
  'an element of a loop': [
    ['{% for i in x %}{{ i }}{% endfor %}', { x: ['a', 'b'] }, 'c', 'x[1] = "c"', 1],
    ['{% for i in x %}{{ i.n }}{% endfor %}', { x: [{ n: 'a' }] }, 'c', 'x[0].n = "c"'],
    ['{% for k, v in x.items() %}{{ v }}{% endfor %}', { x: { a: 1, b: 2 } }, '3', 'x.b = 3', 1],
    ['{% for k in x %}{{ x[k] }}{% endfor %}', { x: { a: 1 } }, '3', 'x.a = 3'],
    [
      '{% for k, v in x | dictsort %}{{ v.p }}{% endfor %}',
      { x: { b: { p: 1 }, a: { p: 2 } } },
      '3',
      'x.a.p = 3',
    ],
    [
      "{% for i in x | selectattr('on') %}{{ i.n }}{% endfor %}",
      {
        x: [
          { n: 1, on: false },
          { n: 2, on: true },
        ],
      },
      '3',
      'x[1].n = 3',
    ],
    [
      "{% for i in x | sort(attribute='n') %}{{ i.p }}{% endfor %}",
      {
        x: [
          { n: 2, p: 'a' },
          { n: 1, p: 'b' },
        ],
      },
      'c',
      'x[1].p = "c"',
    ],
    ['{% for i in x | dict2items %}{{ i.value }}{% endfor %}', { x: { a: 1 } }, '3', 'x.a = 3'],
    ['{% for a, b in x | zip(y) %}{{ b }}{% endfor %}', { x: [1], y: [2] }, '3', 'y[0] = 3'],
  ],
  'texts put together': [
    ["{{ x ~ ':' ~ y }}", { x: 'a', y: 80 }, 'a:81', 'y = 81'],
    ["{{ x ~ ':' ~ y }}", { x: 'a', y: 80 }, 'b:81', 'x = "b", y = 81'],
    ["{{ x + '.' + y }}", { x: 'a', y: 'b' }, 'a.c', 'y = "c"'],
    ["{{ x ~ '-' ~ x }}", { x: 'a' }, 'b-b', 'x = "b"'],
    ["{{ '%s:%d' % (x, y) }}", { x: 'a', y: 80 }, 'a:81', 'y = 81'],
    ["{{ '%03o' % x }}", { x: 420 }, '600', 'x = 384'],
    ["{{ '100%% %s' % x }}", { x: 'a' }, '100% b', 'x = "b"'],
    ["{{ '{}/{n}'.format(x, n=y) }}", { x: 'a', y: 24 }, 'a/25', 'y = 25'],
    ["{{ '{:>4}'.format(x) }}", { x: 'a' }, '   b', 'x = "b"'],
  ],
  arithmetic: [
    ['{{ x + 1 }}', { x: 1 }, '5', 'x = 4'],
    ['{{ 10 - x }}', { x: 1 }, '7', 'x = 3'],
    ['{{ x * 1024 }}', { x: 2 }, '4096', 'x = 4'],
    ['{{ x / 2 }}', { x: 4 }, '3.0', 'x = 6'],
    ['{{ x // 2 }}', { x: 5 }, '4', 'x = 9'],
    ['{{ x % 10 }}', { x: 25 }, '7', 'x = 27'],
    ['{{ x ** 2 }}', { x: 3 }, '16', 'x = 4'],
    ['{{ -x }}', { x: 3 }, '-4', 'x = 4'],
    ['{{ (x * 0.5) | int }}', { x: 8 }, '6', 'x = 12'],
  ],
  'a choice': [
    ["{{ 'on' if x else 'off' }}", { x: true }, 'off', 'x = false'],
    ["{{ x if y else 'none' }}", { x: 'a', y: true }, 'b', 'x = "b"'],
    ["{{ 'a' if x }}", { x: true }, '', 'x = false'],
    ["{{ x or 'a' }}", { x: '' }, 'b', 'x = "b"'],
    ['{{ x and y }}', { x: true, y: 'a' }, 'b', 'y = "b"'],
    ["{{ 'yes' if x == 'tcp' else 'no' }}", { x: 'udp' }, 'yes', 'x = "tcp"'],
    ["{{ 'yes' if 'a' in x else 'no' }}", { x: ['b'] }, 'yes', 'x = ["b", "a"]'],
    ["{{ 'yes' if x is defined else 'no' }}", { x: 1 }, 'no', 'x = removed'],
  ],
  'slices, lists and methods': [
    ["{{ x[:2] | join('.') }}", { x: ['a', 'b', 'c'] }, 'a.z', 'x[1] = "z"'],
    ['{{ x[1:] }}', { x: 'abc' }, 'bd', 'x = "abd"'],
    ['{{ x[::-1] }}', { x: 'abc' }, 'cbz', 'x = "zbc"'],
    ["{{ [x, y] | join('.') }}", { x: 'a', y: 'b' }, 'a.z', 'y = "z"'],
    ["{{ {'a': x} | to_json }}", { x: 1 }, '{"a": 2}', 'x = 2'],
    ["{{ (x + y) | join(',') }}", { x: ['a'], y: ['b'] }, 'a,z', 'y[0] = "z"'],
    ["{{ x.split(':')[0] }}", { x: 'a:b' }, 'z', 'x = "z:b"'],
    ['{{ x.upper() }}', { x: 'a' }, 'B', 'x = "b"'],
    ["{{ x.strip('/') }}", { x: '/a/' }, 'b', 'x = "/b/"'],
    ["{{ x.replace('a', 'b') }}", { x: 'ca' }, 'db', 'x = "da"'],
    ["{{ x.get('a', 'b') }}", { x: {} }, 'c', 'x.a = "c"'],
    ["{{ ', '.join(x) }}", { x: ['a', 'b'] }, 'a, c', 'x[1] = "c"'],
    ["{{ x.values() | list | join(',') }}", { x: { a: 1, b: 2 } }, '1,3', 'x.b = 3'],
    ["{{ x.keys() | list | join(',') }}", { x: { a: 1, b: 2 } }, 'a,c', 'x.c = 2, x.b = removed'],
    ['{{ x | string | upper }}', { x: 'a' }, 'B', 'x = "b"'],
    ['{{ x.zfill(4) }}', { x: '7' }, '0008', 'x = "0008"'],
  ],
  'text of the template': [
    ["{{ 'a' }}", {}, 'b', "template: 'b'"],
    ['{{ "a" }}', {}, "it's", 'template: "it\'s"'],
    ["{{ 'a' ~ x }}", { x: 1 }, 'b1', "template: 'b'"],
    ["{% set y = 'a' %}{{ y }}", {}, 'b', "template: 'b'"],
  ],
};

for (const [name, cases] of Object.entries(constructs)) {
  test(`${name} is worked backwards`, () => {
    for (const [source, plain, text, expected, which] of cases) {
      const { best, reasons } = solved(source, plain, text, which);
      expect(best, `${source} to ${text} (${reasons.join('; ')})`).toBe(expected);
    }
  });
}

test('GetPut: what is printed already needs nothing', () => {
  for (const [source, plain, , , which] of Object.values(constructs).flat()) {
    const hole = holeOf(source, context(plain), which);
    const text = compileTemplate('t.j2', source).render(context(plain));
    const printed = text.slice(hole.output.start, hole.output.end);
    const found = solveText(hole.expression, hole.environment, printed, { reasons: new Set() });
    expect(found, `for ${source}`).toEqual([{ assignments: [], edits: [], cost: 0 }]);
  }
});

test('what would change more than was asked for is no answer', () => {
  expect(solved("{{ x ~ '-' ~ x }}", { x: 'a' }, 'b-c').alternatives).toEqual([]);
});

test('a default can be edited where the parameter should not be set', () => {
  const { all } = solved("{{ x | default('a') }}", {}, 'b');
  expect(all).toEqual(['x = "b"', "template: 'b'"]);
});

test('a value that equals the default can also go', () => {
  expect(solved('{{ x | default(80) }}', { x: 90 }, '80').all.slice(0, 2)).toEqual([
    'x = 80',
    'x = removed',
  ]);
});

test('another key can be chosen', () => {
  const found = solved('{{ x[k] }}', { x: { a: 'one', b: 'two' }, k: 'a' }, 'two').all;
  expect(found).toContain('k = "b"');
});

test('implausible readings cost more, and say why', () => {
  const { alternatives } = solved('{{ x }}', { x: 80 }, 'eighty');
  expect(alternatives[0]).toMatchObject({ doubt: 'a number would become text' });
  const words = solved('{{ x }}', { x: 'a' }, 'a and b').alternatives[0];
  expect(words).toMatchObject({ doubt: 'a value would become several words' });
  const empty = solved('{{ x }}', { x: 'a' }, '').alternatives[0];
  expect(empty).toMatchObject({ doubt: 'a value would become empty' });
  expect(empty?.cost).toBeGreaterThan(0);
});

test.each([
  ['{{ site.name }}', { site: { name: 'a' } }, 'the name of a site is left alone'],
  [
    '{{ site.labels.region }}',
    { site: { labels: { region: 'a' } } },
    'the labels of a site decide what it is given, and are left alone',
  ],
  [
    '{{ imports.control.vip }}',
    { imports: { control: { vip: 'a' } } },
    'what is imported from another site is changed there',
  ],
  ['{% for i in x %}{{ loop.index }}{% endfor %}', { x: [1] }, 'it is counted by the loop'],
  ['{% set n = namespace(a=1) %}{{ n.a }}', {}, 'a namespace is no value of the plan'],
])('%s is left alone, with the reason', (source, plain: Record<string, Plain>, reason) => {
  const { alternatives, reasons } = solved(source, plain, 'b');
  expect(alternatives).toEqual([]);
  expect(reasons).toEqual([reason]);
});

test('text that Ansible would take for a template is refused', () => {
  for (const text of ['{{ b }}', 'a {% if %}', '{# c #}']) {
    const { alternatives, reasons } = solved('{{ x }}', { x: 'a' }, text);
    expect(alternatives).toEqual([]);
    expect(reasons[0]).toContain('Ansible would take it for a template');
  }
});

test('nothing is found for or from a secret', () => {
  const secret = new Tagged('!vault', 'v');
  const beside = solved(
    "{{ x | map(attribute='n') | join(',') }}",
    {
      x: [
        { n: 'a', p: secret },
        { n: 'b', p: secret },
      ],
    },
    'a,c',
  );
  expect(beside.best).toBe('x[1].n = "c"');
  const gone = solved(
    "{{ x | map(attribute='n') | join(',') }}",
    {
      x: [
        { n: 'a', p: secret },
        { n: 'b', p: secret },
      ],
    },
    'a',
  );
  expect(gone.alternatives).toEqual([]);
  expect(gone.reasons).toContain('the value is a secret');
  expect(solved("{{ 'a' if x is defined else 'b' }}", { x: secret }, 'c').all).toEqual([
    "template: 'c'",
  ]);
});

test('locals are not followed', () => {
  const hole = holeOf(
    '{% for i in x %}{{ i.n | upper }}{% endfor %}',
    context({ x: [{ n: 'a' }] }),
  );
  const options = { locals: new Set(['i']), reasons: new Set<string>() };
  const [found] = solveText(hole.expression, hole.environment, 'B', options);
  expect(found?.assignments).toEqual([{ path: ['i', 'n'], local: true, value: 'b' }]);
});

test('a local is the variable that was named, not another of that name', () => {
  const source =
    '{% macro m(p) %}{% for i in p %}{{ i }}{{ q }}{% endfor %}{% endmacro %}{% for i in x %}{{ m(i) }}{% endfor %}';
  const hole = holeOf(source, context({ x: [['a']], q: 1 }), 1);
  const options = { locals: new Set(['i']), reasons: new Set<string>() };
  const [found] = solveText(hole.expression, hole.environment, 'b', options);
  expect(found?.assignments).toEqual([{ path: ['i'], local: true, value: 'b' }]);
});

test('the text that a block captured is found where it is asked for', () => {
  const source = '{% filter upper %}a{{ x }}{% endfilter %}';
  const [piece] = compileTemplate('t.j2', source).trace(context({ x: 'b' })).pieces;
  if (piece?.kind !== 'filtered') throw new Error('no block');
  const options = { locals: new Set([CAPTURED]), reasons: new Set<string>() };
  const environment = piece.environment.withCaptured(piece.captured.text);
  const [found] = solveText(piece.node.filter, environment, 'AC', options);
  expect(found?.assignments).toEqual([{ path: [CAPTURED], local: true, value: 'ac' }]);
});

function solvedFor(
  source: string,
  plain: Record<string, Plain>,
  wanted: Plain,
): string | undefined {
  const [piece] = compileTemplate('t.j2', source).trace(context(plain)).pieces;
  if (piece?.kind !== 'loop') throw new Error('no loop');
  const found = solveValue(piece.node.iterable, piece.environment, value(wanted), {
    reasons: new Set(),
  });
  return found[0] && told(found[0]);
}

test('the elements of a loop are solved for as a list', () => {
  expect(solvedFor('{% for i in x %}{{ i }}{% endfor %}', { x: ['a'] }, ['a', 'b'])).toBe(
    'x = ["a", "b"]',
  );
  expect(
    solvedFor('{% for k, v in x.items() %}{{ k }}{% endfor %}', { x: { a: 1 } }, [
      ['a', 1],
      ['b', 2],
    ]),
  ).toBe('x.b = 2');
  expect(
    solvedFor('{% for k, v in x.items() %}{{ k }}{% endfor %}', { x: { a: 1, b: 2 } }, [
      ['c', 1],
      ['b', 2],
    ]),
  ).toBe('x = {c: 1, b: 2}');
  expect(solvedFor('{% for k in x %}{{ k }}{% endfor %}', { x: { a: 1, b: 2 } }, ['b'])).toBe(
    'x.a = removed',
  );
  expect(
    solvedFor("{% for i in x | reject('eq', 'b') %}{{ i }}{% endfor %}", { x: ['a', 'b', 'c'] }, [
      'c',
      'a',
    ]),
  ).toBe('x = ["b", "c", "a"]');
});

const conditions: [string, Record<string, Plain>, boolean, string | undefined][] = [
  ['x', { x: true }, false, 'x = false'],
  ['not x', { x: true }, true, 'x = false'],
  ['x and y', { x: true, y: false }, true, 'y = true'],
  ['x or y', { x: true, y: true }, false, 'x = false, y = false'],
  ["x == 'a'", { x: 'b' }, true, 'x = "a"'],
  ['x != 1', { x: 2 }, false, 'x = 1'],
  ["x == 'a'", { x: 'a' }, false, undefined],
  ["'a' in x", { x: ['a', 'b'] }, false, 'x = ["b"]'],
  ["x in ['a', 'b']", { x: 'c' }, true, 'x = "a"'],
  ['x > 3', { x: 1 }, true, 'x = 4'],
  ['x >= 3', { x: 5 }, false, 'x = 2'],
  ['x | length > 0', { x: ['a'] }, false, 'x = []'],
  ['x is defined', { x: 'a' }, false, 'x = removed'],
  ['x.y is not defined', { x: { y: 1 } }, true, 'x.y = removed'],
  ['x is none', { x: 'a' }, true, 'x = null'],
  ['x | bool', { x: 'yes' }, false, 'x = "no"'],
  ['x | default(false)', {}, true, 'x = true'],
  ["x is contains('a')", { x: ['b'] }, true, 'x = ["b", "a"]'],
];

test('the numbers of a range say how many are wanted', () => {
  const source = '{% for i in range(x) %}{{ i }}{% endfor %}';
  expect(solvedFor(source, { x: 2 }, [0, 1, 2])).toBe('x = 3');
  expect(solvedFor(source, { x: 2 }, [0, 5])).toBeUndefined();
  expect(solvedFor('{% for i in range(1, x) %}{{ i }}{% endfor %}', { x: 2 }, [1, 2])).toBe(
    'x = 3',
  );
});

test.each(conditions)('%s of %o becomes %s', (condition, plain, wanted, expected) => {
  const source = `{% if ${condition} %}a{% endif %}`;
  const [piece] = compileTemplate('t.j2', source).trace(context(plain)).pieces;
  if (piece?.kind !== 'condition') throw new Error('no condition');
  const reasons = new Set<string>();
  const [arm] = piece.node.arms;
  const [found] = solveTruth(arm.test, piece.environment, wanted, { reasons });
  expect(found && told(found)).toBe(expected);
  const text = found && rendered(source, context(plain), found);
  expect(text).toBe(expected && (wanted ? 'a' : ''));
  expect(found !== undefined || reasons.size > 0).toBe(true);
});

test('a search is bounded', () => {
  const parts = Array.from({ length: 60 }, (_, i) => `x${i}`);
  const plain = Object.fromEntries(parts.map((name) => [name, 'aaaa']));
  const { alternatives } = solved(`{{ ${parts.join(' ~ ')} }}`, plain, 'ab'.repeat(100));
  expect(alternatives.length).toBeLessThanOrEqual(12);
});
