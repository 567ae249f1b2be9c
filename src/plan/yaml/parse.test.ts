import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { damagedDocuments, yamlDocuments } from '../../../test/support/yaml-documents.ts';
import { formatProblem } from '../../model/problem.ts';
import { Float, Tagged, type Source, type YamlNode } from './node.ts';
import { decodeUtf8, parseYaml, parseYamlValue } from './parse.ts';
import { nodeAt, toValue } from './value.ts';

function decode(...parts: Uint8Array[]): ReturnType<typeof decodeUtf8> {
  return decodeUtf8('f', Buffer.concat(parts));
}

function problemsOf(text: string): string[] {
  const { document, problems } = parseYaml('f.yml', text);
  expect(document === undefined).toBe(problems.length > 0);
  return problems.map(formatProblem);
}

function read(text: string): YamlNode {
  const { root, problems } = parseYamlValue('f.yml', text);
  expect(problems).toEqual([]);
  return root!;
}

describe('what is read', () => {
  test('values have the types that PyYAML gives them', () => {
    const value = toValue(
      read(
        [
          'mode: 0644',
          'version: 1.10',
          'on: yes',
          'when: 2001-12-14',
          'big: 12345678901234567890',
          'none: ~',
          'empty:',
          'text: "a\\tb"',
          'raw: !unsafe "{{ x }}"',
          'typed: !!str 12',
          'list: [1, two]',
          '80: http',
          '',
        ].join('\n'),
      ),
    );
    expect(value).toEqual(
      new Map<string, unknown>([
        ['mode', 420],
        ['version', new Float(1.1)],
        ['True', true],
        ['when', '2001-12-14'],
        ['big', 12345678901234567890n],
        ['none', null],
        ['empty', null],
        ['text', 'a\tb'],
        ['raw', new Tagged('!unsafe', '{{ x }}')],
        ['typed', '12'],
        ['list', [1, 'two']],
        ['80', 'http'],
      ]),
    );
  });

  test('an empty file, or one of comments, is an empty mapping', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n', '---\n# nothing\n...\n']) {
      expect(parseYaml('f.yml', text).document?.root.entries.size).toBe(0);
    }
  });

  test('nodes know where they stand', () => {
    const text = 'a:\n  - b: "x" # c\n    d: !vault |\n      one\n      two\n\ne: {f: [1, 2]}\n';
    const root = read(text);
    const at = (...path: (string | number)[]): string => {
      const { source } = nodeAt(root, path)!;
      return `${source!.line}:${source!.column} ${text.slice(source!.start, source!.end)}`;
    };
    expect(at('a', 0, 'b')).toBe('2:8 "x"');
    expect(at('a', 0, 'd')).toBe('3:8 !vault |\n      one\n      two');
    expect(at('a', 0)).toBe('2:5 b: "x" # c\n    d: !vault |\n      one\n      two');
    expect(at('a')).toBe('2:3 - b: "x" # c\n    d: !vault |\n      one\n      two');
    expect(at('e', 'f')).toBe('7:8 [1, 2]');
    expect(at('e', 'f', 1)).toBe('7:12 2');
  });

  test('aliases stand for copies that name them; the copied nodes keep their source', () => {
    const root = read('base: &b {x: 1}\nuse: *b\nlist: [*b]\n');
    const use = nodeAt(root, ['use'])!;
    expect(use).toMatchObject({ alias: 'b', aliasSource: { line: 2, column: 6 } });
    expect(use.source).toEqual(nodeAt(root, ['base'])!.source);
    expect(nodeAt(use, ['x'])).toMatchObject({ alias: 'b', token: '1' });
    expect(nodeAt(root, ['base', 'x'])).not.toHaveProperty('alias');
    expect(nodeAt(root, ['list', 0])).toMatchObject({ alias: 'b' });
  });

  test('merge keys come first and give way to explicit keys', () => {
    const root = read('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: 3\n  <<: [*a, *b]\n');
    const merged = nodeAt(root, ['c'])!;
    expect(JSON.stringify(merged.kind === 'map' && [...merged.entries.keys()])).toBe(
      '["y","z","x"]',
    );
    expect(toValue(merged)).toEqual(
      new Map([
        ['y', 1],
        ['z', 3],
        ['x', 1],
      ]),
    );
    expect(merged.kind === 'map' && merged.entries.get('x')).toMatchObject({
      merged: true,
      value: { alias: 'a' },
    });
    expect(merged.kind === 'map' && merged.entries.get('z')).not.toHaveProperty('merged');
  });

  test('block scalars end as PyYAML ends them, also where the file ends without a newline', () => {
    expect(toValue(read('a: |\n  x'))).toEqual(new Map([['a', 'x']]));
    expect(toValue(read('a: |+\n  x\n\n'))).toEqual(new Map([['a', 'x\n\n']]));
    expect(toValue(read('a: >\n  x\n  y\n\n  z\n'))).toEqual(new Map([['a', 'x y\nz\n']]));
    expect(toValue(read('a: |2\n   x\n'))).toEqual(new Map([['a', ' x\n']]));
  });
});

