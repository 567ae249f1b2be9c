import { expect, test } from 'vitest';

import { parseTree } from './tree-object.ts';

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
