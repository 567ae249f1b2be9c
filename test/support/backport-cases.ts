import * as fc from 'fast-check';

import { backport } from '../../src/backport/backport.ts';
import type { BackportResult, PlacementChoice } from '../../src/model/proposal.ts';
import type { SiteTree } from '../../src/model/tree.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { renderSite } from '../../src/render/render.ts';
import { planOf } from './backport-plan.ts';
import { editTree, hiddenEdits, hiddenTree, randomEdits, tellingEdits } from './random-edits.ts';
import { randomPlan, type RandomPlan } from './random-plans.ts';

/** A plan, one of its sites, and what happened there. */
export interface BackportCase {
  source: RandomPlan;
  site: string;
  /** Edits of the plan that the site was rendered from, in place of the plan that is known. */
  hidden: Parameters<typeof hiddenTree>[2];
  /** Edits of the site's tree, made after that. */
  seen: Parameters<typeof editTree>[1];
  place: PlacementChoice;
}

function caseWith(
  edits: fc.Arbitrary<Pick<BackportCase, 'hidden' | 'seen'>>,
): fc.Arbitrary<BackportCase> {
  return fc
    .record({
      source: randomPlan,
      index: fc.nat(2),
      edits,
      place: fc.constantFrom('auto', 'origin', 'site'),
    })
    .map(({ source, index, edits: { hidden, seen }, place }) => {
      return { source, site: source.sites[index]!, hidden, seen, place };
    });
}

const none = fc.constant([]);

/** Edits at the site, changes of the plan that nobody knows of, and both. */
export const backportCase: fc.Arbitrary<BackportCase> = caseWith(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ hidden: none, seen: randomEdits }) },
    { weight: 2, arbitrary: fc.record({ hidden: hiddenEdits, seen: none }) },
    { weight: 1, arbitrary: fc.record({ hidden: hiddenEdits, seen: randomEdits }) },
  ),
);

/** Edits at the site that write secrets where they do not belong. */
export const tellingCase: fc.Arbitrary<BackportCase> = caseWith(
  fc.record({ hidden: none, seen: tellingEdits }),
);

/** What a case comes to. */
export interface WorkedCase {
  plan: Plan;
  site: string;
  desired: SiteTree;
  observed: SiteTree;
  result: BackportResult;
}

export function prepare({ source, site, hidden, seen }: BackportCase): Omit<WorkedCase, 'result'> {
  const plan = planOf(source.files);
  const desired = renderSite(plan, site).tree;
  const observed = editTree(hiddenTree(source, site, hidden) ?? desired, seen);
  return { plan, site, desired, observed };
}

export function work(one: BackportCase): WorkedCase {
  const prepared = prepare(one);
  const { plan, site, observed } = prepared;
  const result = backport({ plan, revision: 'r', site, observed, place: one.place });
  return { ...prepared, result };
}
