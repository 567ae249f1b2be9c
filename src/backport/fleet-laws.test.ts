import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { falseClaims, shownText, wrongRadius } from '../../test/support/backport-laws.ts';
import { planOf } from '../../test/support/backport-plan.ts';
import { editTree, randomEdits, tellingEdits } from '../../test/support/random-edits.ts';
import { PLANTED, randomPlan, type RandomPlan } from '../../test/support/random-plans.ts';
import { secretForms } from '../model/redact.ts';
import { changedPaths } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from '../render/render.ts';
import { fleetKey, fleetProposals, type SiteEdit } from './fleet.ts';

/** More cases for a long run: `BACKPORT_CASES=5000 npx vitest run src/backport/fleet-laws.test.ts`. */
const CASES = Number(process.env['BACKPORT_CASES'] ?? 12);
const LONG = { timeout: CASES > 12 ? 3_600_000 : 30_000 };

interface FleetCase {
  source: RandomPlan;
  edits: Parameters<typeof editTree>[1];
  /** Takes the edits for the same whether they are or not: no claim may be false even so. */
  careless: boolean;
}

const fleetCase = caseWith(randomEdits);
const tellingCase = caseWith(tellingEdits);

function caseWith(edits: fc.Arbitrary<FleetCase['edits']>): fc.Arbitrary<FleetCase> {
  return fc.record({ source: randomPlan, edits, careless: fc.boolean() });
}

/** The same thing done at every site of a plan; sites at which that comes to the same edit, together. */
function groupsOf({ source, edits, careless }: FleetCase): { plan: Plan; groups: SiteEdit[][] } {
  const plan = planOf(source.files);
  const made = source.sites.map((site) => {
    const desired = renderSite(plan, site).tree;
    return { site, desired, observed: editTree(desired, edits) };
  });
  const groups = Map.groupBy(
    made.filter(({ desired, observed }) => changedPaths(desired, observed).length > 0),
    ({ site, desired, observed }) => (careless ? '' : fleetKey(plan, site, desired, observed)),
  );
  return { plan, groups: [...groups.values()] };
}

test('law 3, PutGet: at every site of a group it renders as it was found', LONG, async () => {
  let together = 0;
  await fc.assert(
    fc.asyncProperty(fleetCase, async (one) => {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) {
        const result = await fleetProposals({ plan, revision: 'r', edits });
        expect([...result.sites, ...result.apart].toSorted()).toEqual(
          edits.map(({ site }) => site).toSorted(),
        );
        if (result.sites.length > 1 && result.proposals.length > 0) together += 1;
        for (const proposal of result.proposals) {
          for (const { site, observed } of edits) {
            if (!result.sites.includes(site)) continue;
            expect(falseClaims(plan, { ...result, site }, observed, proposal)).toEqual([]);
          }
        }
      }
    }),
    { numRuns: CASES },
  );
  expect(together).toBeGreaterThan(CASES / 8);
});

test('law 5, Blast radius: exactly the sites and files whose rendering changes', LONG, async () => {
  await fc.assert(
    fc.asyncProperty(fleetCase, async (one) => {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) {
        const { proposals } = await fleetProposals({ plan, revision: 'r', edits });
        for (const proposal of proposals) expect(wrongRadius(plan, proposal)).toEqual([]);
      }
    }),
    { numRuns: CASES },
  );
});

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
    { numRuns: CASES },
  );
});

test('law 11, Secrets: none is shown', LONG, async () => {
  await fc.assert(
    fc.asyncProperty(tellingCase, async (one) => {
      const { plan, groups } = groupsOf(one);
      for (const edits of groups) {
        const shown = shownText(await fleetProposals({ plan, revision: 'r', edits }));
        if (!one.source.secrets) continue;
        for (const form of secretForms(PLANTED.clear)) expect(shown).not.toContain(form);
      }
    }),
    { numRuns: CASES },
  );
});
