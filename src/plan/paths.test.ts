import { expect, test } from 'vitest';

import { formatProblem, type Problem } from '../model/problem.ts';
import { PathIndex } from './paths.ts';
import { quoted, topOf } from './shape.ts';
import { withoutPause } from './without-pause.ts';

function indexed(
  paths: string[],
  before = new PathIndex(),
): { index: PathIndex; problems: Problem[] } {
  return withoutPause(before.next(paths));
}

function faults(paths: string[]): string[] {
  return indexed(paths).problems.map(formatProblem);
}

test.each([
  ['../x', '../x:1:1: the path "../x" contains ".."'],
  ['/etc/passwd', '/etc/passwd:1:1: the path "/etc/passwd" is absolute'],
  ['layers/../../x', 'layers/../../x:1:1: the path "layers/../../x" contains ".."'],
  ['a\0b', '"a\\u0000b":1:1: the path "a\\u0000b" contains a control character'],
  [
    'a\n\u001b[31mb',
    '"a\\n\\u001b[31mb":1:1: the path "a\\n\\u001b[31mb" contains a control character',
  ],
  ['-rf', '-rf:1:1: the path "-rf" has a part that starts with "-"'],
  ['layers/~x', 'layers/~x:1:1: the path "layers/~x" has a part that starts with "~"'],
  [
    'stacks/a/.GIT/config',
    'stacks/a/.GIT/config:1:1: the path "stacks/a/.GIT/config" contains ".git"',
  ],
  ['a\\b', 'a\\b:1:1: the path "a\\\\b" contains a backslash'],
])('%j is refused', (path, fault) => {
  expect(faults(['plan.yaml', path])).toEqual([fault]);
});

const SAME =
  'differ only in case or in the form of their characters (on some machines they are the same file: rename one)';

test('paths that some file systems take for one are refused', () => {
  expect(faults(['layers/a.yaml', 'layers/A.yaml'])).toEqual([
    `layers/a.yaml:1:1: "layers/a.yaml" and "layers/A.yaml" ${SAME}`,
  ]);
  // Composed and decomposed, and a ligature that is two letters to some.
  expect(faults(['layers/\u00e9.yaml', 'layers/e\u0301.yaml'])).toHaveLength(1);
  expect(faults(['layers/\ufb01.yaml', 'layers/fi.yaml'])).toHaveLength(1);
});

test('a folder in two spellings is told once, not for each file', () => {
  expect(faults(['Layers/a', 'layers/a', 'layers/b', 'layers/c'])).toEqual([
    `layers/a:1:1: "layers" and "Layers" ${SAME}`,
  ]);
});

test("a spelling that is gone is in nobody's way any more", () => {
  const { index } = indexed(['layers/A/x', 'layers/b']);
  expect(indexed(['layers/b', 'layers/a/x'], index).problems).toEqual([]);
  expect(indexed(['layers/A/x', 'layers/b', 'layers/a/y'], index).problems).toHaveLength(1);
});

test('the same paths give the same index', () => {
  const { index } = indexed(['a', 'b']);
  expect(indexed(['b', 'a'], index).index).toBe(index);
});

test('what could lead a terminal or a reader astray is shown escaped', () => {
  expect(topOf('a/b c\u00e9.yaml').file).toBe('a/b c\u00e9.yaml');
  expect(topOf('a\u009b31m').file).toBe('"a\\u009b31m"');
  expect(topOf('a\u202egnp.exe').file).toBe('"a\\u202egnp.exe"');
  expect(quoted('x'.repeat(1000))).toHaveLength(83);
});
