import type { SiteStore } from '../git/site-store.ts';
import { type SiteTree, treeDigest } from '../model/tree.ts';
import { mergeTrees, rebaseTree } from '../runner/working-copy/merge.ts';
import type { AgentDecisionRow, AgentRow } from '../store/agent-rows.ts';
import type { SiteRow } from '../store/rows.ts';

const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };

/** What will stand at a site once its agent has the newest plan, and what does not go together with it. */
export interface Projection {
  commit: string;
  digest: string;
  conflicts: string[];
}

/**
 * Brings the newest desired tree, and the decisions on their way, into what came back from a site, as its agent will
 * (three-way merge). So the edits of a site that is cut off are judged against the plan of today. Where plan and site
 * do not go together the site's lines stand: they are what is proposed. The same input gives the same commit.
 */
export async function projectSite(of: {
  trees: SiteStore;
  row: SiteRow;
  agent: AgentRow;
  decisions: readonly AgentDecisionRow[];
}): Promise<Projection> {
  const { trees, row, agent, decisions } = of;
  const [observed, desired] = [agent.observed!, row.desiredCommit!];
  const ours = await trees.readTree(observed);
  if (agent.base === desired && decisions.length === 0) {
    return { commit: observed, digest: treeDigest(ours), conflicts: [] };
  }
  const theirs = await trees.readTree(desired);
  const base: SiteTree = agent.base ? await trees.readTree(agent.base) : new Map();
  let left = ours;
  for (const decision of decisions) left = await takenBack(trees, decision, base, left);
  const { tree: merged, conflicts } = mergeTrees(base, left, theirs, 'ours');
  const digest = treeDigest(merged);
  if (digest === row.desiredDigest) return { commit: desired, digest, conflicts };
  const { time } = await trees.describe(observed);
  const [commit] = await trees.writeCommits([
    {
      site: row.name,
      files: merged,
      parents: [observed, desired],
      message: `See the edits at ${row.name} beside the newest plan\n\nObserved: ${observed}\n`,
      author: TRUEUP,
      time,
    },
  ]);
  return { commit: commit!, digest, conflicts };
}

/** A site's tree without an edit that was decided; its commit's first parent is what the edit was made on. */
async function takenBack(
  trees: SiteStore,
  { observed }: AgentDecisionRow,
  base: SiteTree,
  ours: SiteTree,
): Promise<SiteTree> {
  const { parents } = await trees.describe(observed);
  const [was, edit] = await trees.readTrees([parents[0] ?? observed, observed]);
  return mergeTrees(rebaseTree(was!, edit!, base), ours, base, 'ours').tree;
}
