import { rendersAt } from '../backport/fleet-trial.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { SiteStore } from '../git/site-store.ts';
import { turns } from '../loop/turns.ts';
import { code, codes, count } from '../model/markdown.ts';
import { formatProblem } from '../model/problem.ts';
import { loadPlanInTurns } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import type { DriftRow } from '../store/rows.ts';

export interface VerifyRequest {
  repository: PlanRepository;
  trees: SiteStore;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
  /** The plan in force. */
  plan: { revision: string; plan: Plan } | undefined;
  /** The commit that somebody wants merged. */
  commit: string;
  drifts: readonly DriftRow[];
}

/** Says in a sentence how the sites of drifts would render once a commit was merged into the plan in force. */
export async function verifyDrifts(request: VerifyRequest): Promise<string> {
  const { repository, trees, path, plan: current, commit, drifts } = request;
  if (!current) return 'No plan is in force, so that nothing can be said of it.';
  const { plan, revision } = current;
  const pause = turns();
  const author = { name: 'trueup', email: 'trueup@localhost' };
  const merge = { base: revision, head: commit, message: 'Try', author, time: 0 };
  const merged = await repository.mergeCommit(merge);
  if ('conflicts' in merged) return `It conflicts with the plan in ${codes(merged.conflicts, 5)}.`;
  const { files, refused } = await repository.readFiles(merged.commit, { path });
  const loaded = await loadPlanInTurns(files, { previous: plan, refused }, pause);
  if (!loaded.plan)
    return `Merged, the plan would not be valid: ${code(formatProblem(loaded.problems[0]!))}.`;
  const not: string[] = [];
  for (const { site, editCommit, paths } of drifts) {
    const observed = await trees.readTree(editCommit);
    if (!rendersAt(loaded.plan, { site, observed }, paths)) not.push(site);
    await pause();
  }
  return not.length === 0
    ? `Rendered again as it is now: ${count(drifts.length, 'site')} as found, byte for byte.`
    : `Rendered again as it is now: **${count(not.length, 'site')} would not be as found there** (${codes(not, 5)}); what differs stays an open edit of theirs.`;
}