describe('what is refused, and where', () => {
  test.each([
    ['a: 1\nb: 2\na: 3\n', '3:1: duplicate key a (it also stands on line 1)'],
    ['a: {b: 1, "b": 2}\n', '1:11: duplicate key "b" (it also stands on line 1)'],
    ['1: a\ntrue: b\n', '2:1: duplicate key true (it also stands on line 1)'],
    [
      'a: 1\n---\nb: 2\n',
      '2:1: the file holds more than one document (keep one document in a file)',
    ],
    [
      'a: 1\r\nb: 2\r\n',
      '1:5: the line ends with a carriage return (save the file with LF line ends)',
    ],
    ['a:\n\tb: 1\n', '2:1: a tab stands outside of quotes (use spaces)'],
    ['a: b\tc\n', '1:5: a tab stands outside of quotes (use spaces)'],
    ['\ufeffa: 1\n', '1:1: a byte order mark may not stand in the file (remove it)'],
    [
      'a: "\u0007"\n',
      '1:5: the character U+0007 may not stand in a YAML file (write it as "\\u0007" in double quotes)',
    ],
    [
      'a: \u2028\n',
      '1:4: the character U+2028 may not stand in a YAML file (write it as "\\u2028" in double quotes)',
    ],
    ['- a\n', '1:1: the top level must be a mapping (key: value), but is a list'],
    ['null\n', '1:1: the top level must be a mapping (key: value), but is a single value'],
    ['a: !foo 1\n', '1:4: unknown tag !foo (known are !vault, !unsafe and !unset)'],
    ['a: !vault {b: 1}\n', '1:4: the tag !vault is not supported on a mapping'],
    ['a: !unset 3\n', '1:4: nothing may follow !unset (it removes the key that it stands at)'],
    ['a: !!int x\n', '1:4: the tag !!int does not fit its value, or is not supported'],
    ['{a: 1}: 2\n', '1:1: a key must be a single text or number'],
    ['[a]: 2\n', '1:1: a key must be a single text or number'],
    ['b: &b 1\n*b : 2\n', '2:1: a key must be a single text or number'],
    ['? a\n: b\n', '1:1: explicit keys (?) are not supported'],
    [': b\n', '1:1: a key is missing before ":"'],
    ['a: =\n', '1:4: Ansible cannot read = as a value (put it in quotes)'],
    ['a: 2001-02-30\n', '1:4: Ansible cannot read 2001-02-30 as a value (put it in quotes)'],
    ['a: *x\n', '1:4: unknown alias *x'],
    ['a: &a [*a]\n', '1:8: the alias *a stands within its own anchor'],
    ['a: &a 1\nb: &a 2\n', '2:4: the anchor &a stands twice'],
    ['<<: 1\n', '1:1: << needs a mapping, or a list of mappings'],
    [
      'a: b: c\n',
      '1:4: nested mappings are not allowed in compact mappings (a value that contains ": " needs quotes)',
    ],
    [
      'a:\n  - b\n c: 1\n',
      '3:1: all mapping items must start at the same column (check the indentation)',
    ],
    ['%YAML 1.1\n---\na: 1\n', '1:1: directives (%…) are not supported (remove the line)'],
    [
      'a: "\\ud83d"\n',
      '1:5: half a character (\\ud800 to \\udfff) is no text (use \\U and eight digits, or the character itself)',
    ],
    [`a: '\\''\nb: 'c'\n`, '1:4: the closing quote is missing'],
    [
      'a: [b:]\n',
      '1:6: the ":" could be part of the value, or not (put the value in quotes, or a space after the colon)',
    ],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toEqual([`f.yml:${problem}`]);
  });

  test('every fault is told, not only the first', () => {
    expect(problemsOf('a: 1\na: !foo 2\nb: *c\n')).toHaveLength(3);
  });

  test('deep nesting and alias bombs are cut short', () => {
    expect(problemsOf(`a: ${'['.repeat(200_000)}`)[0]).toMatch(/nested more than 64 levels deep$/);
    expect(problemsOf(`${'- '.repeat(200_000)}x`)[0]).toMatch(/nested more than 64 levels deep$/);
    const bomb = ['a: &a [1,2,3,4,5,6,7,8,9]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) {
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`);
    }
    expect(problemsOf(bomb.join('\n'))).toEqual([
      'f.yml:5:8: aliases and merge keys add more than 10000 nodes',
    ]);
  });

  test('a file over 1 MiB is not read', () => {
    expect(problemsOf(`a: ${'x'.repeat(1024 * 1024)}`)).toEqual([
      'f.yml:1:1: the file is 1048579 bytes long; at most 1048576 are read',
    ]);
  });

  test('bytes must be UTF-8 without a byte order mark', () => {
    expect(decode(Buffer.from('a: é\n'))).toEqual({ text: 'a: é\n' });
    const bad = decode(Buffer.from('a: \ufffd\nb: '), Buffer.of(0xff), Buffer.from('\n'));
    expect(formatProblem(bad.problem!)).toBe(
      'f:2:4: the file is not valid UTF-8 (save it as UTF-8)',
    );
    expect(formatProblem(decode(Buffer.of(0xef, 0xbb, 0xbf)).problem!)).toBe(
      'f:1:1: the file starts with a byte order mark (save it as UTF-8 without one)',
    );
  });
});

test('property: every token and range is the text that stands there', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(yamlDocuments({ tags: true }), (text) => {
      const { root } = parseYamlValue('f.yml', text);
      const places = root ? [...placesOf(root)] : [];
      const token = ({ start, end }: Source): string => text.slice(start, end);
      expect(places.map(({ source }) => token(source))).toEqual(
        places.map((place) => place.token ?? token(place.source)),
      );
      expect(places.map(({ source: { line, column } }) => [line, column])).toEqual(
        places.map(({ source }) => {
          const lines = text.slice(0, source.start).split('\n');
          return [lines.length, lines.at(-1)!.length + 1];
        }),
      );
      const outside = places.filter(
        ({ source, within }) => source.start < within.start || source.end > within.end,
      );
      expect(outside).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Every node and key: its range, the token that must stand there, the range of the collection around it. */
function* placesOf(
  node: YamlNode,
  within: Source = node.source!,
): Generator<{ source: Source; token?: string; within: Source }> {
  const source = node.source!;
  yield node.kind === 'scalar' ? { source, token: node.token, within } : { source, within };
  if (node.kind === 'sequence') for (const item of node.items) yield* placesOf(item, source);
  if (node.kind !== 'map') return;
  for (const { keySource, keyToken, value } of node.entries.values()) {
    yield { source: keySource, token: keyToken, within: source };
    yield* placesOf(value, source);
  }
}

test('property: every text is read, or refused with positions', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.oneof(damagedDocuments({ anchors: true, tags: true }), fc.string()), (text) => {
      const { document, problems } = parseYaml('f.yml', text);
      expect(document === undefined).toBe(problems.length > 0);
      for (const problem of problems) {
        expect(problem.position?.line).toBeGreaterThan(0);
        expect(problem.position?.column).toBeGreaterThan(0);
      }
    }),
    { numRuns: 300 },
  );
});
