import { describe, expect, test } from 'vitest';

import { UserError } from '../../model/errors.ts';
import { applyEdits, type YamlOperation } from './edit.ts';
import { makeNode } from './make.ts';
import { Float, Tagged, type Value, type YamlNode } from './node.ts';
import { parseYaml, parseYamlValue } from './parse.ts';

/** The text after some operations on a text. */
function edit(text: string, ...operations: YamlOperation[]): string {
  const { document, problems } = parseYaml('f.yml', text);
  expect(problems).toEqual([]);
  return applyEdits(document!, operations).text;
}

/** Names a place: `a.b.0`. */
function at(path: string): (string | number)[] {
  return path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

const set = (path: string, value: Value): YamlOperation => ({
  op: 'set',
  path: at(path),
  value: makeNode(value),
});
const put = (path: string, value: Value): YamlOperation => ({
  op: 'insert',
  path: at(path),
  value: makeNode(value),
});
const del = (path: string): YamlOperation => ({ op: 'delete', path: at(path) });
const rename = (path: string, key: string): YamlOperation => ({
  op: 'rename',
  path: at(path),
  key,
});
const move = (path: string, to: number): YamlOperation => ({ op: 'move', path: at(path), to });

/** A node as it was read at a site. */
const observed = (text: string): YamlNode => parseYamlValue('observed.yml', text).root!;

describe('a value', () => {
  test.each<[string, string, YamlOperation, string]>([
    ['a comment stays', 'a: 1  # why\nb: 2\n', set('a', 7), 'a: 7  # why\nb: 2\n'],
    ['quotes stay', `a: 'x'\nb: "y"\n`, set('a', '0644'), `a: '0644'\nb: "y"\n`],
    ['needed quotes come', 'a: x\n', set('a', 'yes'), 'a: "yes"\n'],
    ['in the quotes of the file', "z: 'q'\na: x\n", set('a', '1e3'), "z: 'q'\na: '1e3'\n"],
    ['types', 'a: x\n', set('a', new Float(1)), 'a: 1.0\n'],
    ['where nothing was', 'a:\nb: 2\n', set('a', 'x'), 'a: x\nb: 2\n'],
    ['in brackets', 'a: [1, x, 3]\n', set('a.1', 'y, z'), 'a: [1, "y, z", 3]\n'],
    ['in braces', 'a: {b: 1, c: 2}  # n\n', set('a.b', 5), 'a: {b: 5, c: 2}  # n\n'],
    [
      'in a compact item',
      '- x\n'.replace('- x', 'l:\n- a: 1\n  b: 2'),
      set('l.0.a', 3),
      'l:\n- a: 3\n  b: 2\n',
    ],
    ['a tombstone', 'a: 1\n', set('a', new Tagged('!unset', '')), 'a: !unset\n'],
    [
      'one line of a text',
      'motd: |\n    one\n    two\nb: 1\n',
      set('motd', 'one\n2\n'),
      'motd: |\n    one\n    2\nb: 1\n',
    ],
    [
      'a text in place of a word',
      'a: x # n\nb: 1\n',
      set('a', 'one\ntwo\n'),
      'a: | # n\n  one\n  two\nb: 1\n',
    ],
    ['a word in place of a text', 'a: | # n\n  one\n\nb: 1\n', set('a', 'x'), 'a: x # n\n\nb: 1\n'],
    ['a value on the next line', 'a:\n  x # n\n', set('a', 'z'), 'a:\n  z # n\n'],
    ['the value of an alias', 'a: &x 1\nb: *x\n', set('b', 2), 'a: &x 1\nb: 2\n'],
    ['an anchor that nobody uses', 'a: &x 1\n', set('a', 2), 'a: &x 2\n'],
    [
      'over a merge key',
      'a: &x {k: 1}\nb:\n  <<: *x\n  l: 1\n',
      set('b.k', 2),
      'a: &x {k: 1}\nb:\n  <<: *x\n  l: 1\n  k: 2\n',
    ],
    ['the same value again', 'a:  0x10 # n\n', set('a', 16), 'a:  0x10 # n\n'],
    ['a file without a last newline', 'a: 1', set('a', 2), 'a: 2\n'],
    [
      'a list in place of a word',
      'b:\n- x\na: x  # n\nc: 1\n',
      set('a', ['v', 'w']),
      'b:\n- x\na:  # n\n- v\n- w\nc: 1\n',
    ],
    [
      'a word in place of a list',
      'a: # n\n  # m\n  - x\n  - y\nc: 1\n',
      set('a', 'z'),
      'a: z # n\nc: 1\n',
    ],
    [
      'a mapping in place of an item',
      'l:\n    - x\n    - y\n',
      set(
        'l.0',
        new Map([
          ['k', 1],
          ['m', 2],
        ]),
      ),
      'l:\n    - k: 1\n      m: 2\n    - y\n',
    ],
  ])('%s', (_, before, operation, after) => {
    expect(edit(before, operation)).toBe(after);
  });

  test('tokens of what was found at a site are kept where they mean something', () => {
    const value = observed('0644');
    expect(edit('a: 0600\n', { op: 'set', path: ['a'], value })).toBe('a: 0644\n');
    const date = observed('2001-12-14');
    expect(edit('a: "x"\n', { op: 'set', path: ['a'], value: date })).toBe('a: 2001-12-14\n');
    const secret = observed('k: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n');
    expect(edit('a:\n    b: 1\n', { op: 'set', path: ['a', 'c'], value: secret })).toBe(
      'a:\n    b: 1\n    c:\n        k: !vault |\n            $ANSIBLE_VAULT;1.1;AES256\n            6162\n',
    );
  });

  test('collections are changed only where they differ', () => {
    const before =
      'a:\n  # keep\n  b: 1\n  l:\n    - x # first\n    - y\n    - z # last\n  gone: 1\n';
    const value = observed('b: 1\nl: [x, z, w]\nnew: 2\n');
    expect(edit(before, { op: 'set', path: ['a'], value })).toBe(
      'a:\n  # keep\n  b: 1\n  l:\n    - x # first\n    - z # last\n    - w\n  new: 2\n',
    );
  });
});

describe('a key', () => {
  test.each<[string, string, YamlOperation, string]>([
    ['is added last', 'a: 1\nb: 2\n', set('c', 'x'), 'a: 1\nb: 2\nc: x\n'],
    ['is added to an empty file', '', set('a', 1), 'a: 1\n'],
    ['is added below the header', '# header\n---\n', set('a', 1), '# header\n---\na: 1\n'],
    ['comes with its parents', 'a: 1\n', set('b.c.d', 'x'), 'a: 1\nb:\n  c:\n    d: x\n'],
    [
      'takes the indentation of others',
      'a:\n    b: 1\n',
      set('a.c', ['x']),
      'a:\n    b: 1\n    c:\n      - x\n',
    ],
    ['finds lists that are not indented', 'a:\n- x\n', set('b', ['z']), 'a:\n- x\nb:\n- z\n'],
    [
      'fills an empty mapping',
      'a: {}  # n\nb: {c: 1}\n',
      set('a.x', 1),
      'a: {x: 1}  # n\nb: {c: 1}\n',
    ],
    ['fills what is null', 'a:\nb: 1\n', set('a.x', 1), 'a:\n  x: 1\nb: 1\n'],
    ['goes into braces', 'a: { b: 1 }\n', set('a.c', 'x, y'), 'a: { b: 1, c: "x, y" }\n'],
    [
      'goes into braces over lines',
      'a: {\n    b: 1,\n    c: 2\n  }\n',
      set('a.d', 3),
      'a: {\n    b: 1,\n    c: 2,\n    d: 3\n  }\n',
    ],
    ['is quoted where it must', 'a: 1\n', set('yes', 1), 'a: 1\n"yes": 1\n'],
    ['goes into a compact item', 'l:\n- a: 1\n- b\n', set('l.0.c', 2), 'l:\n- a: 1\n  c: 2\n- b\n'],
    [
      'comes before a comment further out',
      'a:\n  b: 1\n# end\n',
      set('a.c', 2),
      'a:\n  b: 1\n  c: 2\n# end\n',
    ],
    ['a text that the file ends in stays as it is', 'a: |\n  x', set('b', 1), 'a: |-\n  x\nb: 1\n'],
    ['goes, with its comment', 'a: 1\n\n# about b\nb: 2 # n\nc: 3\n', del('b'), 'a: 1\n\nc: 3\n'],
    ['goes, the header stays', '# header\na: 1\nb: 2\n', del('a'), '# header\nb: 2\n'],
    [
      'goes, a comment apart from it stays',
      '# header\n\n# about a\na: 1\nb: 2\n',
      del('a'),
      '# header\n\nb: 2\n',
    ],
    [
      'goes, a framed heading stays',
      'a: 1\n# ----\n# All of b\n# ----\n# about b\nb: 2\nc: 3\n',
      del('b'),
      'a: 1\n# ----\n# All of b\n# ----\nc: 3\n',
    ],
    ['goes, no two blank lines stay', 'a: 1\n\nb: 2\n\nc: 3\n', del('b'), 'a: 1\n\nc: 3\n'],
    ['goes as the last one', 'a: 1\n\n# b\nb: 2\n', del('b'), 'a: 1\n'],
    ['goes as the only one', 'a: # n\n  # m\n  b: 2\nc: 1\n', del('a.b'), 'a: {} # n\nc: 1\n'],
    ['goes as the only one of the file', '# header\na: 1\n', del('a'), '# header\n'],
    ['goes from braces', 'a: { b: 1, c: 2 }\n', del('a.b'), 'a: { c: 2 }\n'],
    ['goes from the end of braces', 'a: {b: 1, c: 2}\n', del('a.c'), 'a: {b: 1}\n'],
    [
      'goes from a compact item',
      'l:\n  - a: 1\n    # about b\n    b: 2\n',
      del('l.0.a'),
      'l:\n  # about b\n  - b: 2\n',
    ],
    [
      'goes with a deep value',
      'a:\n  b:\n    - |\n      x\n\n  c: 1\n',
      del('a.b'),
      'a:\n  c: 1\n',
    ],
    ['is renamed', 'a: 1\n"b": [x] # n\n', rename('b', 'c'), 'a: 1\n"c": [x] # n\n'],
    ['is renamed to what needs quotes', 'a: {b: 1}\n', rename('a.b', 'x, y'), 'a: {"x, y": 1}\n'],
  ])('%s', (_, before, operation, after) => {
    expect(edit(before, operation)).toBe(after);
  });

  test('may be a number in a path', () => {
    const operations: YamlOperation[] = [
      { op: 'set', path: ['p', 80], value: makeNode('web') },
      { op: 'set', path: ['p', 443, 'x'], value: makeNode(1) },
      { op: 'delete', path: ['p', 22] },
    ];
    expect(edit('p:\n  80: http\n  443:\n  22: ssh\n', ...operations)).toBe(
      'p:\n  80: web\n  443:\n    x: 1\n',
    );
  });

  test('one that is no string is added as it was written', () => {
    const operation: YamlOperation = {
      op: 'set',
      path: ['p', '8443'],
      value: makeNode('tls'),
      keyToken: '8443',
    };
    expect(edit('p:\n  80: http\n', operation)).toBe('p:\n  80: http\n  8443: tls\n');
  });
});

describe('a list item', () => {
  const list = 'l:\n  - a\n  # about b\n  - b # n\n  - c\n';
  test.each<[string, string, YamlOperation, string]>([
    ['comes first', list, put('l.0', 'x'), list.replace('  - a', '  - x\n  - a')],
    [
      'comes before an item with its comment',
      list,
      put('l.1', 'x'),
      list.replace('  # about', '  - x\n  # about'),
    ],
    ['comes last', list, put('l.3', 'x'), `${list}  - x\n`],
    ['comes into brackets', 'l: [a, c]\n', put('l.1', 'b'), 'l: [a, b, c]\n'],
    ['comes to the end of brackets', 'l: [a] # n\n', put('l.1', 'b'), 'l: [a, b] # n\n'],
    ['comes into empty brackets', 'k: [x]\nl: []\n', put('l.0', 'a'), 'k: [x]\nl: [a]\n'],
    [
      'comes into an empty list among block lists',
      'k:\n  - x\nl: [] # n\n',
      put('l.0', 'a'),
      'k:\n  - x\nl: # n\n  - a\n',
    ],
    [
      'comes into brackets over lines',
      'l: [\n  a,\n  b,\n]\n',
      put('l.2', 'c'),
      'l: [\n  a,\n  b,\n  c,\n]\n',
    ],
    [
      'comes first in a nested list',
      'l:\n- - a\n  - b\n',
      put('l.0.0', 'x'),
      'l:\n- - x\n  - a\n  - b\n',
    ],
    [
      'is a mapping like the others',
      'l:\n  -   a: 1\n      b: 2\n',
      put(
        'l.1',
        new Map([
          ['a', 3],
          ['b', 4],
        ]),
      ),
      'l:\n  -   a: 1\n      b: 2\n  -   a: 3\n      b: 4\n',
    ],
    ['goes first', list, del('l.0'), list.replace('  - a\n', '')],
    ['goes with its comments', list, del('l.1'), 'l:\n  - a\n  - c\n'],
    ['goes last', list, del('l.2'), list.replace('  - c\n', '')],
    ['goes as the only one', 'l:\n  - a\nb: 1\n', del('l.0'), 'l: []\nb: 1\n'],
    ['goes from brackets', 'l: [a, b, c]\n', del('l.1'), 'l: [a, c]\n'],
    [
      'goes last from brackets over lines, comments of others stay',
      'l: [\n  a, # one\n  b # two\n]\n',
      del('l.1'),
      'l: [\n  a # one\n]\n',
    ],
    ['goes from the end of a line', 'l: [a, b,\n    c]\n', del('l.1'), 'l: [a,\n    c]\n'],
    [
      'goes last from its own line, behind a comment',
      'l: [ a, # one\n     b ]\n',
      del('l.1'),
      'l: [ a # one\n      ]\n',
    ],
    [
      'comes last on a line of its own, where no comma is',
      'l: [\n  a,\n  b # two\n]\n',
      put('l.2', 'c'),
      'l: [\n  a,\n  b, # two\n  c\n]\n',
    ],
    [
      'comes above a comment between brackets',
      'l: [\n  a,\n  # about b\n  b,\n]\n',
      put('l.1', 'x'),
      'l: [\n  a,\n  x,\n  # about b\n  b,\n]\n',
    ],
    ['takes the quotes of all others', "l: ['a', 'b']\n", put('l.1', 'x'), "l: ['a', 'x', 'b']\n"],
    ['takes them below each other', 'l:\n  - "a"\n', put('l.1', 'x'), 'l:\n  - "a"\n  - "x"\n'],
    ['takes none where others have none', "l: ['a', b]\n", put('l.1', 'x'), "l: ['a', x, b]\n"],
    ['goes from a nested list', 'l:\n- - a\n  - b\n', del('l.0.0'), 'l:\n- - b\n'],
    ['moves with its comment', list, move('l.1', 2), 'l:\n  - a\n  - c\n  # about b\n  - b # n\n'],
    ['moves to the front', list, move('l.2', 0), 'l:\n  - c\n  - a\n  # about b\n  - b # n\n'],
    ['moves in brackets', 'l: [a, b, c]\n', move('l.0', 2), 'l: [b, c, a]\n'],
    [
      'moves in a nested list',
      'l:\n- - a\n  - b: 1\n    c: 2\n',
      move('l.0.0', 1),
      'l:\n- - b: 1\n    c: 2\n  - a\n',
    ],
  ])('%s', (_, before, operation, after) => {
    expect(edit(before, operation)).toBe(after);
  });
});

test('operations follow one another', () => {
  expect(edit('l: [a, b]\n', del('l.0'), put('l.1', 'c'), set('k', 1), rename('k', 'm'))).toBe(
    'l: [b, c]\nm: 1\n',
  );
});

test('no operation is no change', () => {
  const document = parseYaml('f.yml', 'a: 1\n').document!;
  expect(applyEdits(document, [])).toBe(document);
});

describe('refused, with the place', () => {
  test.each<[string, YamlOperation, string]>([
    ['a: 1\n', del('b'), 'f.yml:1:1: there is no b'],
    ['a: 1\n', del('b.c'), 'f.yml:1:1: there is no b'],
    ['a: x\n', set('a.b', 1), 'f.yml:1:4: a is a single value and has no b'],
    ['a: {b: 1, c: 2}\n', rename('a.b', 'c'), 'f.yml:1:8: c stands beside a.b already'],
    ['a: [1]\n', put('a.2', 1), 'f.yml:1:4: a has no place 2; it has 1 items'],
    ['a: [1]\n', set('a.1', 1), 'f.yml:1:4: a has no place 1; it has 1 items'],
    ['a: [1]\n', set('a.x', 1), 'f.yml:1:4: a has no place NaN; it has 1 items'],
    ['a: {b: 1}\n', put('a.0', 1), 'f.yml:1:4: a is no list'],
    ['a: [1]\n', rename('a.0', 'x'), 'f.yml:1:4: a list item has no name'],
    [
      'a: &x {k: 1}\nb: *x\n',
      set('b.k', 2),
      'f.yml:2:4: b comes through the alias *x and stands elsewhere',
    ],
    ['a: &x {k: 1}\nb:\n  <<: *x\n', del('b.k'), 'f.yml:1:11: b.k comes through a merge key (<<)'],
    [
      'a: &x {k: {l: 1}}\nb:\n  <<: *x\n',
      set('b.k.l', 2),
      'f.yml:1:11: b.k comes through the alias *x and stands elsewhere',
    ],
    [
      'a: &x 1\nb: *x\n',
      set('a', 2),
      'f.yml:1:1: a cannot be changed alone: other values of the file would change with it',
    ],
    ['a: &x 1\nb: *x\n', del('a'), 'f.yml:1:1: a cannot be changed alone: unknown alias *x'],
  ])('%j', (text, operation, message) => {
    expect(() => edit(text, operation)).toThrow(new UserError(message));
  });
});
