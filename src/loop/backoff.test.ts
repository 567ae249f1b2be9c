import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { backoffDelay } from './backoff.ts';

test('backoff doubles from the shortest to the longest delay, and stays within them', () => {
  const backoff = { min: 1_000, max: 300_000 };
  const lowest = [1, 2, 3, 9, 50].map((failures) => backoffDelay(backoff, failures, 0));
  expect(lowest).toEqual([1_000, 2_000, 4_000, 150_000, 150_000]);
  expect(backoffDelay(backoff, 1, 0.999)).toBeCloseTo(1_999, 0);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const delay = backoffDelay(backoff, failures, random);
        expect(delay).toBeGreaterThanOrEqual(backoff.min);
        expect(delay).toBeLessThanOrEqual(backoff.max);
      },
    ),
  );
});
