import { expect, test } from 'vitest';

import { context, type Plain } from '../../../../test/support/expression.ts';
import { rendered, solved } from '../../../../test/support/solved.ts';
import { filters } from '../../../render/template/filters/registry.ts';
import { canonical, inverses } from './inverses.ts';
import { withoutInverse } from './solve-filter.ts';
import { structural } from './structural.ts';

/** A template, what it sees, what it is to print instead, and what should be found. */
type Case = [string, Record<string, Plain>, string, string];

const hosts = (): Plain => [
  { name: 'a', ip: '10.0.0.1', up: true },
  { name: 'b', ip: '10.0.0.2', up: false },
  { name: 'c', ip: '10.0.0.3', up: true },
];

const cases: Record<string, Case[]> = {
  upper: [
    ['{{ x | upper }}', { x: 'web' }, 'WEBS', 'x = "webs"'],
    ['{{ x | upper }}', { x: 'Web One' }, 'WEB TWO', 'x = "Web TWO"'],
  ],
  lower: [['{{ x | lower }}', { x: 'Web-One' }, 'web-two', 'x = "Web-two"']],
  capitalize: [['{{ x | capitalize }}', { x: 'web' }, 'Database', 'x = "database"']],
  title: [['{{ x | title }}', { x: 'edge site' }, 'Edge Sites', 'x = "edge sites"']],
  string: [['{{ x | string }}', { x: 80 }, '81', 'x = 81']],
  trim: [['{{ x | trim }}', { x: '  a \n' }, 'b', 'x = "  b \\n"']],
  replace: [["{{ x | replace('.', '-') }}", { x: 'a.b' }, 'a-c', 'x = "a.c"']],
  indent: [['{{ x | indent(2) }}', { x: 'a\nb' }, 'a\n  c', 'x = "a\\nc"']],
  center: [['{{ x | center(7) }}', { x: 'abc' }, '  abd  ', 'x = "abd"']],
  truncate: [['{{ x | truncate(20) }}', { x: 'short' }, 'shorter', 'x = "shorter"']],
  quote: [
    ['{{ x | quote }}', { x: 'a' }, "'a b'", 'x = "a b"'],
    ['{{ x | quote }}', { x: 'a b' }, "'it'\"'\"'s'", 'x = "it\'s"'],
  ],
  split: [["{{ (x | split(','))[1] }}", { x: 'a,b,c' }, 'z', 'x = "a,z,c"']],
  int: [
    ['{{ x | int }}', { x: '80' }, '81', 'x = "81"'],
    ['{{ x | int }}', { x: 80 }, '81', 'x = 81'],
  ],
  float: [['{{ x | float }}', { x: '1.5' }, '2.5', 'x = "2.5"']],
  bool: [
    ['{{ x | bool }}', { x: 'yes' }, 'False', 'x = "no"'],
    ['{{ x | bool }}', { x: 'On' }, 'False', 'x = "Off"'],
    ['{{ x | bool }}', { x: false }, 'True', 'x = true'],
  ],
  abs: [['{{ x | abs }}', { x: -3 }, '4', 'x = -4']],
  round: [['{{ x | round(1) }}', { x: 1.25 }, '1.5', 'x = 1.5f']],
  human_readable: [['{{ x | human_readable }}', { x: 1024 }, '2.00 KB', 'x = 2048']],
  human_to_bytes: [['{{ x | human_to_bytes }}', { x: '1 KB' }, '2048', 'x = "2 KB"']],
  join: [
    ["{{ x | join(', ') }}", { x: ['a', 'b'] }, 'a, b, c', 'x = ["a", "b", "c"]'],
    ["{{ x | join(', ') }}", { x: [1, 2] }, '1, 3', 'x[1] = 3'],
    [
      "{{ x | join(' ', attribute='ip') }}",
      { x: hosts() },
      '10.0.0.1 10.0.0.9 10.0.0.3',
      'x[1].ip = "10.0.0.9"',
    ],
    ["{{ x | join(',') }}", { x: ['a', 'b', 'c'] }, 'a,c', 'x = ["a", "c"]'],
  ],
  first: [['{{ x | first }}', { x: ['a', 'b'] }, 'c', 'x[0] = "c"']],
  last: [['{{ x | last }}', { x: ['a', 'b'] }, 'c', 'x[1] = "c"']],
  min: [['{{ x | min }}', { x: [3, 1, 2] }, '0', 'x[1] = 0']],
  max: [['{{ x | max }}', { x: [3, 1, 2] }, '4', 'x[0] = 4']],
  list: [["{{ x | list | join(',') }}", { x: ['a', 'b'] }, 'a,c', 'x[1] = "c"']],
  reverse: [
    ["{{ x | reverse | join(',') }}", { x: ['a', 'b'] }, 'c,a', 'x[1] = "c"'],
    ['{{ x | reverse }}', { x: 'abc' }, 'cbz', 'x = "zbc"'],
  ],
  sort: [
    ["{{ x | sort | join(',') }}", { x: ['c', 'a', 'b'] }, 'a,b,d', 'x[0] = "d"'],
    ["{{ x | sort | join(',') }}", { x: ['c', 'a', 'b'] }, 'a,c', 'x = ["c", "a"]'],
  ],
  unique: [
    ["{{ x | unique | join(',') }}", { x: ['a', 'b', 'a'] }, 'z,b', 'x[0] = "z", x[2] = "z"'],
  ],
  shuffle: [["{{ (x | shuffle(seed='s'))[1] }}", { x: ['a', 'b', 'c'] }, 'z', 'x[2] = "z"']],
  batch: [['{{ (x | batch(2) | list)[1][0] }}', { x: [1, 2, 3] }, '4', 'x[2] = 4']],
  slice: [['{{ (x | slice(2) | list)[1][0] }}', { x: [1, 2, 3] }, '4', 'x[2] = 4']],
  flatten: [
    ["{{ x | flatten | join(',') }}", { x: [['a'], ['b', 'c']] }, 'a,b,d', 'x[1][1] = "d"'],
  ],
  groupby: [
    [
      "{{ (x | groupby('up') | list)[1][1][0].ip }}",
      { x: hosts() },
      '10.9.9.9',
      'x[0].ip = "10.9.9.9"',
    ],
  ],
  difference: [
    ["{{ x | difference(y) | join(',') }}", { x: ['a', 'b', 'c'], y: ['b'] }, 'a,d', 'x[2] = "d"'],
  ],
  intersect: [
    ["{{ x | intersect(y) | join(',') }}", { x: ['a', 'b'], y: ['a', 'b'] }, 'a', 'x = ["a"]'],
  ],
  union: [
    ["{{ x | union(y) | join(',') }}", { x: ['a', 'b'], y: ['c'] }, 'a,z,c', 'x[1] = "z"'],
    ["{{ x | union(y) | join(',') }}", { x: ['a'], y: ['c'] }, 'a,z', 'y[0] = "z"'],
  ],
  zip: [['{{ (x | zip(y) | list)[1][1] }}', { x: ['a', 'b'], y: [1, 2] }, '3', 'y[1] = 3']],
  zip_longest: [
    [
      "{{ (x | zip_longest(y, fillvalue='-') | list)[1][0] }}",
      { x: ['a', 'b'], y: [1] },
      'c',
      'x[1] = "c"',
    ],
  ],
  rekey_on_member: [
    [
      "{{ (x | rekey_on_member('name')).b.ip }}",
      { x: hosts() },
      '10.0.0.9',
      'x[1].ip = "10.0.0.9"',
    ],
  ],
  select: [
    [
      "{{ x | select('match', 'a') | join(',') }}",
      { x: ['a1', 'b', 'a2'] },
      'a1,a3',
      'x[2] = "a3"',
    ],
  ],
  reject: [
    ["{{ x | reject('eq', 'b') | join(',') }}", { x: ['a', 'b', 'c'] }, 'a,d', 'x[2] = "d"'],
  ],
  selectattr: [
    [
      "{{ x | selectattr('up') | map(attribute='ip') | join(' ') }}",
      { x: hosts() },
      '10.0.0.1 10.0.0.8',
      'x[2].ip = "10.0.0.8"',
    ],
    [
      "{{ x | selectattr('up') | map(attribute='ip') | join(' ') }}",
      { x: hosts() },
      '10.0.0.3',
      'x = [{name: "b", ip: "10.0.0.2", up: false}, {name: "c", ip: "10.0.0.3", up: true}]',
    ],
  ],
  rejectattr: [
    [
      "{{ x | rejectattr('up') | map(attribute='name') | join }}",
      { x: hosts() },
      'z',
      'x[1].name = "z"',
    ],
  ],
  map: [
    ["{{ x | map('upper') | join(',') }}", { x: ['a', 'b'] }, 'A,C', 'x[1] = "c"'],
    [
      "{{ x | map('regex_replace', '$', ':80') | join(',') }}",
      { x: ['a', 'b'] },
      'a:80,c:80',
      'x[1] = "c"',
    ],
    [
      "{{ x | map(attribute='ip') | join(',') }}",
      { x: hosts() },
      '10.0.0.1,10.0.0.7,10.0.0.3',
      'x[1].ip = "10.0.0.7"',
    ],
  ],
  default: [
    ["{{ x | default('a') }}", {}, 'b', 'x = "b"'],
    ['{{ x | d(80) }}', {}, '81', 'x = 81'],
    ["{{ x | default('a', true) }}", { x: '' }, 'b', 'x = "b"'],
    ["{{ x.y | default('a') }}", { x: {} }, 'b', 'x.y = "b"'],
    ["{{ x | default('a') }}", { x: 'b' }, 'c', 'x = "c"'],
  ],
  mandatory: [['{{ x | mandatory }}', { x: 'a' }, 'b', 'x = "b"']],
  ternary: [["{{ x | ternary('on', 'off') }}", { x: true }, 'off', 'x = false']],
  combine: [
    ['{{ (x | combine(y)).a }}', { x: { a: 1 }, y: { b: 2 } }, '3', 'x.a = 3'],
    ['{{ (x | combine(y)).a }}', { x: { a: 1 }, y: { a: 2 } }, '3', 'y.a = 3'],
    [
      '{{ (x | combine(y, recursive=true)).a.b }}',
      { x: { a: { b: 1 } }, y: { a: { c: 2 } } },
      '3',
      'x.a.b = 3',
    ],
  ],
  dict2items: [['{{ (x | dict2items)[1].value }}', { x: { a: 1, b: 2 } }, '3', 'x.b = 3']],
  items2dict: [
    [
      '{{ (x | items2dict).b }}',
      {
        x: [
          { key: 'a', value: 1 },
          { key: 'b', value: 2 },
        ],
      },
      '3',
      'x[1].value = 3',
    ],
  ],
  dictsort: [['{{ (x | dictsort)[0][1] }}', { x: { b: 1, a: 2 } }, '3', 'x.a = 3']],
  items: [['{{ (x | items | list)[0][1] }}', { x: { b: 1, a: 2 } }, '3', 'x.b = 3']],
  extract: [["{{ 'a' | extract(x) }}", { x: { a: 1 } }, '2', 'x.a = 2']],
  to_json: [
    ['{{ x | to_json }}', { x: { a: [1, 'b'] } }, '{"a": [1, "c"]}', 'x.a[1] = "c"'],
    ['{{ x | to_json }}', { x: { a: 1 } }, '{"a": 1, "b": null}', 'x.b = null'],
    ['{{ x | to_json }}', { x: { a: 1, b: 2 } }, '{"b": 2}', 'x.a = removed'],
  ],
  to_nice_json: [
    [
      '{{ x | to_nice_json(indent=2) }}',
      { x: { b: 1, a: 2 } },
      '{\n  "a": 2,\n  "b": 3\n}',
      'x.b = 3',
    ],
  ],
  to_yaml: [['{{ x | to_yaml }}', { x: { a: 1 } }, '{a: 2}\n', 'x.a = 2']],
  to_nice_yaml: [
    ['{{ x | to_nice_yaml }}', { x: { b: ['x'], a: true } }, 'a: false\nb:\n- x\n', 'x.a = false'],
  ],
  from_json: [
    ['{{ (x | from_json).a }}', { x: '{"a": 1, "b": 2}' }, '3', 'x = "{\\"a\\": 3, \\"b\\": 2}"'],
  ],
  from_yaml: [['{{ (x | from_yaml).a }}', { x: 'a: 1\nb: 2\n' }, '3', 'x = "a: 3\\nb: 2\\n"']],
  b64encode: [['{{ x | b64encode }}', { x: 'abc' }, 'YWJk', 'x = "abd"']],
  b64decode: [['{{ x | b64decode }}', { x: 'YWJj' }, 'abd', 'x = "YWJk"']],
  urlencode: [
    ['{{ x | urlencode }}', { x: 'a b' }, 'a%20c', 'x = "a c"'],
    ['{{ x | urlencode }}', { x: { a: 'x y', n: 1 } }, 'a=x+y&n=2', 'x.n = 2'],
  ],
  urldecode: [['{{ x | urldecode }}', { x: 'a%20b' }, 'a c', 'x = "a%20c"']],
  urlsplit: [
    [
      "{{ x | urlsplit('hostname') }}",
      { x: 'https://a.example:8443/p?q=1' },
      'b.example',
      'x = "https://b.example:8443/p?q=1"',
    ],
    [
      '{{ (x | urlsplit).port }}',
      { x: 'https://a.example:8443/p' },
      '9443',
      'x = "https://a.example:9443/p"',
    ],
  ],
  format: [["{{ '%s:%05d' | format(x, y) }}", { x: 'a', y: 42 }, 'a:00043', 'y = 43']],
  comment: [
    ['{{ x | comment }}', { x: 'one\ntwo' }, '#\n# one\n# three\n#', 'x = "one\\nthree"'],
    ["{{ x | comment('xml') }}", { x: 'one' }, '<!--\n -\n - two\n -\n-->', 'x = "two"'],
  ],
  relpath: [["{{ x | relpath('/etc/a') }}", { x: '/etc/b' }, '../c/d', 'x = "/etc/c/d"']],
  escape: [['{{ x | e }}', { x: 'a & b' }, 'a &lt; b', 'x = "a < b"']],
  forceescape: [['{{ x | forceescape }}', { x: 'a' }, 'it&#39;s', 'x = "it\'s"']],
  safe: [['{{ x | safe }}', { x: '<a>' }, '<b>', 'x = "<b>"']],
  tojson: [['{{ x | tojson }}', { x: { a: '<' } }, '{"a": "\\u003e"}', 'x.a = ">"']],
  pow: [['{{ x | pow(2) }}', { x: 3 }, '16.0', 'x = 4']],
  root: [['{{ x | root }}', { x: 9.0 }, '4.0', 'x = 16']],
  basename: [['{{ x | basename }}', { x: '/etc/a.conf' }, 'b.conf', 'x = "/etc/b.conf"']],
  dirname: [['{{ x | dirname }}', { x: '/etc/a.conf' }, '/opt', 'x = "/opt/a.conf"']],
  splitext: [['{{ (x | splitext)[0] }}', { x: '/etc/a.conf' }, '/etc/b', 'x = "/etc/b.conf"']],
  normpath: [['{{ x | normpath }}', { x: '/etc//a' }, '/etc/b', 'x = "/etc//b"']],
  win_basename: [['{{ x | win_basename }}', { x: 'C:\\a\\b' }, 'c', 'x = "C:\\\\a\\\\c"']],
  win_dirname: [['{{ x | win_dirname }}', { x: 'C:\\a\\b' }, 'C:\\z', 'x = "C:\\\\z\\\\b"']],
  win_splitdrive: [['{{ (x | win_splitdrive)[0] }}', { x: 'C:\\a' }, 'D:', 'x = "D:\\\\a"']],
  path_join: [
    ["{{ [x, 'conf', y] | path_join }}", { x: '/etc', y: 'a' }, '/etc/conf/b', 'y = "b"'],
  ],
  regex_replace: [
    ["{{ x | regex_replace('\\.example$', '') }}", { x: 'web.example' }, 'db', 'x = "db.example"'],
  ],
  regex_search: [["{{ x | regex_search('[0-9]+') }}", { x: 'v12-rc' }, '13', 'x = "v13-rc"']],
  regex_findall: [
    ["{{ x | regex_findall('[0-9]+') | join('.') }}", { x: 'v1_2' }, '1.3', 'x = "v1_3"'],
  ],
  regex_escape: [['{{ x | regex_escape }}', { x: 'a.b' }, 'a\\.c', 'x = "a.c"']],
  ipaddr: [
    ["{{ x | ipaddr('address') }}", { x: '10.0.0.5/24' }, '10.0.0.6', 'x = "10.0.0.6/24"'],
    ["{{ x | ipaddr('prefix') }}", { x: '10.0.0.5/24' }, '25', 'x = "10.0.0.5/25"'],
    ["{{ x | ipaddr('netmask') }}", { x: '10.0.0.5/24' }, '255.255.0.0', 'x = "10.0.0.5/16"'],
    ["{{ x | ipaddr('network') }}", { x: '10.0.0.5/24' }, '10.1.0.0', 'x = "10.1.0.5/24"'],
    [
      "{{ x | ipaddr('1') }}".replace("'1'", '1'),
      { x: '10.0.0.0/24' },
      '10.2.0.1/24',
      'x = "10.2.0.0/24"',
    ],
  ],
  ipv4: [["{{ x | ipv4('address') }}", { x: '10.0.0.5/24' }, '10.0.0.6', 'x = "10.0.0.6/24"']],
  ipv6: [
    ["{{ x | ipv6('address') }}", { x: '2001:db8::5/64' }, '2001:db8::6', 'x = "2001:db8::6/64"'],
  ],
  ipwrap: [['{{ x | ipwrap }}', { x: '2001:db8::5' }, '[2001:db8::6]', 'x = "2001:db8::6"']],
  ipsubnet: [
    ['{{ x | ipsubnet(26, 0) }}', { x: '10.0.0.0/24' }, '10.1.0.0/26', 'x = "10.1.0.0/24"'],
  ],
  nthhost: [['{{ x | nthhost(5) }}', { x: '10.0.0.0/24' }, '10.3.0.5', 'x = "10.3.0.0/24"']],
  ipmath: [['{{ x | ipmath(5) }}', { x: '10.0.0.5' }, '10.0.0.11', 'x = "10.0.0.6"']],
};

