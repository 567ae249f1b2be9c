import { expect, test } from 'vitest';

import { diffLines } from './lines.ts';

test('lines know their file and their number before the change', () => {
  const lines = diffLines(
    '--- a/motd\n+++ b/motd\n@@ -3,3 +3,3 @@\n same\n-old\n+new\n more\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n',
  );
  expect(lines.map(({ kind, file, before }) => [kind, file, before])).toEqual([
    ['file', 'motd', null],
    ['file', 'motd', null],
    ['hunk', 'motd', null],
    ['same', 'motd', 3],
    ['removed', 'motd', 4],
    ['added', 'motd', null],
    ['same', 'motd', 5],
    ['file', 'x', null],
    ['file', 'x', null],
    ['hunk', 'x', null],
    ['removed', 'x', 1],
  ]);
});

test('a removed line that looks like the name of a file is none', () => {
  const lines = diffLines('--- a/m\n+++ b/m\n@@ -1,2 +1,2 @@\n--- a/other\n+++ b/other\n same\n');
  expect(lines.slice(3).map(({ kind, file }) => [kind, file])).toEqual([
    ['removed', 'm'],
    ['added', 'm'],
    ['same', 'm'],
  ]);
});

test('what is no diff is shown as it is', () => {
  expect(diffLines('Binary file x differs\n\\ No newline at end of file')).toMatchObject([
    { kind: 'note', text: 'Binary file x differs' },
    { kind: 'note', text: '\\ No newline at end of file' },
  ]);
});
