import { expect, test } from 'vitest';

import type { Value, YamlPath } from '../../plan/yaml/node.ts';
import { compileTemplate, type Template } from './template.ts';
import type { Hole, Trace, TracePiece } from './trace.ts';

const context = new Map<string, Value>([
  ['host', 'a'],
  [
    'ntp',
    new Map<string, Value>([
      ['servers', ['x', 'y']],
      ['port', 123],
    ]),
  ],
  ['users', [new Map([['name', 'zoe']]), new Map([['name', 'amy']])]],
  [
    'opts',
    new Map([
      ['b', 1],
      ['a', 2],
    ]),
  ],
]);

function trace(source: string): Trace {
  return compileTemplate('t.j2', source).trace(context);
}

function holes(pieces: readonly TracePiece[]): Hole[] {
  return pieces.flatMap((piece) => {
    switch (piece.kind) {
      case 'hole':
        return [piece, ...holes(piece.body ?? [])];
      case 'loop':
        return [
          ...piece.iterations.flatMap((turn) => holes(turn.pieces)),
          ...holes(piece.otherwise ?? []),
        ];
      case 'filtered':
        return holes(piece.captured.pieces);
      case 'literal':
        return [];
      case 'condition':
      case 'call':
      case 'include':
        return holes(piece.pieces);
    }
    throw new TypeError('another piece');
  });
}

/** Each hole's text, and where its value stands in the context. */
function paths(source: string): [string, YamlPath | undefined][] {
  const { text, pieces } = trace(source);
  return holes(pieces).map(({ output, path }) => [text.slice(output.start, output.end), path]);
}

test('pieces lie side by side over the whole text, each with its range of the template', () => {
  const source =
    'a {{ host }}{% if host %}b{{ ntp.port }}{% endif %}{% for s in ntp.servers %}-{{ s }}{% endfor %}';
  const { text, pieces } = trace(source);
  expect(text).toBe('a ab123-x-y');
  const shown = pieces.map(({ kind, output, template }) => [
    kind,
    text.slice(output.start, output.end),
    source.slice(template.start, template.end),
  ]);
  expect(shown).toEqual([
    ['literal', 'a ', 'a '],
    ['hole', 'a', '{{ host }}'],
    ['condition', 'b123', '{% if host %}b{{ ntp.port }}{% endif %}'],
    ['loop', '-x-y', '{% for s in ntp.servers %}-{{ s }}{% endfor %}'],
  ]);
});

test.each<[string, string, [string, YamlPath | undefined][]]>([
  ['a name', '{{ host }}', [['a', ['host']]]],
  [
    'attributes and subscripts',
    "{{ ntp.port }}{{ ntp['servers'][-1] }}",
    [
      ['123', ['ntp', 'port']],
      ['y', ['ntp', 'servers', 1]],
    ],
  ],
  ['an expression', '{{ host ~ 1 }}', [['a1', undefined]]],
  ['set', '{% set n = ntp %}{{ n.port }}', [['123', ['ntp', 'port']]]],
  [
    'a name set twice',
    '{% set n = host %}{{ n }}{% set n = ntp.port %}{{ n }}',
    [
      ['a', ['host']],
      ['123', ['ntp', 'port']],
    ],
  ],
  [
    'several names set at once',
    '{% set a, b = host, ntp %}{{ a }}{{ b.port }}',
    [
      ['a', ['host']],
      ['123', ['ntp', 'port']],
    ],
  ],
  [
    'elements',
    '{% for u in users %}{{ u.name }}{% endfor %}',
    [
      ['zoe', ['users', 0, 'name']],
      ['amy', ['users', 1, 'name']],
    ],
  ],
  [
    'elements that pass a condition',
    "{% for u in users if u.name != 'zoe' %}{{ u.name }}{% endfor %}",
    [['amy', ['users', 1, 'name']]],
  ],
  [
    'sorted elements',
    "{% for u in users | sort(attribute='name') %}{{ u.name }}{% endfor %}",
    [
      ['amy', ['users', 1, 'name']],
      ['zoe', ['users', 0, 'name']],
    ],
  ],
  [
    'selected elements',
    "{% for u in users | selectattr('name', 'eq', 'amy') | list %}{{ u.name }}{% endfor %}",
    [['amy', ['users', 1, 'name']]],
  ],
  [
    'values of a mapping',
    '{% for k, v in opts.items() %}{{ k }}{{ v }}{% endfor %}',
    [
      ['b', undefined],
      ['1', ['opts', 'b']],
      ['a', undefined],
      ['2', ['opts', 'a']],
    ],
  ],
  [
    'a sorted mapping',
    '{% for k, v in opts | dictsort %}{{ v }}{% endfor %}',
    [
      ['2', ['opts', 'a']],
      ['1', ['opts', 'b']],
    ],
  ],
  [
    'parameters of a macro',
    '{% macro m(p, q) %}{{ p }}{{ q.port }}{% endmacro %}{{ m(host, q=ntp) }}',
    [
      ['a123', undefined],
      ['a', ['host']],
      ['123', ['ntp', 'port']],
    ],
  ],
  [
    'a counter',
    '{% for u in users %}{{ loop.index }}{% endfor %}',
    [
      ['1', undefined],
      ['2', undefined],
    ],
  ],
])('the path of %s', (_, source, expected) => {
  expect(paths(source)).toEqual(expected);
});

