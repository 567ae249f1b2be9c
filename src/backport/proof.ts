import { InvalidInput } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import type { PlanEdit } from '../model/proposal.ts';
import { blobId, changedPaths, sameFile, type SiteTree, type TrackedFile } from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { changedFiles } from '../render/changed-files.ts';
import { renderSite } from '../render/render.ts';

/** A plan with some of its files edited, and what one site renders as from it. */
export interface Trial {
  plan: Plan;
  tree: SiteTree;
}

/** More plans are not tried for one edit: patience is counted, not timed, so that the answer is always the same. */
const PATIENCE = 150;

/** Finds out what edits of a plan do by making them, and rendering. The plan itself stays as it is. */
export class Proof {
  readonly plan: Plan;
  readonly site: string;
  readonly desired: SiteTree;
  #trials = 0;
  readonly #radii = new WeakMap<Plan, { site: string; files: string[] }[]>();

  /** @throws InvalidInput if the site does not render from the plan as it is */
  constructor(plan: Plan, site: string) {
    this.plan = plan;
    this.site = site;
    this.desired = renderSite(plan, site).tree;
  }

  /**
   * The plan with edits made to its files, and the site rendered from it; or why it would not be a plan any more.
   * @param plan one that an earlier trial gave, to edit it further
   */
  try(
    edits: readonly Pick<PlanEdit, 'file' | 'content' | 'mode'>[],
    plan: Plan = this.plan,
  ): Trial | { reason: string } {
    if (this.#trials >= PATIENCE) return { reason: 'too many ways to read the edit were tried' };
    this.#trials += 1;
    const files = new Map(plan.files);
    for (const { file, content, mode } of edits) {
      if (content === null) files.delete(file);
      else files.set(file, { mode, content, hash: blobId(content) } satisfies TrackedFile);
    }
    const loaded = loadPlan(files, { previous: plan });
    if (!loaded.plan)
      return { reason: `the plan would not be valid: ${formatProblem(loaded.problems[0]!)}` };
    try {
      return { plan: loaded.plan, tree: renderSite(loaded.plan, this.site).tree };
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      return { reason: `the site would not render: ${formatProblem(error.problems[0]!)}` };
    }
  }

  /** Exactly the sites, and their files, whose rendering a trial changes (law 5); found by rendering them. */
  radius({ plan, tree }: Trial): { site: string; files: string[] }[] {
    const known = this.#radii.get(plan);
    if (known) return known;
    const radius: { site: string; files: string[] }[] = [];
    this.#radii.set(plan, radius);
    for (const site of [...changedSites(this.plan, plan)].toSorted()) {
      const files =
        site === this.site ? changedPaths(this.desired, tree) : changedFiles(this.plan, plan, site);
      if (files.length > 0) radius.push({ site, files });
    }
    return radius;
  }
}

/** Of the paths given, those at which the tree is what was observed, byte for byte (law 3). */
export function explainedPaths(
  tree: SiteTree,
  observed: SiteTree,
  paths: readonly string[],
): string[] {
  return paths.filter((path) => sameFile(tree.get(path), observed.get(path)));
}
