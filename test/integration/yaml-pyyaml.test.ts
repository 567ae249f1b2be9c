import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { applyEdits } from '../../src/plan/yaml/edit.ts';
import { emitYaml } from '../../src/plan/yaml/emit.ts';
import { makeNode } from '../../src/plan/yaml/make.ts';
import { Float } from '../../src/plan/yaml/node.ts';
import { parseYaml, parseYamlValue } from '../../src/plan/yaml/parse.ts';
import { shown, shownScalar } from '../support/pyyaml-words.ts';
import { findPyYaml, PyYaml } from '../support/pyyaml.ts';
import { damagedDocuments, yamlDocuments } from '../support/yaml-documents.ts';

const python = findPyYaml();

/** Characters that numbers, dates and YAML's own signs are made of. */
const AWKWARD = '-+.0123456789eExoyn:_ #"\'\\{[,\n\t?!&*|>%@`=~<';

// Without PyYAML the name says why the tests are skipped.
const reason = python ? '' : ' (skipped: no python3 with the module yaml was found)';

describe.skipIf(python === undefined)(`PyYAML${reason}`, { timeout: 180_000 }, () => {
  let pyyaml: PyYaml;
  beforeAll(() => {
    pyyaml = new PyYaml(python!);
  });
  afterAll(() => pyyaml?.close());

  test.each([
    ['plain', {}],
    ['anchored', { anchors: true, tags: true }],
  ])('reads %s documents as we do, and what we write for them', async (_, options) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(yamlDocuments(options), async (text) => {
        const { root } = parseYamlValue('f.yml', text);
        if (!root) return;
        compared += 1;
        const theirs = await pyyaml.read(text);
        expect(theirs).toEqual({ value: shown(root) });
        if (text.includes('!unset')) return;
        expect(await pyyaml.read(emitYaml(root))).toEqual(theirs);
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(800);
  });

  test('reads the same with each of its scanners', async () => {
    await fc.assert(
      fc.asyncProperty(yamlDocuments({ anchors: true, tags: true }), async (text) => {
        const { root } = parseYamlValue('f.yml', text);
        if (!root) return;
        const theirs = await pyyaml.readAll(text);
        expect(theirs).toEqual(theirs.map(() => ({ value: shown(root) })));
      }),
      { numRuns: 200 },
    );
  });

  test('reads damaged documents as we do, wherever we do not refuse them', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(damagedDocuments({ anchors: true, tags: true }), async (text) => {
        const { root } = parseYamlValue('f.yml', text);
        if (!root) return;
        compared += 1;
        // PyYAML's own scanner knows no "?" within a word in brackets; libyaml does.
        const theirs = await pyyaml.read(text);
        if (theirs.error?.includes("got '?'")) return;
        expect(theirs).toEqual({ value: shown(root) });
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(400);
  });

  test('writes what we read as it does', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(yamlDocuments({ anchors: true, tags: true }), async (text) => {
        // Keys that differ in type alone are two to PyYAML; we refuse them.
        if (!parseYamlValue('f.yml', text).root) return;
        for (const written of (await pyyaml.read(text, { dump: true })).dumps ?? []) {
          const { root, problems } = parseYamlValue('f.yml', written);
          expect(problems).toEqual([]);
          expect(await pyyaml.read(written)).toEqual({ value: shown(root!) });
          compared += 1;
        }
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  test('reads the values that we write', async () => {
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...AWKWARD.split('')) }),
      fc.integer(),
      fc.bigInt(),
      fc.double().map((value) => new Float(value)),
      fc.constantFrom(null, true, false),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(scalar), async (values) => {
        const theirs = await pyyaml.read(emitYaml(makeNode(values)));
        expect(theirs).toEqual({ value: ['list', values.map(shownScalar)] });
      }),
      { numRuns: 500 },
    );
  });

  test('reads edited documents as we do', async () => {
    await fc.assert(
      fc.asyncProperty(yamlDocuments({ tags: true }), fc.string(), async (text, value) => {
        const { document } = parseYaml('f.yml', text);
        const key = document && [...document.root.entries.keys()][0];
        if (key === undefined) return;
        const node = makeNode(['a', value]);
        const edited = applyEdits(document!, [
          { op: 'set', path: [key], value: node },
          { op: 'set', path: ['new', 'key'], value: node },
        ]);
        expect(await pyyaml.read(edited.text)).toEqual({ value: shown(edited.root) });
      }),
      { numRuns: 500 },
    );
  });
});