test.each<[string, string, YamlPath[]]>([
  ['an expression', '{{ host ~ ntp.port ~ host }}', [['host'], ['ntp', 'port']]],
  ['a filter', '{{ ntp.servers | join(host) }}', [['ntp', 'servers'], ['host']]],
  [
    'a name set to an expression',
    '{% set n = host ~ ntp.port %}{{ n }}',
    [['host'], ['ntp', 'port']],
  ],
  ['the key of a mapping', '{% for k in opts %}{{ k }}{% endfor %}', [['opts']]],
])('what %s reads', (_, source, expected) => {
  const [first] = holes(trace(source).pieces);
  expect(first?.reads).toEqual(expected);
});

test('a hole knows the variables of its moment', () => {
  const { pieces } = trace(
    '{% set n = 1 %}{{ n }}{% set n = 2 %}{{ n }}{% for n in [3] %}{{ n }}{% endfor %}',
  );
  const values = holes(pieces).map(({ environment, expression }) =>
    environment.evaluate(expression),
  );
  expect(values).toEqual([1, 2, 3]);
});

test('a list that the template changes is kept as it was', () => {
  const { pieces } = trace(
    '{% set l = [] %}{{ l | length }}{% set _ = l.append(1) %}{{ l | length }}',
  );
  const values = holes(pieces).map(({ environment, expression }) =>
    environment.evaluate(expression),
  );
  expect(values).toEqual([0, 1]);
});

test('conditions and loops tell which way they went', () => {
  const { pieces } = trace(
    '{% if ntp.port == 1 %}a{% elif host %}b{% endif %}{% for x in [] %}c{% else %}d{% endfor %}',
  );
  const [condition, loop] = pieces;
  expect(condition).toMatchObject({ kind: 'condition', arm: 1 });
  expect(loop).toMatchObject({ kind: 'loop', iterations: [], otherwise: [{ kind: 'literal' }] });
});

test('what a macro writes belongs to the hole that calls it', () => {
  const { text, pieces } = trace('-{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(host) }}');
  const [call, argument] = holes(pieces);
  expect(text).toBe('-<a>');
  expect(call?.body?.map(({ kind }) => kind)).toEqual(['literal', 'hole', 'literal']);
  expect(text.slice(argument?.output.start, argument?.output.end)).toBe('a');
});

test('an included template is a piece with its own file', () => {
  const part: Template = compileTemplate('part.j2', '[{{ host }}]');
  const load = (name: string): Template | undefined => (name === 'part.j2' ? part : undefined);
  const { text, pieces } = compileTemplate('t.j2', 'a{% include "part.j2" %}').trace(context, {
    load,
  });
  expect(text).toBe('a[a]');
  expect(pieces[1]).toMatchObject({
    kind: 'include',
    file: 'part.j2',
    output: { start: 1, end: 4 },
    // The tag stands in the template that includes.
    template: { file: 't.j2', start: 1, end: 24 },
  });
  expect(holes(pieces)[0]).toMatchObject({
    template: { file: 'part.j2', start: 1 },
    path: ['host'],
  });
});
