import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { LAW_TESTS, LAW_TIME, lawRun } from '../../test/support/law-runs.ts';
import { hiddenCase, prepareHidden, worked } from '../../test/support/rich-cases.ts';
import { brokenLaws } from '../../test/support/rich-laws.ts';

test.each(LAW_TESTS)(
  'laws 3, 4, 5 and 11, and minimal edits: hidden edits, parameters used %s, part %i',
  LAW_TIME,
  (uses, part) => {
    fc.assert(
      fc.property(hiddenCase(uses, 3), (one) => {
        const prepared = prepareHidden(one);
        expect(prepared ? brokenLaws(worked(prepared)) : []).toEqual([]);
      }),
      lawRun(part),
    );
  },
);
