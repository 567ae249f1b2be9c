import type { BackportProposal, BackportResult, PlanEdit } from '../model/proposal.ts';

/** The proposals that together explain everything that can be explained: the first, and every overlay. */
export function recommendedSet(result: BackportResult): BackportProposal[] {
  const [first, ...rest] = result.proposals;
  return first ? [first, ...rest.filter(({ kind }) => kind === 'overlay')] : [];
}

/** The edits of the recommended set, one for each plan file. */
export function recommendedEdits(result: BackportResult): PlanEdit[] {
  return recommendedSet(result).flatMap(({ edits }) => edits);
}
