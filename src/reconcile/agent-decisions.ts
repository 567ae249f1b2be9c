import type { SiteStore } from '../git/site-store.ts';
import { type SiteTree, withPaths } from '../model/tree.ts';
import { mergeTrees } from '../runner/working-copy/merge.ts';
import type { AgentRow } from '../store/agent-rows.ts';
import type { DriftRow } from '../store/rows.ts';

const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };

/**
 * The commit by which an agent is told which edit was decided. Its tree is that of its first parent, a desired commit
 * that the site has, with this edit in it and no other; the agent takes the edit back by a three-way merge.
 */
export async function decidedCommit(of: {
  trees: SiteStore;
  drift: DriftRow;
  agent: AgentRow;
}): Promise<string> {
  const { trees, drift, agent } = of;
  const base = agent.base ?? drift.baseCommit;
  const { parents, time } = await trees.describe(drift.editCommit);
  if (base === drift.baseCommit && parents[0] === base) return drift.editCommit;
  const files = await editOn(base, { trees, drift });
  const [commit] = await trees.writeCommits([
    {
      site: drift.site,
      files,
      parents: [base],
      message: `The edit ${drift.fingerprint} alone, as ${drift.site} has the plan\n`,
      author: TRUEUP,
      time,
    },
  ]);
  return commit!;
}

/**
 * The tree of a desired commit with the edit of a drift, which may have been judged beside another one. Where the plan
 * changed the same lines since, those of the edit stand: of the site, it is this edit alone that is decided.
 */
async function editOn(
  base: string,
  { trees, drift }: { trees: SiteStore; drift: DriftRow },
): Promise<SiteTree> {
  const [was, edited, plan] = await trees.readTrees([drift.baseCommit, drift.editCommit, base]);
  const edit = withPaths(was!, edited!, drift.paths);
  return withPaths(plan!, mergeTrees(was!, edit, plan!, 'ours').tree, drift.paths);
}
