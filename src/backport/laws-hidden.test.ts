import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { hiddenCase, prepareHidden, type Uses, worked } from '../../test/support/rich-cases.ts';
import { brokenLaws } from '../../test/support/rich-laws.ts';
import { seedOf } from '../../test/support/seed.ts';

const USES: readonly Uses[] = ['once', 'reuse'];

/** Cases of each test. More for a long run: `BACKPORT_CASES=5000 npx vitest run src/backport/laws-hidden.test.ts`. */
const CASES = Number(process.env['BACKPORT_CASES'] ?? 250);
const LONG = { timeout: CASES > 250 ? 3_600_000 : 120_000 };

/** No test is to take long: each draws its own cases. */
const PARTS = [1, 2, 3, 4];
const TESTS = PARTS.flatMap((part) => USES.map((uses) => [uses, part] as const));

test.each(TESTS)(
  'laws 3, 4, 5 and 11, and minimal edits: hidden edits, parameters used %s, part %i',
  LONG,
  (uses, part) => {
    fc.assert(
      fc.property(hiddenCase(uses, 3), (one) => {
        const prepared = prepareHidden(one);
        expect(prepared ? brokenLaws(worked(prepared)) : []).toEqual([]);
      }),
      { numRuns: CASES, ...seedOf(part) },
    );
  },
);
