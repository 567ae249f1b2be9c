import { expect, test } from 'vitest';

import { listsTag, parseRange } from './ranges.ts';

test('a range of bytes, from the start, the end, or between', () => {
  expect(parseRange('bytes=0-', 10)).toEqual({ start: 0, end: 9 });
  expect(parseRange('bytes=3-5', 10)).toEqual({ start: 3, end: 5 });
  expect(parseRange('bytes=3-500', 10)).toEqual({ start: 3, end: 9 });
  expect(parseRange('bytes=-4', 10)).toEqual({ start: 6, end: 9 });
  expect(parseRange('bytes=-40', 10)).toEqual({ start: 0, end: 9 });
});

test('what the file has no byte of cannot be had', () => {
  expect(parseRange('bytes=10-', 10)).toBe('unsatisfiable');
  expect(parseRange('bytes=-0', 10)).toBe('unsatisfiable');
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
});

test('what is no single range of bytes asks for nothing', () => {
  for (const header of [
    undefined,
    '',
    'bytes=-',
    'bytes=5-3',
    'bytes=1-2,4-5',
    'lines=1-2',
    'bytes=a-b',
    `bytes=${'9'.repeat(40)}-`,
  ]) {
    expect(parseRange(header, 10)).toBeUndefined();
  }
});

test('tags are compared as they stand, weak ones as strong ones', () => {
  expect(listsTag('"a", "b"', '"b"')).toBe(true);
  expect(listsTag('W/"b"', '"b"')).toBe(true);
  expect(listsTag('*', '"b"')).toBe(true);
  expect(listsTag('"bb"', '"b"')).toBe(false);
  expect(listsTag(undefined, '"b"')).toBe(false);
});