for (const [name, list] of Object.entries(cases)) {
  test(`${name} is worked backwards`, () => {
    for (const [source, plain, text, expected] of list) {
      const { best, alternatives, reasons } = solved(source, plain, text);
      expect(best, `${source} to ${text} (${reasons.join('; ')})`).toBe(expected);
      const [first] = alternatives;
      expect(first && rendered(source, context(plain), first)).toBe(text);
    }
  });
}

const declared = [...filters].filter(([name, filter]) => name === filter.name);

test('every filter that is declared invertible is, and has a case here', () => {
  const invertible = declared.filter(([, { inverse }]) => inverse !== 'none').map(([name]) => name);
  const missing = invertible.filter((name) => !inverses.has(name) && !(name in structural));
  expect(missing).toEqual([]);
  expect(Object.keys(cases).toSorted()).toEqual(invertible.toSorted());
});

test('every filter that is declared without an inverse has none, and a reason', () => {
  const without = declared.filter(([, { inverse }]) => inverse === 'none').map(([name]) => name);
  expect(Object.keys(withoutInverse).toSorted()).toEqual(without.toSorted());
  expect(without.filter((name) => inverses.has(name) || name in structural)).toEqual([]);
});

test('short and full names of filters are one filter', () => {
  expect(canonical('ansible.builtin.to_json')).toBe('to_json');
  expect(canonical('d')).toBe('default');
  expect(solved('{{ x | ansible.builtin.upper }}', { x: 'a' }, 'B').best).toBe('x = "b"');
});

test.each([
  ['{{ x | length }}', { x: [1] }, '2', 'a length does not say which elements to add or remove'],
  ["{{ x | hash('sha1') }}", { x: 'a' }, 'b', 'a hash does not say what it was made of'],
  ['{{ x | sum }}', { x: [1, 2] }, '4', 'a sum does not say which of its terms changed'],
  [
    '{{ x | upper }}',
    { x: 'a' },
    'b',
    'no input of the filter "upper" is known that gives what is wanted',
  ],
])('%s says why it has no answer', (source, plain: Record<string, Plain>, text, reason) => {
  const { alternatives, reasons } = solved(source, plain, text);
  expect(alternatives).toEqual([]);
  expect(reasons).toContain(reason);
});
