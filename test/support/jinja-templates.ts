import { Float, type Value } from '../../src/plan/yaml/node.ts';
import { EXPRESSIONS, type Kind, kinds, LITERALS, NAMES } from './jinja-expressions.ts';
import type { Random } from './jinja-random.ts';

const words = [
  'eth0',
  'a',
  'web-01',
  'Foo Bar',
  'x.y.z',
  '10.0.0.1',
  'yes',
  '42',
  '',
  'ä€😀',
  "it's",
  'a\nb\n\nc',
  ' pad\t',
  '"q"',
  '3.50',
  'null',
  'TRUE',
  '/etc/ntp.conf',
  'a:b',
  '%s',
  '#x',
  'ß',
] as const;

const addresses = [
  '10.0.0.1',
  '10.0.0.1/24',
  '10.0.0.0/24',
  '192.168.4.5/30',
  '10.0.0.4/31',
  '::1',
  'fe80::1/64',
  '2001:db8::/32',
  '10.1.2.3/255.255.0.0',
  'host',
  '0.0.0.0/0',
  '1.2.3.4/32',
  '::ffff:1.2.3.4',
  '::2:3/126',
] as const;

/** A context whose names say what they hold. */
export function generateContext(random: Random): Map<string, Value> {
  const word = (): string => random.pick(words);
  const int = (): number => random.pick([0, 1, 2, 3, 7, -1, 42, 8080, 100000, 9007199254740991]);
  const float = (): Float => new Float(random.pick([0.5, 1, -2.25, 1e21, 1e-7, 2.71, 0, -0, 100]));
  const scalar = (): Value =>
    random.pick<() => Value>([word, int, float, () => random.chance(0.5), () => null])();
  const map = (): Map<string, Value> =>
    new Map(
      random.several(0, 4, () => [
        random.pick(['k', 'b', 'name', 'Z', 'port', '8080', 'a b']),
        scalar(),
      ]),
    );
  const user = (): Map<string, Value> =>
    new Map<string, Value>([
      ['name', word()],
      ['uid', int()],
      ['admin', random.chance(0.5)],
      ['groups', random.several(0, 3, word)],
      ...(random.chance(0.5) ? [['shell', word()] as [string, Value]] : []),
    ]);
  return new Map<string, Value>([
    ['host', word()],
    ['title', word()],
    ['address', random.pick(addresses)],
    ['port', int()],
    ['count', int()],
    ['ratio', float()],
    ['flag', random.chance(0.5)],
    ['nothing', null],
    ['big', 123456789012345678901234567890n],
    ['names', random.several(random.chance(0.1) ? 0 : 1, 5, word)],
    ['nums', random.several(random.chance(0.1) ? 0 : 1, 5, int)],
    ['mixed', random.several(0, 4, scalar)],
    ['opts', map()],
    ['users', random.several(random.chance(0.1) ? 0 : 1, 4, user)],
    [
      'tree',
      new Map<string, Value>([
        ['a', map()],
        ['list', random.several(0, 3, scalar)],
        ['deep', new Map([['x', scalar()]])],
      ]),
    ],
  ]);
}

const printed: readonly [Kind, ...Kind[]] = [
  'text',
  'int',
  'float',
  'bool',
  'texts',
  'ints',
  'map',
  'maps',
  'none',
];

const HEADERS = [
  '#jinja2: lstrip_blocks: True\n',
  '#jinja2: trim_blocks: False\n',
  '#jinja2:trim_blocks:False, lstrip_blocks: True\n',
  '#jinja2: lstrip_blocks: "True"\n',
] as const;

/** Templates that the generated ones include and import. */
export const OTHERS: Readonly<Record<string, string>> = {
  'part.j2': 'part {{ host }} {{ v | default("no v") }}{% set v = "inner" %}{{ v }}\n',
  'loop.j2': '{% for n in names %}{{ loop.index }}{{ n }}{{ item | default("-") }}{% endfor %}',
  'macros.j2':
    '{% macro pair(k, v="x") %}{{ k }}={{ v }}{{ host | default("") }}{% endmacro %}' +
    '{% set exported = "e" %}{% set _hidden = 1 %}{% if true %}{% set late = 2 %}{% endif %}text',
  'nested.j2': '[{% include "part.j2" %}]',
};

