import { InvalidInput } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import type { BackportProposal, PlanEdit } from '../model/proposal.ts';
import { blobId, type SiteTree, type TrackedFile } from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { exporterOf } from '../plan/exports.ts';
import { loadPlan, loadPlanInTurns } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { changedFiles } from '../render/changed-files.ts';
import { renderSite } from '../render/render.ts';
import { explainedPaths } from './proof.ts';
import type { Pause } from './trials.ts';

/** An edited site. */
export interface SiteEdit {
  site: string;
  /** The tree found there. */
  observed: SiteTree;
}

/** Whole new contents of plan files; null: the file goes. */
export type NewFiles = ReadonlyMap<string, Pick<PlanEdit, 'content' | 'mode'>>;

/** The plan with files changed; undefined if it would not be valid. */
export async function planWith(
  plan: Plan,
  changes: NewFiles,
  pause: Pause,
): Promise<{ plan: Plan } | { reason: string }> {
  const files = new Map(plan.files);
  for (const [file, { content, mode }] of changes) {
    if (content === null) files.delete(file);
    else files.set(file, { mode, content, hash: blobId(content) } satisfies TrackedFile);
  }
  const loaded = await loadPlanInTurns(files, { previous: plan }, pause);
  return loaded.plan
    ? { plan: loaded.plan }
    : { reason: `the plan would not be valid: ${formatProblem(loaded.problems[0]!)}` };
}

/**
 * A plan that has one site only, and those whose exports it imports: the site renders from it as from the whole, and
 * trying edits on it costs what one site costs.
 */
export function planOfSite(plan: Plan, site: string): Plan {
  const names = new Set([site]);
  for (const name of names) {
    for (const stack of plan.sites.get(name)?.stacks ?? []) {
      for (const imported of plan.stacks.get(stack)?.imports ?? []) {
        const from = exporterOf(plan, name, imported);
        if (from !== undefined) names.add(from);
      }
    }
  }
  const own = new Set([...names].map((name) => plan.sites.get(name)?.file));
  const files = new Map(
    [...plan.files].filter(([path]) => {
      const [top, name = ''] = path.split('/', 2);
      if (top === 'sites') return own.has(path);
      return top !== 'overlays' || names.has(name);
    }),
  );
  return loadPlan(files, { previous: plan }).plan ?? plan;
}

/** Whether a plan renders at a site what was found there, at all of these paths (law 3). */
export function rendersAt(
  plan: Plan,
  { site, observed }: SiteEdit,
  paths: readonly string[],
): boolean {
  try {
    const { tree } = renderSite(plan, site);
    return explainedPaths(tree, observed, paths).length === paths.length;
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/** Exactly the sites, and their files, whose rendering differs between two plans (law 5). */
export async function radiusOf(
  before: Plan,
  after: Plan,
  pause: Pause,
): Promise<BackportProposal['blastRadius']> {
  const radius: BackportProposal['blastRadius'] = [];
  for (const site of [...changedSites(before, after)].toSorted()) {
    const files = changedFiles(before, after, site);
    if (files.length > 0) radius.push({ site, files });
    await pause();
  }
  return radius;
}
