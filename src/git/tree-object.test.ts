import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { changedEntries, parseTree } from './tree-object.ts';

const ID = 'ab'.repeat(20);

function entry(mode: string, name: Buffer | string, id = ID): Buffer {
  return Buffer.concat([
    Buffer.from(`${mode} `),
    Buffer.from(name),
    Buffer.of(0),
    Buffer.from(id, 'hex'),
  ]);
}

test('entries are told as they stand', () => {
  const content = Buffer.concat([
    entry('100644', 'a file é'),
    entry('40000', '..'),
    entry('100664', Buffer.of(0x61, 0xff, 0x0a)),
  ]);
  expect(parseTree(content, 20)).toEqual([
    { mode: '100644', name: 'a file é', valid: true, id: ID },
    { mode: '40000', name: '..', valid: true, id: ID },
    { mode: '100664', name: 'a\\xff\\x0a', valid: false, id: ID },
  ]);
  expect(parseTree(Buffer.alloc(0), 20)).toEqual([]);
  expect(parseTree(entry('100644', 'x', 'cd'.repeat(32)), 32)[0]?.id).toBe('cd'.repeat(32));
});

test('a tree that is cut off anywhere is an error, not a shorter tree', () => {
  const content = entry('100644', 'name');
  for (let length = 1; length < content.length; length += 1) {
    expect(() => parseTree(content.subarray(0, length), 20)).toThrow('cut off');
  }
});

test('property: what differs between two trees is what their entries tell', () => {
  const id = fc.constantFrom(...['00', '01', 'ff', '20'].map((byte) => byte.repeat(20)));
  const name = fc.constantFrom('a', 'b', 'aa', 'b c', 'é');
  const tree = fc.array(fc.tuple(fc.constantFrom('100644', '40000'), name, id), { maxLength: 8 });
  const other = fc.tuple(tree, fc.array(id, { minLength: 8, maxLength: 8 }), fc.boolean(), tree);
  fc.assert(
    fc.property(other, ([one, ids, sameNames, anything]) => {
      const two = sameNames
        ? one.map(([mode, path], at): [string, string, string] => [mode, path, ids[at]!])
        : anything;
      const [before, after] = [one, two].map((entries) =>
        Buffer.concat(entries.map((parts) => entry(...parts))),
      );
      const [was, is] = [parseTree(before!, 20), parseTree(after!, 20)];
      const comparable =
        was.length === is.length &&
        was.every(({ mode, name: path }, at) => is[at]!.mode === mode && is[at]!.name === path);
      const pairs = was.map((one, at) => ({ was: one, is: is[at]! }));
      const differing = pairs.filter((pair) => pair.was.id !== pair.is?.id);
      expect(changedEntries(before!, after!, 20)).toEqual(comparable ? differing : undefined);
    }),
    { numRuns: 500 },
  );
  const cut = entry('100644', 'name').subarray(0, 30);
  const otherCut = Buffer.from(cut).fill(0xcd, 29);
  expect(() => changedEntries(cut, otherCut, 20)).toThrow('cut off');
});