/** Writes random templates; most of what they ask for fits the types, some does not. */
export class TemplateGenerator {
  readonly #random: Random;
  #locals: { name: string; kind: Kind }[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  template(): string {
    this.#locals = [];
    const header = this.#random.chance(0.1) ? this.#random.pick(HEADERS) : '';
    const body = header + this.#body(this.#random.below(4));
    return this.#random.chance(0.1) ? this.#spoil(body) : body;
  }

  /** A character more, less or elsewhere: most often no template any more. */
  #spoil(text: string): string {
    const random = this.#random;
    const at = random.below(text.length + 1);
    const noise = random.pick([
      '{',
      '}',
      '%',
      '-',
      '+',
      '|',
      '(',
      ')',
      '[',
      ']',
      '.',
      ',',
      "'",
      '"',
      ' ',
      '\n',
      '#',
      '0',
      'x',
      '=',
      '~',
      ':',
      'if',
      ' in ',
      ' is ',
      '\\',
      '{{',
      '%}',
      '}}',
      '{%',
    ]);
    const kind = random.below(3);
    if (kind === 0) return text.slice(0, at) + noise + text.slice(at);
    if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    return text.slice(0, at) + noise + text.slice(at + 1);
  }

  #body(depth: number): string {
    const scope = [...this.#locals];
    const parts = this.#random.several(1, 4, () => this.#statement(depth));
    this.#locals = scope;
    return parts.join('');
  }

  #text(): string {
    return this.#random.pick([
      '\n',
      ' ',
      'key = ',
      'listen ',
      '  \n',
      '\n\n',
      '{',
      '}',
      '%',
      '# comment\n',
      'a\tb',
      '\n  - ',
      '\n    ',
      '  ',
      ': ',
      '{ {',
      '# }',
      '\\',
      "'",
      ' {',
      'ä',
    ]);
  }

  #open(kind: '{{' | '{%' | '{#'): string {
    return (
      kind + this.#random.pick(['', '', '', '', '-', '+']) + this.#random.pick([' ', ' ', '', '\n'])
    );
  }

  #close(kind: '}}' | '%}' | '#}'): string {
    const sign = this.#random.pick(['', '', '', '', '-', kind === '}}' ? '' : '+']);
    return this.#random.pick([' ', ' ', ' ', '\n']) + sign + kind;
  }

  #tag(inner: string): string {
    return this.#open('{%') + inner + this.#close('%}');
  }

  #statement(depth: number): string {
    const random = this.#random;
    const choice = random.below(depth > 0 ? 20 : 8);
    if (choice < 3) return this.#text();
    if (choice < 8)
      return (
        this.#open('{{') +
        this.expression(random.pick(printed), 1 + random.below(3)) +
        this.#close('}}')
      );
    if (choice < 11) return this.#if(depth);
    if (choice < 14) return this.#for(depth);
    if (choice < 15) return this.#set(depth);
    if (choice === 15) return this.#other();
    if (choice === 16) return this.#macro(depth);
    if (choice === 17) return random.pick([() => this.#with(depth), () => this.#filter(depth)])();
    if (choice === 18) return this.#open('{#') + this.#text() + this.#close('#}');
    return (
      this.#tag('raw') +
      this.#text() +
      random.pick(['{{ x }}', '{% if %}', '']) +
      this.#tag('endraw')
    );
  }

  #if(depth: number): string {
    const random = this.#random;
    const parts = [this.#tag(`if ${this.expression('bool', 2)}`), this.#body(depth - 1)];
    if (random.chance(0.3))
      parts.push(this.#tag(`elif ${this.expression('bool', 2)}`), this.#body(depth - 1));
    if (random.chance(0.4)) parts.push(this.#tag('else'), this.#body(depth - 1));
    return [...parts, this.#tag('endif')].join('');
  }

  #for(depth: number): string {
    const random = this.#random;
    const scope = [...this.#locals];
    const [target, kind, element] = random.pick<[string, Kind, Kind]>([
      ['item', 'texts', 'text'],
      ['n', 'ints', 'int'],
      ['user', 'maps', 'map'],
      ['k, v', 'map', 'text'],
      ['c', 'text', 'text'],
      ['host', 'texts', 'text'],
    ]);
    let iterable = this.expression(kind, 2);
    if (target === 'k, v')
      iterable = random.pick([
        `${random.pick(NAMES.map)}.items()`,
        `opts | dictsort`,
        `(opts | items)`,
      ]);
    for (const name of target.split(', ')) this.#locals.push({ name, kind: element });
    const filter = random.chance(0.2) ? ` if ${this.expression('bool', 1)}` : '';
    const loop = random.chance(0.4)
      ? `{{ loop.${random.pick(['index', 'index0', 'first', 'last', 'length', 'revindex', 'revindex0', 'depth', 'previtem', 'nextitem', 'missing', 'cycle("a", "b")', 'changed(1)'])}}}`
      : '';
    const body =
      this.#body(depth - 1) + loop + (random.chance(0.3) ? '{{ "," if not loop.last }}' : '');
    this.#locals = scope;
    const otherwise = random.chance(0.2) ? this.#tag('else') + this.#body(depth - 1) : '';
    return (
      this.#tag(`for ${target} in ${iterable}${filter}`) + body + otherwise + this.#tag('endfor')
    );
  }

  #set(depth: number): string {
    const random = this.#random;
    const kind = random.pick(kinds);
    const name = random.pick(['v', 'w', 'host', 'port', 'x1']);
    const choice = random.below(8);
    if (choice === 0) {
      const block =
        this.#tag(
          random.pick([`set ${name}`, `set ${name} | upper`, `set ${name} | trim | length`]),
        ) +
        this.#body(depth - 1) +
        this.#tag('endset');
      this.#locals.push({ name, kind: 'text' });
      return block;
    }
    if (choice === 1) {
      const pair = this.#tag(
        `set v, w = ${this.expression('text', 1)}, ${this.expression('int', 1)}`,
      );
      this.#locals.push({ name: 'v', kind: 'text' }, { name: 'w', kind: 'int' });
      return pair;
    }
    if (choice === 2) {
      const sum = `{% set ns = namespace(n=0) %}{% for q in ${this.expression('ints', 1)} %}{% set ns.n = ns.n + q %}{% endfor %}{{ ns.n }}`;
      return sum;
    }
    const tag = this.#tag(`set ${name} = ${this.expression(kind, 2)}`);
    this.#locals.push({ name, kind });
    return tag;
  }

  #other(): string {
    const random = this.#random;
    const name = random.pick([
      "'part.j2'",
      "'loop.j2'",
      "'nested.j2'",
      "['none.j2', 'part.j2']",
      "'none.j2'",
    ]);
    const context = random.pick(['', '', ' with context', ' without context']);
    return random.pick([
      () => this.#tag(`include ${name}${random.pick(['', ' ignore missing'])}${context}`),
      () =>
        this.#tag(`import 'macros.j2' as lib${context}`) +
        random.pick([
          '{{ lib.pair(1) }}',
          '{{ lib.exported }}',
          '{{ lib.late }}',
          '{{ lib._hidden }}',
          '{{ lib.nope }}',
        ]),
      () =>
        this.#tag(`from 'macros.j2' import pair, exported as ex${context}`) +
        random.pick(['{{ pair(1, v=ex) }}', '{{ ex }}']),
    ])();
  }

  #macro(depth: number): string {
    const random = this.#random;
    const name = random.pick(['m', 'line']);
    const scope = [...this.#locals];
    this.#locals.push({ name: 'p', kind: 'text' }, { name: 'q', kind: 'int' });
    const body =
      this.#body(depth - 1) +
      random.pick(['', '', '', '{{ varargs | length }}', '{{ caller() }}', '{{ kwargs }}']);
    this.#locals = scope;
    const definition =
      this.#tag(`macro ${name}(p, q=${this.expression('int', 0)})`) + body + this.#tag('endmacro');
    const args = random.pick([
      '"a"',
      '"a", 2',
      'host, q=1',
      'q=2, p="b"',
      '',
      '"a", 1, 2',
      '"a", z=1',
    ]);
    const call = random.chance(0.7)
      ? `{{ ${name}(${args}) }}`
      : this.#tag(`call ${name}(${args})`) + this.#body(depth - 1) + this.#tag('endcall');
    return definition + call;
  }

  #with(depth: number): string {
    const scope = [...this.#locals];
    const open = this.#tag(
      `with v = ${this.expression('text', 1)}, w = ${this.expression('int', 1)}`,
    );
    this.#locals.push({ name: 'v', kind: 'text' }, { name: 'w', kind: 'int' });
    const body = this.#body(depth - 1);
    this.#locals = scope;
    return open + body + this.#tag('endwith');
  }

  #filter(depth: number): string {
    const name = this.#random.pick([
      'upper',
      'indent(2)',
      'trim',
      'replace("a", "b")',
      'indent(4, true) | upper',
      'length',
    ]);
    return this.#tag(`filter ${name}`) + this.#body(depth - 1) + this.#tag('endfilter');
  }

  /** An expression that should give a value of `kind`. */
  expression(kind: Kind, depth: number): string {
    const random = this.#random;
    const wanted = random.chance(0.01) ? random.pick(kinds) : kind;
    if (depth <= 0 || random.chance(0.25)) return this.#atom(wanted);
    const sub = (of: Kind): string => this.expression(of, depth - 1);
    const made = random.pick(EXPRESSIONS[wanted])(sub, random);
    return random.chance(0.15) ? `(${made})` : made;
  }

  #atom(kind: Kind): string {
    const random = this.#random;
    const local = this.#locals.findLast((candidate) => candidate.kind === kind);
    if (local && random.chance(0.5)) return local.name;
    if (random.chance(0.5)) return random.pick(NAMES[kind]);
    return random.pick(LITERALS[kind]);
  }
}
