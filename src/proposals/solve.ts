import { backportInTurns } from '../backport/backport.ts';
import { planWith, rendersAt, type SiteEdit } from '../backport/fleet-trial.ts';
import { fleetProposals } from '../backport/fleet.ts';
import { recommendedSet } from '../backport/recommended.ts';
import type { Pause } from '../backport/trials.ts';
import type { BackportProposal, BackportResult } from '../model/proposal.ts';
import type { Plan } from '../plan/plan.ts';
import { choiceOf } from './choice.ts';

/** How the plan could learn an edit that was made at one site, or alike at several. */
export interface Solution extends BackportResult {
  /** Sites that it explains. */
  sites: string[];
  /** Sites whose edit has to be looked at alone. */
  apart: string[];
  /** How many of the proposals, the first ones, are made together. */
  adopted: number;
  /** The choice that was asked for is one of those that there are. */
  chosen: boolean;
}

export interface SolveRequest {
  plan: Plan;
  revision: string;
  /** Sites at which the same edit was made; at least one. */
  edits: readonly SiteEdit[];
  /** The alternative that somebody wants in place of the recommended one. */
  choice: string | null;
  pause: Pause;
}

/** Works backwards from one site or from several that were edited alike; what was chosen comes first. */
export async function solve(request: SolveRequest): Promise<Solution> {
  const { plan, revision, edits, choice, pause } = request;
  const [first, second] = edits;
  if (!first) throw new Error('there is no edit to work backwards from');
  if (second) {
    const result = await fleetProposals({ plan, revision, edits, pause });
    return choose({ ...result, adopted: Math.min(1, result.proposals.length), chosen: false });
  }
  const result = await backportInTurns({ plan, revision, ...first, place: 'auto' }, pause);
  const made = recommendedSet(result);
  return choose({
    ...result,
    proposals: [...made, ...result.proposals.filter((one) => !made.includes(one))],
    sites: [first.site],
    apart: [],
    adopted: made.length,
    chosen: false,
  });

  async function choose(solution: Solution): Promise<Solution> {
    if (choice === null) return solution;
    const made = solution.proposals.slice(0, solution.adopted);
    if (choiceOf(made) === choice) return { ...solution, chosen: true };
    const wanted = solution.proposals.find((one) => choiceOf([one]) === choice);
    if (!wanted) return solution;
    const together = await withRest(wanted, made);
    return {
      ...solution,
      proposals: [...together, ...solution.proposals.filter((one) => !together.includes(one))],
      adopted: together.length,
      chosen: true,
    };
  }

  /** The chosen edit with what else explains the rest, as far as they go together. */
  async function withRest(
    wanted: BackportProposal,
    made: readonly BackportProposal[],
  ): Promise<BackportProposal[]> {
    const rest = made.filter(
      ({ kind, explains }) =>
        kind === 'overlay' && !explains.some((path) => wanted.explains.includes(path)),
    );
    const together = [wanted, ...rest];
    const files = new Map(together.flatMap((one) => one.edits.map((edit) => [edit.file, edit])));
    if (rest.length === 0 || files.size < together.flatMap((one) => one.edits).length)
      return [wanted];
    const trial = await planWith(plan, files, pause);
    const claimed = together.flatMap(({ explains }) => explains);
    const holds = 'plan' in trial && edits.every((edit) => rendersAt(trial.plan, edit, claimed));
    return holds ? together : [wanted];
  }
}
