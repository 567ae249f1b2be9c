import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { yamlDocuments } from '../../../test/support/yaml-documents.ts';
import { UserError } from '../../model/errors.ts';
import { applyEdits, type YamlOperation } from './edit.ts';
import { makeNode } from './make.ts';
import type { Value, YamlDocument, YamlNode, YamlPath } from './node.ts';
import { parseYaml } from './parse.ts';
import { nodeAt, sameValue, toValue } from './value.ts';

const timeout = 60_000;

/** Documents that can be read, and in each a place picked at random. */
function places(options: {
  anchors: boolean;
}): fc.Arbitrary<{ document: YamlDocument; path: YamlPath }> {
  return fc
    .tuple(yamlDocuments({ tags: true, ...options }), fc.nat())
    .map(([text, pick]) => {
      const { document } = parseYaml('f.yml', text);
      if (!document) return undefined;
      const paths = pathsOf(document.root);
      return { document, path: paths[pick % paths.length]! };
    })
    .filter((place) => place !== undefined);
}

function pathsOf(node: YamlNode, path: YamlPath = []): YamlPath[] {
  const below =
    node.kind === 'map'
      ? [...node.entries.values()].flatMap(({ key, value }) => pathsOf(value, [...path, key]))
      : node.kind === 'sequence'
        ? node.items.flatMap((item, i) => pathsOf(item, [...path, i]))
        : [];
  return [path, ...below];
}

const scalarValues = fc.constantFrom<Value[]>('word', 'a: b', 'yes', '1e3', "it's", 7, null, true);
const values: fc.Arbitrary<Value> = fc.oneof(
  scalarValues,
  fc.constantFrom<Value[]>(
    'two\nlines\n',
    [],
    new Map(),
    ['v', ['w']],
    new Map<string, Value>([
      ['k', 1],
      ['l', ['v']],
    ]),
  ),
);

/** What an operation makes of a value, worked out without any text. */
function expected(value: Value, operation: YamlOperation, depth = 0): Value {
  const { path } = operation;
  const step = path[depth]!;
  const isLast = depth === path.length - 1;
  if (Array.isArray(value)) {
    const items = [...value];
    const index = Number(step);
    if (!isLast) items[index] = expected(items[index]!, operation, depth + 1);
    else if (operation.op === 'set') items[index] = toValue(operation.value);
    else if (operation.op === 'delete') items.splice(index, 1);
    else if (operation.op === 'insert') items.splice(index, 0, toValue(operation.value));
    else if (operation.op === 'move') items.splice(operation.to, 0, ...items.splice(index, 1));
    return items;
  }
  const map = new Map(value instanceof Map ? value : []);
  const key = String(step);
  if (!isLast) map.set(key, expected(map.get(key) ?? null, operation, depth + 1));
  else if (operation.op === 'set') map.set(key, toValue(operation.value));
  else if (operation.op === 'delete') map.delete(key);
  else if (operation.op === 'rename') {
    return new Map([...map].map(([name, item]) => [name === key ? operation.key : name, item]));
  }
  return map;
}

/** Operations that make sense at a place. */
function operations(node: YamlNode, path: YamlPath, value: Value): YamlOperation[] {
  const made = makeNode(value);
  const here: YamlOperation[] = [
    { op: 'set', path, value: made },
    { op: 'delete', path },
  ];
  if (typeof path.at(-1) === 'string') here.push({ op: 'rename', path, key: 'renamed' });
  if (path.length === 0) here.length = 0;
  if (node.kind === 'map') {
    here.push({ op: 'set', path: [...path, 'new'], value: made });
    here.push({ op: 'set', path: [...path, 'new', 'deep'], value: made });
  }
  if (node.kind === 'sequence') {
    const middle = node.items.length >> 1;
    here.push({ op: 'insert', path: [...path, 0], value: made });
    here.push({ op: 'insert', path: [...path, node.items.length], value: made });
    if (middle > 0) here.push({ op: 'move', path: [...path, 0], to: middle });
  }
  return here;
}

test(
  'property: an edited text reads as the edited value, or the edit is refused',
  { timeout },
  () => {
    const outcome = { done: 0, refused: 0 };
    fc.assert(
      fc.property(
        places({ anchors: false }),
        values,
        fc.nat(),
        ({ document, path }, value, pick) => {
          const choice = operations(nodeAt(document.root, path)!, path, value);
          const operation = choice[pick % choice.length]!;
          const after = attempt(document, operation);
          outcome[after === undefined ? 'refused' : 'done'] += 1;
          if (after === undefined) return;
          const { root } = parseYaml('f.yml', after).document!;
          expect(sameValue(toValue(root), expected(toValue(document.root), operation))).toBe(true);
        },
      ),
      { numRuns: 250 },
    );
    // Only oddities, such as a file that is nothing but `...`, cannot be edited.
    expect(outcome.refused).toBeLessThan(outcome.done / 20);
  },
);

