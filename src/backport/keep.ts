import type { PlanEdit } from '../model/proposal.ts';
import type { SiteTree } from '../model/tree.ts';
import { overlayEdits, overlayFault } from './overlay.ts';
import { explainedPaths, type Proof, type Trial } from './proof.ts';
import { admissible } from './stage.ts';

/** Files that an overlay of the site keeps as they were found there, proved by rendering. */
export interface Kept {
  paths: readonly string[];
  edits: PlanEdit[];
  trial: Trial;
}

/**
 * An overlay for as many of the paths as one can hold.
 * @returns also why it cannot hold the others
 */
export function keepFiles(
  proof: Proof,
  observed: SiteTree,
  paths: readonly string[],
): { kept: Kept | undefined; failed: Map<string, string> } {
  const failed = new Map<string, string>();
  const fit = paths.filter((path) => {
    const fault = overlayFault(proof.site, path);
    if (fault) failed.set(path, fault);
    return !fault;
  });
  const keep = (some: readonly string[]): Kept | { reason: string } => {
    const edits = overlayEdits(proof.plan, proof.site, observed, some);
    const trial = proof.try(edits);
    if ('reason' in trial) return trial;
    const explained = explainedPaths(trial.tree, observed, some);
    return explained.length === some.length
      ? { paths: some, edits, trial }
      : { reason: 'the overlay does not render it as it was found' };
  };
  const first = fit.length > 0 ? keep(fit) : undefined;
  if (!first || !('reason' in first)) return { kept: first, failed };

  // One file that no overlay can hold must not cost the others theirs.
  const good = admissible(fit, (some) => !('reason' in keep(some)));
  for (const path of fit) {
    if (good.includes(path)) continue;
    const alone = keep([path]);
    failed.set(path, 'reason' in alone ? alone.reason : first.reason);
  }
  const kept = good.length > 0 ? keep(good) : undefined;
  return { kept: kept && !('reason' in kept) ? kept : undefined, failed };
}
