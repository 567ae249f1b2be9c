import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  brokenFleetLaws,
  fleetCase,
  groupsOf,
  tellingFleetCase,
} from '../../test/support/fleet-cases.ts';
import { testLaws } from '../../test/support/law-runs.ts';
import { fleets } from '../../test/support/law-suites.ts';
import { fleetProposals } from './fleet.ts';

const RUNS = { numRuns: 12 };
const LONG = { timeout: 60_000 };

testLaws(fleets, 12);

test(
  'groups of the random cases are made of several sites, and are proposed for',
  LONG,
  async () => {
    let together = 0;
    for (const one of fc.sample(fleetCase, RUNS)) {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) together += Number((await brokenFleetLaws(plan, edits)).together);
    }
    expect(together).toBeGreaterThan(RUNS.numRuns / 8);
  },
);

test('the order in which sites are named does not matter', LONG, async () => {
  await fc.assert(
    fc.asyncProperty(fleetCase, async (one) => {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) {
        const result = await fleetProposals({ plan, revision: 'r', edits });
        const other = await fleetProposals({ plan, revision: 'r', edits: edits.toReversed() });
        expect(other).toEqual(result);
      }
    }),
    RUNS,
  );
});

test('law 11, Secrets: none is shown', LONG, async () => {
  await fc.assert(
    fc.asyncProperty(tellingFleetCase, async (one) => {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) expect((await brokenFleetLaws(plan, edits)).broken).toEqual([]);
    }),
    RUNS,
  );
});
