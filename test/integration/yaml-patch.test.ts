import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { applyEdits } from '../../src/plan/yaml/edit.ts';
import { makeNode } from '../../src/plan/yaml/make.ts';
import { parseYaml } from '../../src/plan/yaml/parse.ts';
import { unifiedPatch } from '../../src/plan/yaml/patch.ts';
import { yamlDocuments } from '../support/yaml-documents.ts';

test('git apply makes of the file before what the edit made of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-patch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  const file = 'a layer.yaml';
  let applied = 0;
  fc.assert(
    fc.property(yamlDocuments({ tags: true }), fc.nat(), (text, pick) => {
      const { document } = parseYaml(file, text);
      const keys = document ? [...document.root.entries.keys()] : [];
      if (keys.length === 0) return;
      const key = keys[pick % keys.length]!;
      const edited = applyEdits(document!, [
        { op: 'set', path: [key], value: makeNode('word') },
        { op: 'set', path: ['new'], value: makeNode(['x', key]) },
      ]);
      writeFileSync(join(folder, file), text);
      const input = unifiedPatch(file, text, edited.text);
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
        cwd: folder,
        input,
        timeout: 60_000,
      });
      expect(readFileSync(join(folder, file), 'utf8')).toBe(edited.text);
      applied += 1;
    }),
    { numRuns: 40 },
  );
  expect(applied).toBeGreaterThan(10);
});
