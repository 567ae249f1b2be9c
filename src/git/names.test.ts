import { describe, expect, test } from 'vitest';

import { assertBranch, assertObjectId, assertRef, refNameFault } from './names.ts';

describe('ref names', () => {
  test.each(['main', 'trueup/lisbon-07/1f0c', 'feature/ü', 'v1.0', 'a-b', 'x@y'])(
    '%j can be a branch',
    (name) => expect(() => assertBranch(name)).not.toThrow(),
  );

  test.each([
    ['', 'is empty'],
    ['-d', 'starts with "-"'],
    ['a/-b', 'starts with "-"'],
    ['--upload-pack=touch x', 'does not allow'],
    ['.hidden', 'starts with "."'],
    ['a/.b', 'starts with "."'],
    ['a..b', 'does not allow'],
    ['a.lock', 'ends with ".lock"'],
    ['a.lock/b', 'ends with ".lock"'],
    ['a//b', 'has an empty part'],
    ['/a', 'has an empty part'],
    ['a/', 'has an empty part'],
    ['a.', 'ends with "."'],
    ['@', 'is "@"'],
    ['a@{1}', 'does not allow'],
    ['a b', 'does not allow'],
    ['a~1', 'does not allow'],
    ['a^', 'does not allow'],
    ['a:b', 'does not allow'],
    ['a*', 'does not allow'],
    ['a?', 'does not allow'],
    ['a[b', 'does not allow'],
    ['a\\b', 'does not allow'],
    ['a\nb', 'does not allow'],
    ['a\0b', 'does not allow'],
    ['\ud800', 'is not valid Unicode'],
    ['a'.repeat(600), 'longer than 512'],
    ['refs/heads/main', 'starts with "refs/"'],
  ])('%j cannot', (name, fault) => {
    expect(() => assertBranch(name)).toThrow(fault);
  });

  test('refs stand under refs/', () => {
    expect(() => assertRef('refs/sites/lisbon-07/desired')).not.toThrow();
    expect(() => assertRef('HEAD')).toThrow('outside refs/');
    expect(refNameFault('refs/sites/a b')).toBeDefined();
  });
});

test.each(['HEAD', 'abc', `${'a'.repeat(40)}\n`, 'A'.repeat(40), `-${'a'.repeat(39)}`])(
  '%j is no object id',
  (id) => expect(() => assertObjectId(id)).toThrow('not a full object id'),
);

test('object ids of both hashes are taken', () => {
  expect(() => assertObjectId('a1'.repeat(20))).not.toThrow();
  expect(() => assertObjectId('a1'.repeat(32))).not.toThrow();
});
