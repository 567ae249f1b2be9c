import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { LAW_TESTS, LAW_TIME, lawRun } from '../../test/support/law-runs.ts';
import { freeCase, prepareFree, worked } from '../../test/support/rich-cases.ts';
import { brokenLaws } from '../../test/support/rich-laws.ts';

test.each(LAW_TESTS)(
  'laws 3, 4, 5 and 11, and minimal edits: free edits, parameters used %s, part %i',
  LAW_TIME,
  (uses, part) => {
    fc.assert(
      fc.property(freeCase(uses, 3), (one) => {
        const prepared = prepareFree(one);
        expect(prepared ? brokenLaws(worked(prepared)) : []).toEqual([]);
      }),
      lawRun(part),
    );
  },
);