test(
  'property: with anchors about, an edit changes its path alone, or is refused',
  { timeout },
  () => {
    fc.assert(
      fc.property(
        places({ anchors: true }),
        values,
        fc.nat(),
        ({ document, path }, value, pick) => {
          const choice = operations(nodeAt(document.root, path)!, path, value);
          const operation = choice[pick % choice.length]!;
          const after = attempt(document, operation);
          if (after === undefined) return;
          const { root } = parseYaml('f.yml', after).document!;
          expect(sameValue(toValue(root), expected(toValue(document.root), operation))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  },
);

test('property: setting what stands there already changes nothing', { timeout }, () => {
  fc.assert(
    fc.property(places({ anchors: true }), ({ document, path }) => {
      const value = nodeAt(document.root, path)!;
      const operation: YamlOperation = { op: 'set', path, value };
      expect(attempt(document, operation) ?? document.text).toBe(document.text);
    }),
    { numRuns: 100 },
  );
});

test('property: lines that an edit does not need stay as they are', { timeout }, () => {
  fc.assert(
    fc.property(
      places({ anchors: false }),
      scalarValues,
      fc.nat(),
      ({ document, path }, value, pick) => {
        const node = nodeAt(document.root, path)!;
        const choice = operations(node, path, value);
        const operation = choice[pick % choice.length]!;
        const after = attempt(document, operation);
        if (after === undefined) return;
        const before = document.text.split('\n');
        const lines = after.split('\n');
        const [first, last] = neededLines(document, path);
        const prefix = before.findIndex((line, i) => line !== lines[i]);
        const suffix = before
          .toReversed()
          .findIndex((line, i) => line !== lines[lines.length - 1 - i]);
        expect(prefix === -1 ? Infinity : prefix).toBeGreaterThanOrEqual(first);
        expect(suffix === -1 ? Infinity : suffix).toBeGreaterThanOrEqual(before.length - 1 - last);
      },
    ),
    { numRuns: 250 },
  );
});

test('property: a word in place of a word is a change of one line', { timeout }, () => {
  let done = 0;
  fc.assert(
    fc.property(places({ anchors: false }), ({ document, path }) => {
      const node = nodeAt(document.root, path)!;
      if (node.kind !== 'scalar' || node.token.includes('\n') || path.length === 0) return;
      const after = attempt(document, { op: 'set', path, value: makeNode('word') });
      if (after === undefined) return;
      done += 1;
      const before = document.text.trimEnd().split('\n');
      const lines = after.trimEnd().split('\n');
      expect(lines).toHaveLength(before.length);
      expect(lines.filter((line, i) => line !== before[i]).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 150 },
  );
  expect(done).toBeGreaterThan(20);
});

/** The text after an operation, or undefined where it is refused. */
function attempt(document: YamlDocument, operation: YamlOperation): string | undefined {
  try {
    return applyEdits(document, [operation]).text;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * First and last line (from 0) that an edit at a path may touch: those of its entry, with the comments and blank
 * lines around it; those of its parent's where it is the only one, or shares its line with a dash of the parent's.
 */
function neededLines({ root, text }: YamlDocument, path: YamlPath): [first: number, last: number] {
  const lines = text.split('\n');
  if (path.length === 0) return [0, lines.length - 1];
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length - 1;
  const parentPath = path.slice(0, -1);
  const parent = nodeAt(root, parentPath)!;
  const { start, end } = nodeAt(root, path)!.source!;
  const key = parent.kind === 'map' && parent.entries.get(String(path.at(-1)))?.keySource;
  const from = key ? key.start : start;
  const top = parent.source!.start;
  const isFirst = from === top || path.at(-1) === 0;
  const dashed = /-/.test(text.slice(text.lastIndexOf('\n', top - 1) + 1, top));
  if (childrenOf(parent) < 2 || (isFirst && dashed))
    return neededLines({ file: '', root, text }, parentPath);
  let first = lineOf(from);
  let last = lineOf(end);
  // A dash may stand alone on its line.
  while (first > 0 && /^ *(?:-(?: *-)* *)?(?:#.*)?$/.test(lines[first - 1]!)) first -= 1;
  while (last + 1 < lines.length && /^ *(?:#.*)?$/.test(lines[last + 1]!)) last += 1;
  return [first, last];
}

function childrenOf(node: YamlNode): number {
  return node.kind === 'map' ? node.entries.size : node.kind === 'sequence' ? node.items.length : 0;
}
