import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { yamlDocuments } from '../../../test/support/yaml-documents.ts';
import { makeNode } from './make.ts';
import { NodeIds } from './node-ids.ts';
import { Float, Tagged, type Value, type YamlNode } from './node.ts';
import { parseYamlValue } from './parse.ts';
import { sameNode } from './value.ts';

/** Values that are easily taken for each other. */
const ALIKE = [
  '1', '1.0', '"1"', '0x1', '1e0', '01', '-0.0', '0.0', '0', '.nan', '.NaN', '.inf',
  'true', 'yes', '"true"', 'null', '~', '""', '"null"',
  '2001-12-14', '"2001-12-14"', '!!timestamp 2001-12-14', '!!str 2001-12-14',
  '!unsafe a', '!vault a', 'a', '"a"', "'s1 a'", '!unsafe "1"', '18446744073709551616', '"18446744073709551616"',
  '[]', '{}', '[1]', '[[1]]', '["1"]', '[1, 1]', '["1,1"]', '[[1, 1]]',
  '{a: 1}', '{a: 1.0}', '{"a": "1"}', '{1: a}', '{"1": a}', '{yes: a}', '{True: a}', '{"True": a}', '{~: a}', '{None: a}',
  '{2001-12-14: a}', '{"2001-12-14": a}', '{a: 1, b: 2}', '{b: 2, a: 1}', '{a: {b: 2}}', '{"a 1,b": 2}',
]; // prettier-ignore

function nodes(...texts: string[]): YamlNode[] {
  return texts.map((text) => {
    const { root, problems } = parseYamlValue('f.yml', text);
    if (!root) throw new Error(`${text}: ${problems[0]?.message}`);
    return root;
  });
}

/** Every node in these, at every depth. */
function within(node: YamlNode): YamlNode[] {
  if (node.kind === 'scalar') return [node];
  const below =
    node.kind === 'sequence' ? node.items : [...node.entries.values()].map(({ value }) => value);
  return [node, ...below.flatMap(within)];
}

function disagreements(all: readonly YamlNode[]): string[] {
  const ids = new NodeIds();
  const numbered = all.map((node) => [node, ids.of(node)] as const);
  return numbered.flatMap(([a, idOfA]) =>
    numbered
      .filter(([b, idOfB]) => (idOfA === idOfB) !== sameNode(a, b))
      .map(([b]) => JSON.stringify([a, b], (_, v) => (typeof v === 'bigint' ? `${v}n` : v))),
  );
}

test('nodes have the same number exactly where they are the same', () => {
  const made: Value[] = [
    1,
    1n,
    '1',
    new Float(1),
    new Tagged('!vault', 'a'),
    new Tagged('!v', 'ault a'),
  ];
  const all = [...nodes(...ALIKE), ...made.map((value) => makeNode(value))];
  expect(disagreements(all)).toEqual([]);
  const ids = new NodeIds();
  expect(new Set(all.map((node) => ids.of(node))).size).toBeGreaterThan(30);
});

test('property: numbers agree with comparing each with each', () => {
  const document = yamlDocuments({ anchors: true, tags: true });
  fc.assert(
    fc.property(document, document, (one, other) => {
      const all = [one, other].flatMap((text) => {
        const { root } = parseYamlValue('f.yml', text);
        return root ? within(root).slice(0, 60) : [];
      });
      expect(disagreements([...all, ...nodes(...ALIKE)])).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
