import { RefMoved } from '../git/errors.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { ProposalRow, PushedCommit } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/** Commits of ours that are remembered of one branch. */
const MAX_PUSHED = 20;

/** The sites that a proposal's commit explains. */
export function sitesOf({ result, site }: Pick<ProposalRow, 'result' | 'site'>): string[] {
  return result.sites ?? [site];
}

/**
 * Brings a proposal's branch to the proposal's commit. It is moved only from where it was ours: what somebody else
 * put there is never overwritten.
 * @param seen the commit that the branch was last seen at; as of the last fetch if not given
 * @returns the row, with what the branch holds now: our commit, or in `theirs` somebody else's
 */
export async function pushOurs(
  { store, repository }: { store: Store; repository: PlanRepository },
  proposal: ProposalRow,
  seen?: string,
): Promise<ProposalRow> {
  const commit = proposal.commit!;
  // Said before it is done: a push whose answer is lost is known for ours all the same.
  const pushed = remember(proposal.pushed, { commit, sites: sitesOf(proposal) });
  const row =
    JSON.stringify(pushed) === JSON.stringify(proposal.pushed)
      ? proposal
      : await store.proposals.update(proposal.id, { pushed });
  let expected = seen ?? (await repository.branchHead(row.branch)) ?? null;
  for (;;) {
    if (expected !== null && !isOurs(row, expected))
      return row.theirs === expected ? row : store.proposals.update(row.id, { theirs: expected });
    try {
      if (expected !== commit) await repository.pushBranch(row.branch, commit, expected);
      return row.theirs === null ? row : await store.proposals.update(row.id, { theirs: null });
    } catch (error) {
      if (!(error instanceof RefMoved) || error.actual === expected) throw error;
      expected = error.actual;
    }
  }
}

/** Notes whether a branch, which is left where it is, holds somebody else's commit. */
export async function noteTheirs(
  store: Store,
  proposal: ProposalRow,
  head: string,
): Promise<ProposalRow> {
  const theirs = isOurs(proposal, head) ? null : head;
  return theirs === proposal.theirs ? proposal : store.proposals.update(proposal.id, { theirs });
}

function remember(known: readonly PushedCommit[], next: PushedCommit): PushedCommit[] {
  return [...known.filter(({ commit }) => commit !== next.commit), next].slice(-MAX_PUSHED);
}

/** Whether a commit on the proposal's branch is one of ours. */
export function isOurs({ pushed, commit }: ProposalRow, head: string): boolean {
  return head === commit || pushed.some((one) => one.commit === head);
}

/** The sites whose edits a commit of the proposal's branch explains; somebody else's is taken for our last. */
export function sitesAt({ pushed, ...row }: ProposalRow, head: string | undefined): string[] {
  return (pushed.find(({ commit }) => commit === head) ?? pushed.at(-1))?.sites ?? sitesOf(row);
}
