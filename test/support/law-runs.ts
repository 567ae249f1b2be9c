import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Suite } from './law-suites.ts';
import { seedOf } from './seed.ts';

/**
 * Tests that play a share of a suite; `npm run laws` plays many more. The name tells the seed: a case that fails is
 * played again by `npm run laws -- --only NAME --seed SEED`.
 * @param cases those that each test judges
 * @param parts no test is to take long: each draws its own cases
 */
export function testLaws(suite: Suite, cases: number, parts: number = 1): void {
  for (let part = 1; part <= parts; part += 1) {
    const seed = seedOf(part);
    const laws = suite.laws.join(', ');
    test(
      `${laws}: ${suite.name} (${cases} cases, seed ${seed})`,
      { timeout: 120_000 },
      async () => {
        let judged = 0;
        const property = suite.property(() => {
          judged += 1;
        });
        await fc.assert(property, { numRuns: cases, seed });
        expect(judged).toBe(cases);
      },
    );
  }
}
