import * as fc from 'fast-check';

import { fleetKey, fleetProposals, type SiteEdit } from '../../src/backport/fleet.ts';
import { secretForms } from '../../src/model/redact.ts';
import { changedPaths } from '../../src/model/tree.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { renderSite } from '../../src/render/render.ts';
import { falseClaims, shownText, wrongRadius } from './backport-laws.ts';
import { planOf } from './backport-plan.ts';
import { editTree, randomEdits, tellingEdits } from './random-edits.ts';
import { PLANTED, randomPlan, type RandomPlan } from './random-plans.ts';

/** A plan, and the same thing done at each of its sites. */
export interface FleetCase {
  source: RandomPlan;
  edits: Parameters<typeof editTree>[1];
  /** Takes the edits for the same whether they are or not: no claim may be false even so. */
  careless: boolean;
}

export const fleetCase = caseWith(randomEdits);
/** Edits that write secrets where they do not belong. */
export const tellingFleetCase = caseWith(tellingEdits).filter(({ source }) => source.secrets);

function caseWith(edits: fc.Arbitrary<FleetCase['edits']>): fc.Arbitrary<FleetCase> {
  return fc.record({ source: randomPlan, edits, careless: fc.boolean() });
}

/** The same thing done at every site of a plan; sites at which that comes to the same edit, together. */
export function groupsOf({ source, edits, careless }: FleetCase): {
  plan: Plan;
  groups: SiteEdit[][];
} {
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

/** Everything that breaks a law in what is made of one edit at several sites, each with the law's name. */
export async function brokenFleetLaws(
  plan: Plan,
  edits: SiteEdit[],
): Promise<{ broken: string[]; together: boolean }> {
  const result = await fleetProposals({ plan, revision: 'r', edits });
  const { sites, apart, proposals } = result;
  const broken: string[] = [];
  const named = [...sites, ...apart].toSorted().join(' ');
  const edited = edits.map(({ site }) => site).toSorted();
  if (named !== edited.join(' ')) broken.push(`Totality: ${named} are told of ${edited.join(' ')}`);
  for (const proposal of proposals) {
    for (const { site, observed } of edits.filter((one) => sites.includes(one.site))) {
      const claims = falseClaims(plan, { ...result, site }, observed, proposal);
      broken.push(...claims.map((path) => `PutGet: ${path} at ${site}`));
    }
    broken.push(...wrongRadius(plan, proposal).map((fault) => `Blast radius: ${fault}`));
  }
  const shown = shownText(result);
  const told = [...secretForms(PLANTED.clear)].filter((form) => shown.includes(form));
  broken.push(...told.map((form) => `Secrets: ${form}`));
  return { broken, together: sites.length > 1 && proposals.length > 0 };
}
