import type { SiteStore } from '../../git/site-store.ts';
import { wordsOf } from './edit-words.ts';
import { type Edit, type EditStep, splitEdits } from './split-edits.ts';

/** Commits of a site's history that are looked at; what is older is taken for made by the oldest of them. */
export const MAX_COMMITS = 500;

/** What stands at a site, and the desired commit that it was brought to. */
export interface Standing {
  base: string;
  observed: string;
}

/** The distinct edits that stand at a site (see `splitEdits`), from the history in its store. */
export async function editsAt(trees: SiteStore, { base, observed }: Standing): Promise<Edit[]> {
  const { start, commits } = await trees.history(base, observed, MAX_COMMITS);
  const desired = commits.map(({ parents }) => parents[1]);
  const wanted = new Set([start, base, observed]);
  for (const [index, { commit }] of commits.entries())
    for (const one of [commit, desired[index]]) if (one !== undefined) wanted.add(one);
  const all = [...wanted];
  const read = await trees.readTrees(all);
  const treeOf = (commit: string) => read[all.indexOf(commit)]!;
  return splitEdits({
    start: treeOf(start),
    base: treeOf(base),
    observed: treeOf(observed),
    steps: commits.map(({ commit, author, time, message }, index): EditStep => {
      const other = desired[index];
      const step = { commit, tree: treeOf(commit), author, time };
      // What came in from the plan is in nobody's words.
      return other === undefined
        ? { ...step, message: wordsOf(message) }
        : { ...step, message: '', base: treeOf(other) };
    }),
  });
}
