import { structuredPatch } from 'diff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { applyEdits } from '../../src/plan/yaml/edit.ts';
import { parseYaml } from '../../src/plan/yaml/parse.ts';
import { meant } from '../support/pyyaml-words.ts';
import { findPyYaml, PyYaml } from '../support/pyyaml.ts';
import { ansibleFiles } from '../support/yaml-files/ansible-files.ts';
import { serviceFiles } from '../support/yaml-files/service-files.ts';
import { textFiles } from '../support/yaml-files/text-files.ts';

// Files as people write them, each edited in many places: which lines change is told line by line, and PyYAML has the
// last word on what the edited file says.

const FILES = [...ansibleFiles, ...serviceFiles, ...textFiles];
const CASES = FILES.flatMap(({ name, text, edits }) =>
  edits.map((edit) => ({ ...edit, file: name, text })),
);
const python = findPyYaml();

function edited(text: string, operation: (typeof CASES)[number]['operation']): string {
  const { document, problems } = parseYaml('f.yml', text);
  expect(problems).toEqual([]);
  return applyEdits(document!, [operation]).text;
}

describe.each(FILES)('$name', ({ text, edits }) => {
  test.each(edits)('$what: no other line changes', ({ operation, diff }) => {
    const { hunks } = structuredPatch('', '', text, edited(text, operation), '', '', {
      context: 0,
    });
    const lines = hunks.flatMap((hunk) => hunk.lines).filter((line) => !line.startsWith('\\'));
    expect(lines.join('\n')).toBe(diff);
  });

  test('no edit changes nothing', () => {
    const { document } = parseYaml('f.yml', text);
    for (const { key, value } of document!.root.entries.values()) {
      const operation = { op: 'set', path: [key], value } as const;
      expect(applyEdits(document!, [operation]).text).toBe(text);
    }
  });
});

test.each([
  ['lines that end as on Windows', 'a: 1\r\nb: 2\r\n', 'f.yml:1:5'],
  ['a byte order mark', '\ufeffa: 1\n', 'f.yml:1:1'],
  ['two documents', 'a: 1\n---\nb: 2\n', 'f.yml:2:1'],
  ['indentation by tabs', 'a:\n\tb: 1\n', 'f.yml:2:1'],
  ['a directive', '%YAML 1.1\n---\na: 1\n', 'f.yml:1:1'],
  ['an explicit key', 'a: 1\n? b\n: 2\n', 'f.yml:2:1'],
  ['one key twice', 'a: 1\nb: 2\na: 3\n', 'f.yml:3:1'],
])('%s: refused where it stands, before anything is edited', (_, text, place) => {
  const { document, problems } = parseYaml('f.yml', text);
  expect(document).toBeUndefined();
  const { file, line, column } = problems[0]!.position!;
  expect(`${file}:${line}:${column}`).toBe(place);
});

const reason = python ? '' : ' (skipped: no python3 with the module yaml was found)';
describe.skipIf(python === undefined)(`PyYAML${reason}`, () => {
  let pyyaml: PyYaml;
  beforeAll(() => {
    pyyaml = new PyYaml(python!);
  });
  afterAll(() => pyyaml?.close());

  test.each(CASES)('reads $file as meant: $what', async ({ text, operation }) => {
    const before = await pyyaml.read(text);
    expect(before.error).toBeUndefined();
    const after = await pyyaml.read(edited(text, operation));
    expect(after).toEqual({ value: meant(before.value, operation) });
  });
});
