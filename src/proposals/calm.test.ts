import { expect, test } from 'vitest';

import { calm, waitingText } from './calm.ts';

const limits = { maxOpen: 3, maxPerHour: 5 };
const now = 10_000_000;
const quiet = { limits, open: 0, made: [], ahead: 0, inWindow: true, now };

test('with room, an edit is proposed at once', () => {
  expect(calm(quiet)).toBeUndefined();
  expect(calm({ ...quiet, open: 2, made: [now, now] })).toBeUndefined();
});

test('as many as may be are open', () => {
  expect(calm({ ...quiet, open: 3 })).toBe('open');
});

test('those who have waited longer come first', () => {
  expect(calm({ ...quiet, open: 2, ahead: 0 })).toBeUndefined();
  expect(calm({ ...quiet, open: 2, ahead: 1 })).toBe('open');
  expect(calm({ ...quiet, made: [now, now, now, now], ahead: 1 })).toBe('hour');
});

test('only proposals of the last hour count', () => {
  const made = Array.from({ length: 9 }, (_, i) => now - (i + 56) * 60_000);
  expect(calm({ ...quiet, made: made.slice(0, 4) })).toBeUndefined();
  expect(calm({ ...quiet, made: [now, ...made] })).toBe('hour');
  expect(calm({ ...quiet, made })).toBeUndefined();
});

test('outside of its times nothing is proposed', () => {
  expect(calm({ ...quiet, inWindow: false })).toBe('window');
  expect(waitingText('window', limits)).toContain('drift.windows');
});
