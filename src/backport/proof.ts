import { InvalidInput } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import type { PlanEdit } from '../model/proposal.ts';
import {
  blobId,
  changedPaths,
  sameFile,
  type SiteTree,
  type TrackedFile,
  type TrackedFiles,
} from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { type Loaded, loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { changedFiles } from '../render/changed-files.ts';
import { renderSite } from '../render/render.ts';
import type { Radius, Trials } from './trials.ts';

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
  readonly #radii = new WeakMap<Plan, Radius>();
  readonly #trialsMade: Trials | undefined;

  /**
   * @param trials where what takes long is to be done in turns
   * @throws InvalidInput if the site does not render from the plan as it is
   */
  constructor(plan: Plan, site: string, trials?: Trials) {
    this.plan = plan;
    this.site = site;
    this.#trialsMade = trials;
    this.desired = renderSite(plan, site).tree;
  }

  /**
   * The plan with edits made to its files, and the site rendered from it; or why it would not be a plan any more.
   * @param plan one that an earlier trial gave, to edit it further
   * @throws Pending where it is to be done in turns
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
    const loaded = this.#load(plan, files, edits);
    if (!loaded.plan)
      return { reason: `the plan would not be valid: ${formatProblem(loaded.problems[0]!)}` };
    try {
      return { plan: loaded.plan, tree: renderSite(loaded.plan, this.site).tree };
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      return { reason: `the site would not render: ${formatProblem(error.problems[0]!)}` };
    }
  }

  /**
   * Exactly the sites, and their files, whose rendering a trial changes (law 5); found by rendering them.
   * @throws Pending where it is to be done in turns
   */
  radius({ plan, tree }: Trial): Radius {
    const known = this.#radii.get(plan);
    if (known) return known;
    const filesAt = (site: string): string[] =>
      site === this.site ? changedPaths(this.desired, tree) : changedFiles(this.plan, plan, site);
    const radius =
      this.#trialsMade?.radius(this.plan, plan, filesAt) ??
      [...changedSites(this.plan, plan)]
        .toSorted()
        .map((site) => ({ site, files: filesAt(site) }))
        .filter(({ files }) => files.length > 0);
    this.#radii.set(plan, radius);
    return radius;
  }

  #load(
    plan: Plan,
    files: TrackedFiles,
    edits: readonly Pick<PlanEdit, 'file' | 'content' | 'mode'>[],
  ): Loaded {
    const trials = this.#trialsMade;
    if (!trials || trials.isQuick(plan)) return loadPlan(files, { previous: plan });
    const edited = edits.map(({ file, content, mode }) => [file, mode, content && blobId(content)]);
    return trials.load(plan, files, JSON.stringify(edited));
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
