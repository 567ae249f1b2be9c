import { InvalidInput } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import type { PlanEdit } from '../model/proposal.ts';
import { blobId, changedPaths, sameFile, type SiteTree, type TrackedFile } from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from '../render/render.ts';

/** What a plan would render with some of its files edited; or why it would not be a plan any more. */
export type Trial = { plan: Plan; tree: SiteTree } | { reason: string };

/** The plan with edits made to its files, and one site rendered from it. The plan itself stays as it is. */
export function tryEdits(plan: Plan, site: string, edits: readonly PlanEdit[]): Trial {
  const files = new Map(plan.files);
  for (const { file, content, mode } of edits) {
    if (content === null) files.delete(file);
    else files.set(file, { mode, content, hash: blobId(content) } satisfies TrackedFile);
  }
  const loaded = loadPlan(files, { previous: plan });
  if (!loaded.plan)
    return { reason: `the plan would not be valid: ${formatProblem(loaded.problems[0]!)}` };
  try {
    return { plan: loaded.plan, tree: renderSite(loaded.plan, site).tree };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { reason: `the site would not render: ${formatProblem(error.problems[0]!)}` };
  }
}

/** Of the paths given, those at which the tree is what was observed, byte for byte. */
export function explainedPaths(
  tree: SiteTree,
  observed: SiteTree,
  paths: readonly string[],
): string[] {
  return paths.filter((path) => sameFile(tree.get(path), observed.get(path)));
}

/** Exactly the sites, and their files, whose rendering the edits change (law 5); found by rendering them. */
export function blastRadius(before: Plan, after: Plan): { site: string; files: string[] }[] {
  const radius: { site: string; files: string[] }[] = [];
  for (const site of [...changedSites(before, after)].toSorted()) {
    const files = changedPaths(treeOf(before, site), treeOf(after, site));
    if (files.length > 0) radius.push({ site, files });
  }
  return radius;
}

function treeOf(plan: Plan, site: string): SiteTree {
  if (!plan.sites.has(site)) return new Map();
  try {
    return renderSite(plan, site).tree;
  } catch (error) {
    // A site that does not render has no tree; that it stops rendering is a change of all its files.
    if (error instanceof InvalidInput) return new Map();
    throw error;
  }
}
